package awsapi

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Validation gathers what is wrong with the members of an input and words it as
// AWS's front ends do. The zero value is ready. Member names are paths in lower
// camel case: "streamName", "records.1.member.partitionKey".
type Validation struct {
	failures []string
}

// maxFailures bounds the length of the message; AWS stops at ten too.
const maxFailures = 10

// Fail adds one failed constraint. value is null in the text when it is nil.
func (v *Validation) Fail(member string, value any, constraint string) {
	if len(v.failures) >= maxFailures {
		return
	}
	shown := "null"
	if value != nil {
		shown = fmt.Sprintf("'%v'", value)
	}
	v.failures = append(v.failures, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: Member must %s", shown, member, constraint))
}

// Required fails for an absent member.
func (v *Validation) Required(member string, present bool) {
	if !present {
		v.Fail(member, nil, "not be null")
	}
}

// Strings is the rule for a string member.
type Strings struct {
	Pattern  *regexp.Regexp // made by Pattern; nil: any
	Min, Max int            // length in characters; Max 0: any
	Enum     []string       // nil: any
}

// String checks a string member; an absent one (nil) passes.
func (v *Validation) String(member string, value *string, rule Strings) {
	if value == nil {
		return
	}
	if rule.Pattern != nil && !rule.Pattern.MatchString(*value) {
		v.Fail(member, *value, "satisfy regular expression pattern: "+patternText(rule.Pattern))
	}
	v.Length(member, *value, utf8.RuneCountInString(*value), rule.Min, rule.Max)
	if rule.Enum != nil {
		v.enum(member, *value, rule.Enum)
	}
}

func (v *Validation) enum(member, value string, enum []string) {
	for _, e := range enum {
		if e == value {
			return
		}
	}
	v.Fail(member, value, "satisfy enum value set: ["+strings.Join(enum, ", ")+"]")
}

// Length checks a length in characters, bytes or elements; max 0 is no limit.
// value is what the message shows.
func (v *Validation) Length(member string, value any, length, min, max int) {
	if max > 0 && length > max {
		v.Fail(member, value, fmt.Sprintf("have length less than or equal to %d", max))
	}
	if length < min {
		v.Fail(member, value, fmt.Sprintf("have length greater than or equal to %d", min))
	}
}

// Range checks a number; an absent one (nil) passes. max below min is no limit.
func (v *Validation) Range(member string, value *int, min, max int) {
	if value == nil {
		return
	}
	if *value < min {
		v.Fail(member, *value, fmt.Sprintf("have value greater than or equal to %d", min))
	}
	if max >= min && *value > max {
		v.Fail(member, *value, fmt.Sprintf("have value less than or equal to %d", max))
	}
}

// Err is the ValidationException of the failures so far, or nil.
func (v *Validation) Err() error {
	switch n := len(v.failures); n {
	case 0:
		return nil
	case 1:
		return Errorf("ValidationException", "1 validation error detected: %s", v.failures[0])
	default:
		return Errorf("ValidationException", "%d validation errors detected: %s", n, strings.Join(v.failures, "; "))
	}
}

// What Pattern puts around an expression.
const (
	patternOpen  = `^(?:`
	patternClose = `)$`
)

// Pattern compiles an expression as the service models have it: the whole value
// must match. It panics if expr is wrong; it is meant for constants.
func Pattern(expr string) *regexp.Regexp {
	return regexp.MustCompile(patternOpen + expr + patternClose)
}

// patternText is the expression that Pattern was given.
func patternText(re *regexp.Regexp) string {
	return strings.TrimSuffix(strings.TrimPrefix(re.String(), patternOpen), patternClose)
}
