package iam

import "strings"

// Context has the condition keys of a request by their names in lower case, for
// names are not case-sensitive. A key without values is absent.
type Context map[string][]string

// Set gives a key its values; none makes it absent.
func (c Context) Set(key string, values ...string) {
	if len(values) > 0 {
		c[strings.ToLower(key)] = values
	}
}

// Get has the values of a key; nil if it is absent.
func (c Context) Get(key string) []string { return c[strings.ToLower(key)] }

// condition is one key of a Condition element with all values that it is compared
// with.
type condition struct {
	key      string
	set      setOperator
	ifExists bool
	negated  bool
	null     bool   // values are compared with the key's absence
	tests    []test // one a value of the policy; one that holds is enough
}

// setOperator is how several values of a key are looked at.
type setOperator int

const (
	single setOperator = iota
	forAllValues
	forAnyValue
)

// test compares a value of the request with one of the policy.
type test func(value string, c Context) bool

// holds reports whether the request fulfils the condition.
func (cn *condition) holds(c Context) bool {
	values := c[cn.key]
	if cn.null {
		absent := "false"
		if len(values) == 0 {
			absent = "true"
		}
		return cn.passes(absent, c)
	}
	switch cn.set {
	case forAllValues: // also without any value, with IfExists or not
		for _, v := range values {
			if !cn.passes(v, c) {
				return false
			}
		}
		return true
	case forAnyValue: // never without a value, with IfExists or not
		for _, v := range values {
			if cn.passes(v, c) {
				return true
			}
		}
		return false
	}
	if len(values) == 0 {
		return cn.ifExists || cn.negated
	}
	for _, v := range values {
		if cn.passes(v, c) != cn.negated {
			return !cn.negated
		}
	}
	return cn.negated
}

// passes compares one value with all of the policy's: a negated operator wants none
// of them to match.
func (cn *condition) passes(v string, c Context) bool {
	for _, t := range cn.tests {
		if t(v, c) {
			return !cn.negated
		}
	}
	return cn.negated
}

func parseConditions(n *node, variables bool) (list []condition, err error) {
	if n == nil {
		return nil, nil
	}
	if n.kind != '{' {
		return nil, n.fail("Condition must be an object such as {\"StringEquals\": {…}}")
	}
	for _, o := range n.members {
		if o.value.kind != '{' {
			return nil, o.value.fail("the condition %q must have an object of keys and values", o.name)
		}
		for _, k := range o.value.members {
			cn, err := parseCondition(o.name, k.name, k.value, variables)
			if err != nil {
				return nil, err
			}
			list = append(list, cn)
		}
	}
	return list, nil
}

func parseCondition(operator, key string, value *node, variables bool) (cn condition, err error) {
	if !strings.Contains(key, ":") {
		return cn, value.fail("the condition key %q has no prefix such as aws: or rds:", key)
	}
	cn.key = strings.ToLower(key)
	name := strings.ToLower(operator)
	if rest, ok := strings.CutPrefix(name, "forallvalues:"); ok {
		name, cn.set = rest, forAllValues
	} else if rest, ok := strings.CutPrefix(name, "foranyvalue:"); ok {
		name, cn.set = rest, forAnyValue
	}
	if rest, ok := strings.CutSuffix(name, "ifexists"); ok {
		name, cn.ifExists = rest, true
	}
	op, ok := operators[name]
	if !ok || name == "null" && (cn.ifExists || cn.set != single) {
		return cn, value.fail("there is no condition operator %q", operator)
	}
	cn.negated, cn.null = op.negated, name == "null"
	list := []*node{value}
	if value.kind == '[' {
		list = value.list
	}
	for _, v := range list {
		if v.kind != '"' && v.kind != '0' && v.kind != 't' {
			return cn, v.fail("the value of %q must be a string, a number or a boolean, or a list of these", key)
		}
		t, err := op.make(v, variables)
		if err != nil {
			return cn, err
		}
		cn.tests = append(cn.tests, t)
	}
	return cn, nil
}
