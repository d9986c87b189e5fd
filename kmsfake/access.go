package kmsfake

import "slices"

// Access is what a decision about the use of a key depends on.
type Access struct {
	ARN     string
	Policy  string // the key policy
	Aliases []string
	Tags    map[string]string
	Spec    string
	Usage   string
}

// Access finds what access to a key depends on; the key is given by id, ARN, alias
// name or alias ARN. ok is false if there is none.
func (s *Server) Access(id string) (a Access, ok bool) {
	defer s.lock()()
	k, err := s.resolve(id)
	if err != nil {
		return a, false
	}
	return s.access(k), true
}

// AccessOfBlob is Access for the key that made a ciphertext.
func (s *Server) AccessOfBlob(blob []byte) (a Access, ok bool) {
	defer s.lock()()
	k, _, err := s.sealer(nil, blob)
	if err != nil {
		return a, false
	}
	return s.access(k), true
}

// access is Access of a key. The lock is held.
func (s *Server) access(k *key) Access {
	a := Access{ARN: k.arn, Policy: k.policy, Spec: k.spec, Usage: k.usage, Tags: make(map[string]string, len(k.tags))}
	for name, value := range k.tags {
		a.Tags[name] = value
	}
	for name, alias := range s.store.aliases {
		if alias.key == k {
			a.Aliases = append(a.Aliases, name)
		}
	}
	slices.Sort(a.Aliases)
	return a
}

// MayRetire reports whether a grant, given by a token or by its key and id, lets a
// principal retire it.
func (s *Server) MayRetire(principal, token, keyID, grantID string) bool {
	defer s.lock()()
	g := s.store.grants[grantID]
	if token != "" {
		g, _ = s.store.grantOfToken(token) // nil if it is of none
	} else if k, err := s.resolve(keyID); err != nil || g == nil || g.key != k {
		return false
	}
	return g != nil && (samePrincipal(g.retiring, principal) || slices.Contains(g.operations, "RetireGrant") && samePrincipal(g.grantee, principal))
}
