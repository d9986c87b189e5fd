package kmsfake

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/awsapi"
)

// sample is a value that a shape allows; deep makes one that a list may hold.
func (m *model) sample(s *shape) any {
	switch s.Type {
	case "integer":
		return *s.Min
	case "boolean":
		return false
	case "timestamp":
		return 1
	case "blob":
		return "eHh4"
	case "map":
		return map[string]any{}
	case "list":
		return []any{m.sample(m.Shapes[s.Member])}
	case "structure":
		return m.object(s)
	}
	for _, text := range append(s.Enum, "x", "default", "alias/x", "us-east-1", "{}", strings.Repeat("a", 64), strings.Repeat("A", 20), strings.Repeat("1", 12),
		"cluster-aaaaaaaaaaa", "https://a.example", "/kms/xks/v1", "com.amazonaws.vpce.us-east-1.vpce-svc-0", strings.Repeat("x", 43)) {
		if len(broken(s, reflect.ValueOf(text))) == 0 {
			return text
		}
	}
	panic(fmt.Sprintf("no sample for %+v", s))
}

// object has all members of a structure.
func (m *model) object(s *shape) map[string]any {
	o := map[string]any{}
	for _, member := range s.Members {
		o[member.Name] = m.sample(m.Shapes[member.Shape])
	}
	return o
}

// bad are values that a shape does not allow, by what is wrong, and whether the
// answer must name the member.
func bad(m *model, s *shape, required bool) map[string]any {
	values := map[string]any{}
	if required {
		values["absent"] = nil
	}
	wrong := map[string][]any{"string": {1, true, []any{}, map[string]any{}}, "blob": {1, true, []any{}, map[string]any{}, "~", "eHh4x"},
		"integer": {"x", true, []any{}, map[string]any{}, json.Number("1e99"), json.Number("99999999999")}, "boolean": {"x", 1, []any{}},
		"list": {"x", 1, map[string]any{}}, "map": {"x", 1, []any{}, map[string]any{"a": 1}}, "structure": {"x", 1, []any{}}, "timestamp": {"x", true, []any{}, json.Number("1e99")}}
	for i, v := range wrong[s.Type] {
		values[fmt.Sprintf("type %d", i)] = v
	}
	if s.Max != nil {
		switch s.Type {
		case "integer":
			values["large"] = *s.Max + 1
		case "string":
			values["long"] = strings.Repeat("a", *s.Max+1)
		case "blob":
			values["long"] = strings.Repeat("eHh4", *s.Max/3+1)
		case "list":
			many := make([]any, *s.Max+1)
			for i := range many {
				many[i] = m.sample(m.Shapes[s.Member])
			}
			values["many"] = many
		}
	}
	if s.Min != nil && *s.Min > 0 {
		switch s.Type {
		case "integer":
			values["small"], values["negative"] = *s.Min-1, -1
		case "string", "blob":
			values["empty"] = ""
		}
	}
	if s.Enum != nil {
		values["enum"], values["enum case"] = "NO_SUCH_VALUE", strings.ToLower(s.Enum[0])
	}
	if s.Pattern != "" {
		values["pattern"] = "\u0416 ¡\x01"
	}
	if s.Type == "list" {
		for what, v := range bad(m, m.Shapes[s.Member], false) {
			values["element: "+what] = []any{v}
		}
	}
	if s.Type == "structure" {
		for _, member := range s.Members {
			for what, v := range bad(m, m.Shapes[member.Shape], member.Required) {
				o := m.object(s)
				if o[member.Name] = v; v == nil {
					delete(o, member.Name)
				}
				values[member.Name+": "+what] = o
			}
		}
	}
	return values
}

// post sends a body to an operation and returns the status and the error.
func post(t *testing.T, h http.Handler, operation, body string) (status int, code, message string) {
	t.Helper()
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "TrentService."+operation)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if len(b) > 0 && json.Unmarshal(b, &e) != nil {
		t.Errorf("%s: the answer is no JSON: %q", operation, b)
	}
	return w.Code, e.Type, e.Message
}

