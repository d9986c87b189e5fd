package iam

import (
	"slices"
	"strings"
)

// Principal is who asks.
type Principal struct {
	ARN     string // of the user, the assumed-role session, or the account's root
	RoleARN string // of an assumed-role session
	Account string
	Root    bool     // the account's root: no policy of its own limits it
	Service []string // the names of an AWS service ("rds.amazonaws.com") that asks
}

// principals are those that a resource policy's statement names.
type principals struct {
	anyone   bool
	aws      []string
	services []string
}

// reach is how far a statement reaches a principal.
type reach int

const (
	reachNone    reach = iota
	reachAccount       // its account is named: the account's own policies decide
	reachRole          // the role of the session is named
	reachDirect        // it is named itself, or everybody is
)

func (s *statement) parsePrincipals(n *node, f form) error {
	is, isNot := n.get("Principal"), n.get("NotPrincipal")
	p := is
	switch {
	case f == identityForm && (is != nil || isNot != nil):
		if p == nil {
			p = isNot
		}
		return p.fail("a policy of a user, group or role has no Principal")
	case f == identityForm:
		return nil
	case is != nil && isNot != nil:
		return isNot.fail("a statement has Principal or NotPrincipal, not both")
	case is == nil && isNot == nil:
		return n.fail("the statement of a resource policy has no Principal")
	case isNot != nil:
		p, s.notPrincipals = isNot, true
	}
	s.principals = &principals{}
	if p.kind == '"' && p.text == "*" {
		s.principals.anyone = true
		return nil
	}
	if p.kind != '{' {
		return p.fail("Principal must be \"*\" or an object such as {\"AWS\": …}")
	}
	if err := p.known("Principal", "AWS", "Service", "Federated", "CanonicalUser"); err != nil {
		return err
	}
	for _, m := range p.members {
		list, err := m.value.strings("Principal")
		if err != nil {
			return err
		}
		for _, v := range list {
			switch {
			case m.name == "AWS" && v.text == "*":
				s.principals.anyone = true
			case m.name == "AWS":
				s.principals.aws = append(s.principals.aws, v.text)
			case m.name == "Service":
				s.principals.services = append(s.principals.services, strings.ToLower(v.text))
			}
		}
	}
	return nil
}

// reaches tells whom the statement is about.
func (s *statement) reaches(p Principal) reach {
	if s.principals == nil {
		return reachNone
	}
	r := s.principals.reaches(p)
	if s.notPrincipals {
		if r == reachNone {
			return reachDirect
		}
		return reachNone
	}
	return r
}

func (ps *principals) reaches(p Principal) reach {
	best := reachNone
	if ps.anyone {
		best = reachDirect
	}
	for _, service := range p.Service {
		if slices.Contains(ps.services, service) {
			best = reachDirect
		}
	}
	for _, a := range ps.aws {
		switch {
		case a == p.ARN:
			best = reachDirect
		case p.RoleARN != "" && a == p.RoleARN:
			best = max(best, reachRole)
		case a == p.Account || isRootOf(a, p.Account):
			if p.Root {
				best = reachDirect
			}
			best = max(best, reachAccount)
		}
	}
	return best
}

// isRootOf reports whether an ARN is that of an account's root, in any partition.
func isRootOf(arn, account string) bool {
	rest, ok := strings.CutPrefix(arn, "arn:")
	_, rest, ok2 := strings.Cut(rest, ":")
	return ok && ok2 && rest == "iam::"+account+":root"
}
