package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxOperations bounds what a rule names.
const maxOperations = 100

// strictly decodes one JSON value and refuses members that it does not have.
func strictly(b []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(to)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("there is more behind the object")
		}
	}
	if err == io.EOF {
		err = errors.New("there is nothing")
	}
	if err != nil {
		return fmt.Errorf("%s; the members are kind, %s", strings.TrimPrefix(err.Error(), "json: "), strings.Join(members, ", "))
	}
	return nil
}

// members are what a rule has beside its kind.
var members = []string{"operations", "caller", "probability", "count", "duration", "delay", "share", "error", "advance", "stream"}

// given are the members that a rule says something in.
func (r Rule) given() []string {
	var list []string
	for i, said := range []bool{len(r.Operations) > 0, r.Caller != "", r.Probability != 0, r.Count != 0, r.Duration != 0,
		r.Delay != 0, r.Share != 0, r.Error != "", r.Advance != 0, r.Stream != ""} {
		if said {
			list = append(list, members[i])
		}
	}
	return list
}

// Check fills in what a rule leaves open and refuses what makes no sense, saying
// what is allowed. known tells whether there is a service (operation "") and whether
// it has an operation.
func (r Rule) Check(known func(service, operation string) bool) (Rule, error) {
	k, ok := kinds[r.Kind]
	if !ok {
		return r, fmt.Errorf("kind is %q; it must be one of %s", r.Kind, strings.Join(Kinds(), ", "))
	}
	given := r.given()
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, name := range given {
		if !slices.Contains(k.takes, name) {
			bad("a fault of kind %s takes no %s; it takes %s", r.Kind, name, strings.Join(k.takes, ", "))
		}
	}
	for _, name := range k.needs {
		if !slices.Contains(given, name) {
			bad("a fault of kind %s needs %s", r.Kind, name)
		}
	}
	if r.Duration < 0 || r.Delay < 0 || r.Advance < 0 || r.Count < 0 {
		bad("duration, delay, advance and count must not be negative")
	}
	if !(r.Probability >= 0 && r.Probability <= 1 && r.Share >= 0 && r.Share <= 1) {
		bad("probability and share must be above 0 and at most 1")
	}
	if len(errs) == 0 && !k.once {
		r, errs = r.checkCalls(k, known)
	}
	return r, errors.Join(errs...)
}

// checkCalls is Check for the kinds that hit calls.
func (r Rule) checkCalls(k kind, known func(service, operation string) bool) (Rule, []error) {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	r.Operations = slices.Clone(r.Operations)
	if len(r.Operations) == 0 {
		r.Operations = slices.Clone(k.defaults)
		if r.Share > 0 {
			r.Operations = []string{"kinesis:PutRecords"}
		}
	} else if len(r.Operations) > maxOperations {
		bad("there are %d operations; at most %d can be named", len(r.Operations), maxOperations)
	} else {
		for _, p := range r.Operations {
			if err := k.checkOperation(r.Kind, p, known); err != nil {
				errs = append(errs, err)
			}
		}
	}
	if r.Probability == 0 {
		r.Probability = 1
	}
	if r.Share > 0 && slices.ContainsFunc(r.Operations, func(p string) bool { return !strings.HasSuffix(p, "PutRecords") }) {
		bad("share is for kinesis:PutRecords alone, not for %s", strings.Join(r.Operations, ", "))
	}
	if r.Kind == Duplicate && r.Probability == 1 && r.Count == 0 {
		bad("a duplicate fault that hits every call needs a count or a probability below 1: who is hit calls again, for ever")
	}
	if r.Kind == KMSDenied && r.Error == "" {
		r.Error = "AccessDeniedException"
	}
	if r.Error != "" && kinesisDenials[r.Error] == "" {
		bad("error is %q; it must be one of %s", r.Error, strings.Join(denials(), ", "))
	}
	if r.Kind.OnDisk() {
		return r, errs
	}
	if r.Caller == "" {
		r.Caller = Both
	}
	switch r.Caller {
	case Both, External:
	case Own:
		if !slices.ContainsFunc(own, func(call string) bool {
			service, operation, _ := strings.Cut(call, ":")
			return matchesAny(r.Operations, service, operation)
		}) {
			bad("%s is never called by das-local itself; it calls %s", strings.Join(r.Operations, ", "), strings.Join(own, ", "))
		}
	default:
		bad("caller is %q; it must be one of %s, %s, %s", r.Caller, Both, Own, External)
	}
	return r, errs
}

// checkOperation refuses an operation that there is not, or that the kind cannot hit.
func (k kind) checkOperation(of Kind, pattern string, known func(service, operation string) bool) error {
	service, operation, qualified := strings.Cut(pattern, ":")
	if !qualified {
		service, operation = "", pattern
	}
	if k.only != nil {
		for _, one := range k.only {
			s, o, _ := strings.Cut(one, ":")
			if matches(pattern, s, o) {
				return nil
			}
		}
		return fmt.Errorf("a fault of kind %s cannot hit %q; it can hit %s", of, pattern, strings.Join(k.only, ", "))
	}
	switch {
	case qualified && !known(service, ""):
		return fmt.Errorf("operation %q: there is no service %q; an operation is written as kinesis:PutRecords, kinesis:* or PutRecords", pattern, service)
	case operation != "*" && !known(service, operation), operation == "*" && !qualified:
		return fmt.Errorf("operation %q is not served; an operation is written as kinesis:PutRecords, kinesis:* or PutRecords", pattern)
	}
	return nil
}
