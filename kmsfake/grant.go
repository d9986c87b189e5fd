package kmsfake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// grant allows a principal operations on one key. Its fields never change.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
type grant struct {
	seq               int
	id                string // 64 hex digits
	secret            []byte // proves its tokens
	key               *key
	name              string
	grantee, retiring string
	operations        []string
	constraints       grantConstraints
	created           time.Time
}

// grantConstraints bind the encryption context of a call that the grant allows.
type grantConstraints struct {
	EncryptionContextSubset map[string]string `json:",omitempty"`
	EncryptionContextEquals map[string]string `json:",omitempty"`
}

// grantUsages are the key usages that an operation of a grant is for; nil: all.
var grantUsages = map[string][]string{
	"Encrypt": {usageEncrypt}, "Decrypt": {usageEncrypt}, "ReEncryptFrom": {usageEncrypt}, "ReEncryptTo": {usageEncrypt},
	"GenerateDataKey": {usageEncrypt}, "GenerateDataKeyWithoutPlaintext": {usageEncrypt},
	"GenerateDataKeyPair": {usageEncrypt}, "GenerateDataKeyPairWithoutPlaintext": {usageEncrypt},
	"Sign": {usageSign}, "Verify": {usageSign}, "GenerateMac": {usageMAC}, "VerifyMac": {usageMAC}, "DeriveSharedSecret": {usageAgree},
}

// dataKeyOperations need a symmetric key.
var dataKeyOperations = []string{"GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"}

// GrantAllows reports whether a grant on a key lets a principal (an IAM or STS ARN,
// or a service's name) do an operation ("Decrypt", "ReEncryptFrom") under an
// encryption context. Grants take effect at once. keyID is an id, an ARN or an
// alias; no grant is on a key that does not exist.
func (s *Server) GrantAllows(_ context.Context, keyID, principal, operation string, encryptionContext map[string]string) bool {
	defer s.lock()()
	k, err := s.resolve(keyID)
	if err != nil {
		return false
	}
	for _, g := range s.store.grants {
		if g.key == k && g.allows(principal, operation, encryptionContext) {
			return true
		}
	}
	return false
}

func (g *grant) allows(principal, operation string, encryptionContext map[string]string) bool {
	if operation == "RetireGrant" && g.retiring != "" && samePrincipal(g.retiring, principal) {
		return true
	}
	if !slices.Contains(g.operations, operation) || !samePrincipal(g.grantee, principal) {
		return false
	}
	if !g.key.symmetric() || grantUsages[operation] == nil {
		return true // constraints are for operations with an encryption context
	}
	have := lowerKeys(encryptionContext)
	if want := g.constraints.EncryptionContextEquals; want != nil && !maps.Equal(lowerKeys(want), have) {
		return false
	}
	for k, v := range lowerKeys(g.constraints.EncryptionContextSubset) {
		if is, ok := have[k]; !ok || is != v {
			return false
		}
	}
	return true
}

// lowerKeys has an encryption context as constraints compare it: values by case,
// keys without.
func lowerKeys(context map[string]string) map[string]string {
	m := make(map[string]string, len(context))
	for k, v := range context {
		m[strings.ToLower(k)] = v
	}
	return m
}

// samePrincipal reports whether a grantee is the principal, or the role that a
// session is of. A role's path is not in its sessions' ARNs.
func samePrincipal(grantee, principal string) bool {
	if grantee == principal {
		return true
	}
	p, err := awsapi.ParseARN(principal)
	if err != nil {
		return false
	}
	g, err := awsapi.ParseARN(grantee)
	if err != nil || g.Service != "iam" || g.AccountID != p.AccountID || p.Service != "sts" {
		return false
	}
	role, isRole := strings.CutPrefix(g.Resource, "role/")
	session, isSession := strings.CutPrefix(p.Resource, "assumed-role/")
	name, _, _ := strings.Cut(session, "/")
	return isRole && isSession && role[strings.LastIndex(role, "/")+1:] == name
}

// sameGrant finds the grant that a repeated request made.
func (st *state) sameGrant(g *grant) *grant {
	for _, old := range st.grants {
		if g.name != "" && old.key == g.key && old.name == g.name && old.grantee == g.grantee && old.retiring == g.retiring &&
			slices.Equal(old.operations, g.operations) && reflect.DeepEqual(old.constraints, g.constraints) {
			return old
		}
	}
	return nil
}

func (st *state) listGrants(wanted func(*grant) bool) []*grant {
	var list []*grant
	for _, g := range st.grants {
		if wanted(g) {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b *grant) int { return a.seq - b.seq })
	return list
}

// grantNonce is the length of what makes each token of a grant another one.
const grantNonce = 16

// A grant token begins as AWS's do ("AQpA"), with the grant's id behind. Then come
// a nonce and its MAC under the grant's secret.
const tokenHead = "\x01\x0a\x40"

func (g *grant) token(nonce []byte) string {
	b := append([]byte(tokenHead+g.id+"\x22\x30"), nonce...)
	return base64.RawURLEncoding.EncodeToString(append(b, g.mac(nonce)...))
}

func (g *grant) mac(nonce []byte) []byte {
	h := hmac.New(sha256.New, g.secret)
	h.Write(nonce)
	return h.Sum(nil)
}

// grantOfToken finds the grant that a token is of.
func (st *state) grantOfToken(token string) (*grant, error) {
	invalid := &awsapi.Error{Code: "InvalidGrantTokenException"}
	b, err := base64.RawURLEncoding.DecodeString(token)
	const id, nonce = len(tokenHead), len(tokenHead) + 64 + 2
	if err != nil || len(b) != nonce+grantNonce+sha256.Size {
		return nil, invalid
	}
	g := st.grants[string(b[id:id+64])]
	if g == nil || !hmac.Equal(b[nonce+grantNonce:], g.mac(b[nonce:nonce+grantNonce])) {
		return nil, invalid
	}
	return g, nil
}
