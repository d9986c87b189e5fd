package iam

import (
	"bytes"
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operator is a condition operator without ForAllValues, ForAnyValue and IfExists.
type operator struct {
	negated bool
	make    func(v *node, variables bool) (test, error)
}

// operators are all there are, by their names in lower case. See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
var operators = map[string]operator{
	"stringequals":              {false, textTest(false, false)},
	"stringnotequals":           {true, textTest(false, false)},
	"stringequalsignorecase":    {false, textTest(false, true)},
	"stringnotequalsignorecase": {true, textTest(false, true)},
	"stringlike":                {false, textTest(true, false)},
	"stringnotlike":             {true, textTest(true, false)},

	"arnequals":    {false, arnTest},
	"arnlike":      {false, arnTest},
	"arnnotequals": {true, arnTest},
	"arnnotlike":   {true, arnTest},

	"numericequals":            {false, numberTest(func(c int) bool { return c == 0 })},
	"numericnotequals":         {true, numberTest(func(c int) bool { return c == 0 })},
	"numericlessthan":          {false, numberTest(func(c int) bool { return c < 0 })},
	"numericlessthanequals":    {false, numberTest(func(c int) bool { return c <= 0 })},
	"numericgreaterthan":       {false, numberTest(func(c int) bool { return c > 0 })},
	"numericgreaterthanequals": {false, numberTest(func(c int) bool { return c >= 0 })},

	"dateequals":            {false, dateTest(func(c int) bool { return c == 0 })},
	"datenotequals":         {true, dateTest(func(c int) bool { return c == 0 })},
	"datelessthan":          {false, dateTest(func(c int) bool { return c < 0 })},
	"datelessthanequals":    {false, dateTest(func(c int) bool { return c <= 0 })},
	"dategreaterthan":       {false, dateTest(func(c int) bool { return c > 0 })},
	"dategreaterthanequals": {false, dateTest(func(c int) bool { return c >= 0 })},

	"bool":         {false, boolTest},
	"null":         {false, boolTest},
	"binaryequals": {false, binaryTest},
	"ipaddress":    {false, addressTest},
	"notipaddress": {true, addressTest},
}

func textTest(wildcards, fold bool) func(*node, bool) (test, error) {
	return func(v *node, variables bool) (test, error) {
		p, err := parsePattern(v, wildcards, variables)
		if fold {
			return p.matchesFold, err
		}
		return p.matches, err
	}
}

// arnTest compares each of the six parts of an ARN; all operators for ARNs take
// wildcards.
func arnTest(v *node, variables bool) (test, error) {
	texts := splitARN(v.text)
	parts := make([]pattern, len(texts))
	for i, text := range texts {
		p, err := parsePattern(&node{line: v.line, kind: '"', text: text}, true, variables)
		if err != nil {
			return nil, err
		}
		parts[i] = p
	}
	return func(value string, c Context) bool {
		given := strings.SplitN(value, ":", 6)
		if len(given) != 6 || len(parts) != 6 {
			return false
		}
		for i, p := range parts {
			if !p.matches(given[i], c) {
				return false
			}
		}
		return true
	}, nil
}

// splitARN splits at the first five colons that stand in no variable.
func splitARN(s string) (parts []string) {
	from, inside := 0, false
	for i := range len(s) {
		switch {
		case strings.HasPrefix(s[i:], "${"):
			inside = true
		case s[i] == '}':
			inside = false
		case s[i] == ':' && !inside && len(parts) < 5:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

func numberTest(holds func(int) bool) func(*node, bool) (test, error) {
	return func(v *node, _ bool) (test, error) {
		want, err := strconv.ParseFloat(v.text, 64)
		if err != nil {
			return nil, v.fail("%q is not a number", v.text)
		}
		return func(value string, _ Context) bool {
			got, err := strconv.ParseFloat(value, 64)
			switch {
			case err != nil || got != got || want != want:
				return false
			case got < want:
				return holds(-1)
			case got > want:
				return holds(1)
			}
			return holds(0)
		}, nil
	}
}

func dateTest(holds func(int) bool) func(*node, bool) (test, error) {
	return func(v *node, _ bool) (test, error) {
		want, ok := parseDate(v.text)
		if !ok {
			return nil, v.fail("%q is neither a date of ISO 8601 nor seconds since 1970", v.text)
		}
		return func(value string, _ Context) bool {
			got, ok := parseDate(value)
			return ok && holds(got.Compare(want))
		}, nil
	}
}

func parseDate(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) != 4 { // four digits are a year
		return time.Unix(n, 0), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func boolTest(v *node, _ bool) (test, error) {
	want := strings.ToLower(v.text)
	if want != "true" && want != "false" {
		return nil, v.fail("%q is neither true nor false", v.text)
	}
	return func(value string, _ Context) bool { return strings.EqualFold(value, want) }, nil
}

func binaryTest(v *node, _ bool) (test, error) {
	want, err := base64.StdEncoding.DecodeString(v.text)
	if err != nil {
		return nil, v.fail("%q is not base64", v.text)
	}
	return func(value string, _ Context) bool {
		got, err := base64.StdEncoding.DecodeString(value)
		return err == nil && bytes.Equal(got, want)
	}, nil
}

func addressTest(v *node, _ bool) (test, error) {
	want, err := netip.ParsePrefix(v.text)
	if err != nil {
		a, err := netip.ParseAddr(v.text)
		if err != nil {
			return nil, v.fail("%q is neither an IP address nor a range such as 10.0.0.0/8", v.text)
		}
		want = netip.PrefixFrom(a, a.BitLen())
	}
	return func(value string, _ Context) bool {
		got, err := netip.ParseAddr(value)
		return err == nil && want.Contains(got.Unmap())
	}, nil
}