// TestContract breaks every constraint that the service model has, one at a time:
// each answer is a client error, and names the member where AWS's does.
func TestContract(t *testing.T) {
	s := newServer(t, Config{})
	h := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{s}})
	m, n := theModel(), 0
	if !maps.EqualFunc(m.Operations, s.operations, func(string, awsapi.Operation) bool { return true }) {
		t.Errorf("served are %v", slices.Sorted(maps.Keys(s.operations)))
	}
	for _, operation := range slices.Sorted(maps.Keys(m.Operations)) {
		input := m.Shapes[m.Operations[operation]]
		for _, member := range input.Members {
			rule := m.Shapes[member.Shape]
			for what, value := range bad(m, rule, member.Required) {
				o := m.object(input)
				delete(o, "Recipient")
				if o[member.Name] = value; value == nil {
					delete(o, member.Name)
				}
				body, err := json.Marshal(o)
				if err != nil {
					t.Fatal(err)
				}
				n++
				status, code, message := post(t, h, operation, string(body))
				name := fmt.Sprintf("%s, %s: %s", operation, member.Name, what)
				switch {
				case status != http.StatusBadRequest:
					t.Errorf("%s: status %d", name, status)
				case code != "SerializationException" && code != "ValidationException":
					t.Errorf("%s: %s", name, code)
				case code == "ValidationException" && !strings.Contains(message, "'"+strings.ToLower(member.Name[:1])+member.Name[1:]):
					t.Errorf("%s: %s", name, message)
				case strings.Contains(what, "type") != (code == "SerializationException"):
					t.Errorf("%s: %s", name, code)
				}
			}
		}
		for _, body := range []string{"[]", "x", "{", `{"KeyId":`, "\xff", strings.Repeat(`{"a":`, 100), "null", `{"KeyId":"` + strings.Repeat("k", 1<<20) + `"}`} {
			n++
			if status, code, _ := post(t, h, operation, body); status != http.StatusBadRequest && (status != http.StatusOK || len(input.Members) == 0) {
				t.Errorf("%s, %.20q: %d %s", operation, body, status, code)
			}
		}
	}
	t.Logf("%d bad requests", n)
	if n < 1500 {
		t.Errorf("only %d bad requests were made", n)
	}
}

// TestMessages compares with what AWS answers.
func TestMessages(t *testing.T) {
	h := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{newServer(t, Config{})}})
	for _, tt := range []struct{ operation, body, want string }{
		{"DescribeKey", `{}`, "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null"},
		{"GenerateRandom", `{}`, "NumberOfBytes is required."},
		{"GenerateRandom", `{"NumberOfBytes":1025}`, "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024"},
		{"GenerateMac", `{"KeyId":"x","Message":"eA==","MacAlgorithm":"INVALID"}`, "1 validation error detected: Value 'INVALID' at 'macAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [HMAC_SHA_224, HMAC_SHA_256, HMAC_SHA_384, HMAC_SHA_512]"},
		{"TagResource", `{"KeyId":"x","Tags":[{"TagKey":"","TagValue":""}]}`, "1 validation error detected: Value '' at 'tags.1.member.tagKey' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"UntagResource", `{"KeyId":"x","TagKeys":["a",""]}`, "1 validation error detected: Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]"},
		{"CreateKey", `{"KeySpec":"HMAC_256"}`, "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."},
		{"Encrypt", `{"KeyId":"x","Plaintext":""}`, "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"Decrypt", `{"CiphertextBlob":""}`, "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at 'ciphertextBlob' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"Decrypt", `{}`, "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null"},
	} {
		if _, code, message := post(t, h, tt.operation, tt.body); code != "ValidationException" || message != tt.want {
			t.Errorf("%s %s: %s\n got %s\nwant %s", tt.operation, tt.body, code, message, tt.want)
		}
	}
}
