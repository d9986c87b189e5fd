package kmsfake

import (
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/awsapi"
)

// FuzzOperations gives every operation any body: the answer is never a failure
// of the server's. Run it with -fuzzminimizetime 1x: coverage varies with random ids,
// and minimizing would take nearly all the time.
func FuzzOperations(f *testing.F) {
	const id = `"00000000-0000-4000-8000-000000000001"`
	f.Add(`{"KeyId":` + id + `,"KeySpec":"AES_256","EncryptionContext":{"a":"b"},"Plaintext":"eA==","Tags":[{"TagKey":"k","TagValue":"v"}],"TagKeys":["k"]}`)
	f.Add(`{"KeyId":` + id + `,"NumberOfBytes":1024,"PendingWindowInDays":7,"Policy":"{}","RotationPeriodInDays":90,"Description":""}`)
	f.Add(`{"AliasName":"alias/x","TargetKeyId":` + id + `,"Limit":1,"Marker":"MQ"}`)
	f.Add(`{"CiphertextBlob":"AQIDAHg=","DestinationKeyId":` + id + `,"KeyId":"arn:aws:kms:us-east-1:000000000000:alias/x"}`)
	f.Add(`{"KeySpec":"RSA_2048","KeyUsage":"SIGN_VERIFY","Tags":[{"TagKey":"_custom_id_","TagValue":"x"}]}`)
	f.Add(`{"KeyId":` + id + `,"GranteePrincipal":"arn:aws:iam::000000000000:user/a","RetiringPrincipal":"arn:aws:iam::000000000000:user/b","Operations":["Decrypt"],"Constraints":{"EncryptionContextSubset":{"a":"b"}},"GrantId":"x","GrantToken":"AQpA"}`)
	f.Add(`{"KeyId":` + id + `,"KeyPairSpec":"ECC_NIST_P256","SigningAlgorithm":"ECDSA_SHA_256","Message":"eA==","Signature":"eA==","Mac":"eA==","MacAlgorithm":"HMAC_SHA_256","ReplicaRegion":"eu-west-2","PrimaryRegion":"eu-west-2"}`)
	f.Add(`{"KeyId":` + id + `,"ImportToken":"eA==","EncryptedKeyMaterial":"eA==","ExpirationModel":"KEY_MATERIAL_DOES_NOT_EXPIRE","PublicKey":"eA==","KeyAgreementAlgorithm":"ECDH"}`)
	f.Fuzz(func(t *testing.T, body string) {
		s, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateKey(t.Context(), KeyOptions{ID: "00000000-0000-4000-8000-000000000001"}); err != nil {
			t.Fatal(err)
		}
		h := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{s}, Logger: slog.New(slog.DiscardHandler)})
		for _, operation := range slices.Sorted(maps.Keys(s.operations)) {
			r := httptest.NewRequest("POST", "/", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			r.Header.Set("X-Amz-Target", "TrentService."+operation)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("%s: %d %s", operation, w.Code, w.Body)
			}
		}
	})
}
