package iam

import "strings"

// Request is what is to be decided.
type Request struct {
	Principal Principal
	Action    string // "rds:StartActivityStream"
	Resource  string // an ARN, or "*" if the action has no resource
	Context   Context
}

// Policy is a document and where it comes from.
type Policy struct {
	ARN      string // of a managed policy; empty: it is an inline one
	Name     string
	Document *Document
}

// Subject is what the principal's own side says.
type Subject struct {
	Policies []Policy
	Boundary *Policy // nil: none
}

// Resource is what the resource's side says. The zero value has no policy.
type Resource struct {
	Policy *Document // nil: none
	// Decides says that nobody has access whom the policy does not name, or whose
	// account it does not: so are key policies.
	Decides bool
	// Granted says that a grant of the resource allows the request.
	Granted bool
}

// The kinds of policies, as error messages name them.
const (
	IdentityPolicy = "identity-based policy"
	ResourcePolicy = "resource-based policy"
	Boundary       = "permissions boundary"
)

// Decision is the outcome.
type Decision struct {
	Allowed  bool
	Explicit bool   // a statement denies it; else none allows it
	By       string // the kind of the policy that denies or lacks an allow
	ARN      string // of the managed policy that denies explicitly
}

// Decide weighs all policies.
func Decide(r Request, sub Subject, res Resource) Decision {
	if d, denied := explicitDeny(r, sub, res); denied {
		return d
	}
	reached := reachNone
	if res.Policy != nil {
		for i := range res.Policy.statements {
			s := &res.Policy.statements[i]
			if to := s.reaches(r.Principal); to > reached && !s.deny && s.applies(r) {
				reached = to
			}
		}
	}
	bounded := r.Principal.Root || sub.Boundary == nil || sub.Boundary.allows(r)
	identity := r.Principal.Root
	for _, p := range sub.Policies {
		identity = identity || p.allows(r)
	}
	lets := !res.Decides || reached >= reachAccount
	switch {
	case res.Granted, reached == reachDirect, reached == reachRole && bounded, lets && identity && bounded:
		return Decision{Allowed: true}
	case identity && !bounded:
		return Decision{By: Boundary}
	case !lets && (identity || len(sub.Policies) == 0):
		return Decision{By: ResourcePolicy}
	}
	return Decision{By: IdentityPolicy}
}

func explicitDeny(r Request, sub Subject, res Resource) (Decision, bool) {
	if !r.Principal.Root {
		for _, p := range sub.Policies {
			if p.denies(r) {
				return Decision{Explicit: true, By: IdentityPolicy, ARN: p.ARN}, true
			}
		}
		if sub.Boundary != nil && sub.Boundary.denies(r) {
			return Decision{Explicit: true, By: Boundary, ARN: sub.Boundary.ARN}, true
		}
	}
	if res.Policy != nil {
		for i := range res.Policy.statements {
			if s := &res.Policy.statements[i]; s.deny && s.reaches(r.Principal) != reachNone && s.applies(r) {
				return Decision{Explicit: true, By: ResourcePolicy}, true
			}
		}
	}
	return Decision{}, false
}

func (p *Policy) allows(r Request) bool { return p.says(r, false) }
func (p *Policy) denies(r Request) bool { return p.says(r, true) }

func (p *Policy) says(r Request, deny bool) bool {
	for i := range p.Document.statements {
		if s := &p.Document.statements[i]; s.deny == deny && s.applies(r) {
			return true
		}
	}
	return false
}

// applies reports whether a statement is about the action and the resource, and its
// conditions hold. Whom it is about is another question.
func (s *statement) applies(r Request) bool {
	if matchAny(s.actions, func(p pattern) bool { return p.matchesFold(r.Action, nil) }) == s.notActions {
		return false
	}
	if s.resources == nil {
		return false
	}
	if matchAny(s.resources, func(p pattern) bool { return p.matches(r.Resource, r.Context) }) == s.notResources {
		return false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(r.Context) {
			return false
		}
	}
	return true
}

func matchAny(list []pattern, ok func(pattern) bool) bool {
	for _, p := range list {
		if ok(p) {
			return true
		}
	}
	return false
}

// Message is AWS's sentence for a request that was not allowed. resource is what the
// request was about, as the service names it.
func (d Decision) Message(r Request, resource string) string {
	var b strings.Builder
	b.WriteString("User: " + r.Principal.ARN + " is not authorized to perform: " + r.Action + " on " + resource)
	article := "a "
	if d.By == IdentityPolicy {
		article = "an "
	}
	switch {
	case d.Explicit && d.ARN != "":
		b.WriteString(" with an explicit deny in " + article + d.By + ": " + d.ARN)
	case d.Explicit:
		b.WriteString(" with an explicit deny in " + article + d.By)
	default:
		b.WriteString(" because no " + d.By + " allows the " + r.Action + " action")
	}
	return b.String()
}
