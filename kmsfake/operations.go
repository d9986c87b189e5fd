package kmsfake

import (
	"context"
	"reflect"

	"github.com/das-local/das-local/internal/awsapi"
)

// operationTable has all operations of the service model.
func (s *Server) operationTable() map[string]awsapi.Operation {
	table := map[string]awsapi.Operation{
		"CreateKey":            op(s.opCreateKey),
		"DescribeKey":          op(s.describeKey),
		"ListKeys":             op(s.listKeys),
		"GetKeyLastUsage":      op(s.getKeyLastUsage),
		"UpdateKeyDescription": op(s.updateKeyDescription),
		"EnableKey":            op(s.enableKey),
		"DisableKey":           op(s.disableKey),
		"ScheduleKeyDeletion":  op(s.scheduleKeyDeletion),
		"CancelKeyDeletion":    op(s.cancelKeyDeletion),
		"ReplicateKey":         op(s.replicateKey),
		"UpdatePrimaryRegion":  op(s.updatePrimaryRegion),

		"CreateAlias": op(s.createAlias),
		"UpdateAlias": op(s.updateAlias),
		"DeleteAlias": op(s.deleteAlias),
		"ListAliases": op(s.listAliases),

		"Encrypt":                             op(s.encrypt),
		"Decrypt":                             op(s.opDecrypt),
		"ReEncrypt":                           op(s.reEncrypt),
		"GenerateDataKey":                     op(s.opGenerateDataKey),
		"GenerateDataKeyWithoutPlaintext":     op(s.generateDataKeyWithoutPlaintext),
		"GenerateDataKeyPair":                 op(s.generateDataKeyPair),
		"GenerateDataKeyPairWithoutPlaintext": op(s.generateDataKeyPairWithoutPlaintext),
		"GenerateRandom":                      op(s.generateRandom),

		"Sign":               op(s.sign),
		"Verify":             op(s.verify),
		"GetPublicKey":       op(s.getPublicKey),
		"DeriveSharedSecret": op(s.deriveSharedSecret),
		"GenerateMac":        op(s.generateMac),
		"VerifyMac":          op(s.verifyMac),

		"CreateGrant":         op(s.createGrant),
		"ListGrants":          op(s.listGrants),
		"ListRetirableGrants": op(s.listRetirableGrants),
		"RetireGrant":         op(s.retireGrant),
		"RevokeGrant":         op(s.revokeGrant),

		"GetKeyPolicy":    op(s.getKeyPolicy),
		"PutKeyPolicy":    op(s.putKeyPolicy),
		"ListKeyPolicies": op(s.listKeyPolicies),

		"TagResource":      op(s.tagResource),
		"UntagResource":    op(s.untagResource),
		"ListResourceTags": op(s.listResourceTags),

		"EnableKeyRotation":    op(s.enableKeyRotation),
		"DisableKeyRotation":   op(s.disableKeyRotation),
		"GetKeyRotationStatus": op(s.getKeyRotationStatus),
		"RotateKeyOnDemand":    op(s.rotateKeyOnDemand),
		"ListKeyRotations":     op(s.listKeyRotations),

		"GetParametersForImport":    op(s.getParametersForImport),
		"ImportKeyMaterial":         op(s.importKeyMaterial),
		"DeleteImportedKeyMaterial": op(s.deleteImportedKeyMaterial),

		"CreateCustomKeyStore":     op(s.createCustomKeyStore),
		"DescribeCustomKeyStores":  op(s.describeCustomKeyStores),
		"UpdateCustomKeyStore":     op(s.missingKeyStore),
		"ConnectCustomKeyStore":    op(s.missingKeyStore),
		"DisconnectCustomKeyStore": op(s.missingKeyStore),
		"DeleteCustomKeyStore":     op(s.missingKeyStore),
	}
	for name, o := range table {
		table[name] = s.checked(name, o)
	}
	return table
}

// op adapts an operation that has no use for the request.
func op[In, Out any](f func(in *In) (*Out, error)) awsapi.Operation {
	return awsapi.Op(func(_ context.Context, _ *awsapi.Request, in *In) (*Out, error) { return f(in) })
}

// checked gives an operation only what the service model allows. What is alike in
// all operations that have it is checked here too: grant tokens must be valid, and
// answers are not encrypted for a Nitro enclave.
func (s *Server) checked(name string, o awsapi.Operation) awsapi.Operation {
	return func(ctx context.Context, r *awsapi.Request, decode func(any) error) (any, error) {
		return o(ctx, r, func(in any) error {
			if err := decode(in); err != nil {
				return err
			}
			if err := theModel().check(name, in); err != nil {
				return err
			}
			v := reflect.ValueOf(in).Elem()
			if f := v.FieldByName("Recipient"); f.IsValid() && !f.IsNil() {
				return unsupported("Recipients (Nitro Enclaves) are not emulated.")
			}
			if f := v.FieldByName("GrantTokens"); f.IsValid() && f.Len() > 0 {
				return s.checkTokens(f.Interface().([]string))
			}
			return nil
		})
	}
}

func (s *Server) checkTokens(tokens []string) error {
	defer s.lock()()
	for _, t := range tokens {
		if _, err := s.store.grantOfToken(t); err != nil {
			return err
		}
	}
	return nil
}
