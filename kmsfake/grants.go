package kmsfake

import (
	"encoding/hex"
	"regexp"
	"slices"

	"github.com/das-local/das-local/internal/awsapi"
)

// maxGrants is KMS's limit for one key.
const maxGrants = 50000

type createGrantInput struct {
	KeyId             *string
	GranteePrincipal  *string
	RetiringPrincipal *string
	Operations        []string
	Constraints       *grantConstraints
	GrantTokens       []string
	Name              *string
	DryRun            bool
}

type createGrantOutput struct{ GrantToken, GrantId string }

func (s *Server) createGrant(in *createGrantInput) (*createGrantOutput, error) {
	random, err := s.random(32 + 32 + grantNonce)
	if err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.alive(*in.KeyId, "CreateGrant")
	if err != nil {
		return nil, err
	}
	if k.state == stateDisabled {
		return nil, disabled(k.arn)
	}
	g := &grant{id: hex.EncodeToString(random[:32]), secret: random[32:64], key: k, name: text(in.Name), created: s.now(),
		grantee: *in.GranteePrincipal, retiring: text(in.RetiringPrincipal), operations: in.Operations}
	if in.Constraints != nil {
		g.constraints = *in.Constraints
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	old := s.store.sameGrant(g)
	switch {
	case in.DryRun:
		return nil, dryRun()
	case old != nil:
		g = old
	case len(s.store.listGrants(func(g *grant) bool { return g.key == k })) >= maxGrants:
		return nil, limitExceeded("A key can have %d grants at most.", maxGrants)
	default:
		s.store.seq++
		g.seq = s.store.seq
		s.store.grants[g.id] = g
		s.store.changedGrants[g.id] = struct{}{}
	}
	return &createGrantOutput{GrantToken: g.token(random[64:]), GrantId: g.id}, nil
}

// isPrincipal accepts ARNs of accounts, users, roles and their sessions, and
// services, which AWS gives grants to when they use a key for somebody.
var isPrincipal = regexp.MustCompile(`^(arn:aws[a-z-]*:iam::\d{12}:(root|user/.+|role/.+)|arn:aws[a-z-]*:sts::\d{12}:(assumed-role/.+/.+|federated-user/.+)|\d{12}|[a-z0-9.-]+\.amazonaws\.com(\.cn)?)$`).MatchString

// check validates what the service model does not say.
func (g *grant) check() error {
	for _, p := range []string{g.grantee, g.retiring} {
		if p != "" && !isPrincipal(p) {
			return invalidARN(p)
		}
	}
	if len(g.operations) == 0 {
		return validation("A grant must allow one operation at least.")
	}
	for _, o := range g.operations {
		if usages := grantUsages[o]; usages != nil && !slices.Contains(usages, g.key.usage) ||
			o == "GetPublicKey" && !keySpecs[g.key.spec].asymmetric() || slices.Contains(dataKeyOperations, o) && !g.key.symmetric() {
			return validation("Operation %s is not valid for a key of usage %s and key spec %s.", o, g.key.usage, g.key.spec)
		}
	}
	c := g.constraints
	if (c.EncryptionContextEquals != nil || c.EncryptionContextSubset != nil) && !g.key.symmetric() {
		return validation("Encryption context constraints need a symmetric encryption key; %s is of key spec %s.", g.key.arn, g.key.spec)
	}
	for _, context := range []map[string]string{c.EncryptionContextEquals, c.EncryptionContextSubset} {
		n := 0
		for k, v := range context {
			n += len(k) + len(v)
		}
		if len(context) > 8 || n > 384 {
			return validation("An encryption context constraint can have 8 pairs and 384 characters at most.")
		}
	}
	return nil
}

type grantIDInput struct {
	KeyId      *string
	GrantId    *string
	GrantToken *string
	DryRun     bool
}

// revokeGrant works in every state of the key.
func (s *Server) revokeGrant(in *grantIDInput) (*none, error) {
	defer s.lock()()
	g, err := s.grantOf(*in.KeyId, *in.GrantId)
	switch {
	case err != nil:
		return nil, err
	case in.DryRun:
		return nil, dryRun()
	}
	s.store.deleteGrant(g.id)
	return nil, nil
}

// retireGrant takes a token, or key and grant id.
func (s *Server) retireGrant(in *grantIDInput) (*none, error) {
	defer s.lock()()
	var g *grant
	var err error
	switch {
	case in.GrantToken != nil && (in.GrantId != nil || in.KeyId != nil):
		err = validation("Please specify either a grant token, or a key id and a grant id.")
	case in.GrantToken != nil:
		g, err = s.store.grantOfToken(*in.GrantToken)
	case in.GrantId == nil || in.KeyId == nil:
		err = validation("Grant token OR (grant ID and key ID) must be specified")
	default:
		g, err = s.grantOf(*in.KeyId, *in.GrantId)
	}
	switch {
	case err != nil:
		return nil, err
	case in.DryRun:
		return nil, dryRun()
	}
	s.store.deleteGrant(g.id)
	return nil, nil
}

func (s *Server) grantOf(keyID, grantID string) (*grant, error) {
	k, err := s.resolveKey(keyID)
	if err != nil {
		return nil, err
	}
	if !isGrantID(grantID) {
		return nil, invalidGrantID()
	}
	g := s.store.grants[grantID]
	if g == nil || g.key != k {
		return nil, awsapi.Errorf("NotFoundException", "Grant ID %s not found", grantID)
	}
	return g, nil
}

var isGrantID = regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString

func invalidGrantID() error { return &awsapi.Error{Code: "InvalidGrantIdException"} }

type listGrantsInput struct {
	pageInput
	KeyId            *string
	GrantId          *string
	GranteePrincipal *string
}

type grantEntry struct {
	KeyId             string
	GrantId           string
	Name              string
	CreationDate      awsapi.Time
	GranteePrincipal  string
	RetiringPrincipal string `json:",omitempty"`
	IssuingAccount    string
	Operations        []string
	Constraints       *grantConstraints `json:",omitempty"`
}

type listGrantsOutput struct {
	Grants []grantEntry
	pageOutput
}

func (s *Server) listGrants(in *listGrantsInput) (*listGrantsOutput, error) {
	if in.GrantId != nil && !isGrantID(*in.GrantId) {
		return nil, invalidGrantID()
	}
	defer s.lock()()
	k, err := s.resolveKey(*in.KeyId)
	if err != nil {
		return nil, err
	}
	return s.pageGrants(&in.pageInput, func(g *grant) bool {
		return g.key == k && (in.GrantId == nil || g.id == *in.GrantId) && (in.GranteePrincipal == nil || g.grantee == *in.GranteePrincipal)
	})
}

type listRetirableInput struct {
	pageInput
	RetiringPrincipal *string
}

func (s *Server) listRetirableGrants(in *listRetirableInput) (*listGrantsOutput, error) {
	if !isPrincipal(*in.RetiringPrincipal) {
		return nil, invalidARN(*in.RetiringPrincipal)
	}
	defer s.lock()()
	return s.pageGrants(&in.pageInput, func(g *grant) bool { return g.retiring == *in.RetiringPrincipal })
}

// pageGrants lists grants, oldest first. The lock is held.
func (s *Server) pageGrants(in *pageInput, wanted func(*grant) bool) (*listGrantsOutput, error) {
	limit, after, err := in.byNumber(100, 50)
	if err != nil {
		return nil, err
	}
	out := &listGrantsOutput{Grants: []grantEntry{}}
	list := s.store.listGrants(func(g *grant) bool { return g.seq > after && wanted(g) })
	for _, g := range first(limit, list, &out.pageOutput, func(g *grant) string { return markerOf(g.seq) }) {
		e := grantEntry{KeyId: g.key.arn, GrantId: g.id, Name: g.name, CreationDate: awsapi.Time{Time: g.created}, GranteePrincipal: g.grantee,
			RetiringPrincipal: g.retiring, IssuingAccount: s.accountRoot(), Operations: g.operations}
		if g.constraints.EncryptionContextEquals != nil || g.constraints.EncryptionContextSubset != nil {
			e.Constraints = &g.constraints
		}
		out.Grants = append(out.Grants, e)
	}
	return out, nil
}
