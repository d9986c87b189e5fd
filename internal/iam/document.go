package iam

import (
	"slices"
	"strings"
)

// Document is a policy document.
type Document struct {
	statements []statement
	Warnings   []Position // what was put up with
}

// statement is one statement; nil lists are absent elements.
type statement struct {
	deny          bool
	principals    *principals // of a resource policy; nil: none is named
	notPrincipals bool        // principals are those that are left out
	actions       []pattern
	notActions    bool
	resources     []pattern // none: the statement has no effect
	notResources  bool
	conditions    []condition
}

// form says what kind of policy a document is.
type form int

const (
	identityForm form = iota // of users, groups and roles: no Principal
	resourceForm             // of keys and streams: with Principal
)

// Parse reads a policy that is attached to an identity. Its errors name the line.
func Parse(text string) (*Document, error) { return parseText(text, identityForm) }

// ParseResourcePolicy reads a policy that is attached to a resource.
func ParseResourcePolicy(text string) (*Document, error) { return parseText(text, resourceForm) }

func parseText(text string, f form) (*Document, error) {
	n, warnings, err := readJSON(text)
	if err != nil {
		return nil, err
	}
	d, err := parseDocument(n, f)
	if err != nil {
		return nil, err
	}
	d.Warnings = warnings
	return d, nil
}

// The versions of the policy language. The older one has no variables.
const (
	version2012 = "2012-10-17"
	version2008 = "2008-10-17"
)

func parseDocument(n *node, f form) (*Document, error) {
	if n.kind != '{' {
		return nil, n.fail("a policy document is a JSON object")
	}
	if err := n.known("a policy document", "Version", "Id", "Statement"); err != nil {
		return nil, err
	}
	variables := false
	if v := n.get("Version"); v != nil {
		if v.kind != '"' || v.text != version2012 && v.text != version2008 {
			return nil, v.fail("Version must be %q (or %q), not %q", version2012, version2008, v.text)
		}
		variables = v.text == version2012
	}
	st := n.get("Statement")
	if st == nil {
		return nil, n.fail("the policy document has no Statement")
	}
	list := []*node{st}
	if st.kind == '[' {
		list = st.list
	}
	d := &Document{}
	for _, one := range list {
		s, err := parseStatement(one, f, variables)
		if err != nil {
			return nil, err
		}
		d.statements = append(d.statements, s)
	}
	return d, nil
}

func parseStatement(n *node, f form, variables bool) (s statement, err error) {
	if n.kind != '{' {
		return s, n.fail("a statement is a JSON object")
	}
	if err := n.known("a statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"); err != nil {
		return s, err
	}
	if s.deny, err = parseEffect(n); err != nil {
		return s, err
	}
	if err := s.parsePrincipals(n, f); err != nil {
		return s, err
	}
	if s.actions, s.notActions, err = n.either("Action", false, parseAction); err != nil {
		return s, err
	}
	// A key policy's statement without Resource is taken, and has no effect.
	s.resources, s.notResources, err = n.either("Resource", f == resourceForm, func(v *node) (pattern, error) {
		if v.text != "*" && !strings.HasPrefix(v.text, "arn:") && !strings.HasPrefix(v.text, "*") {
			return pattern{}, v.fail("the resource %q must be an ARN or \"*\"", v.text)
		}
		return parsePattern(v, true, variables)
	})
	if err != nil {
		return s, err
	}
	s.conditions, err = parseConditions(n.get("Condition"), variables)
	return s, err
}

func parseEffect(n *node) (deny bool, err error) {
	e := n.get("Effect")
	if e == nil {
		return false, n.fail("the statement has no Effect; it must be \"Allow\" or \"Deny\"")
	}
	if e.kind != '"' || e.text != "Allow" && e.text != "Deny" {
		return false, e.fail("Effect must be \"Allow\" or \"Deny\", not %q", e.text)
	}
	return e.text == "Deny", nil
}

func parseAction(v *node) (pattern, error) {
	service, name, ok := strings.Cut(v.text, ":")
	if v.text != "*" && (!ok || service == "" || name == "" || strings.ContainsAny(service, "*?")) {
		return pattern{}, v.fail("the action %q must be \"*\" or of the form \"service:Name\"", v.text)
	}
	return parsePattern(v, true, false)
}

// either reads NAME or NotNAME, a string or a list of strings each.
func (n *node) either(name string, optional bool, parse func(*node) (pattern, error)) (list []pattern, not bool, err error) {
	is, isNot := n.get(name), n.get("Not"+name)
	switch {
	case is != nil && isNot != nil:
		return nil, false, isNot.fail("a statement has %s or Not%s, not both", name, name)
	case is == nil && isNot == nil && optional:
		return nil, false, nil
	case is == nil && isNot == nil:
		return nil, false, n.fail("the statement has no %s", name)
	case isNot != nil:
		is, not = isNot, true
	}
	values, err := is.strings(name)
	if err != nil {
		return nil, false, err
	}
	for _, v := range values {
		p, err := parse(v)
		if err != nil {
			return nil, false, err
		}
		list = append(list, p)
	}
	return list, not, nil
}

// strings reads one string or a list of at least one.
func (n *node) strings(what string) ([]*node, error) {
	list := []*node{n}
	if n.kind == '[' {
		list = n.list
	}
	if len(list) == 0 {
		return nil, n.fail("%s is an empty list", what)
	}
	for _, v := range list {
		if v.kind != '"' {
			return nil, v.fail("%s must be a string or a list of strings", what)
		}
	}
	return list, nil
}

// known refuses members that are not of the names: one that is mistyped would
// otherwise silently allow or deny nothing.
func (n *node) known(what string, names ...string) error {
	for _, m := range n.members {
		if !slices.Contains(names, m.name) {
			return m.value.fail("%s has no member %q; it has %s", what, m.name, strings.Join(names, ", "))
		}
	}
	return nil
}
