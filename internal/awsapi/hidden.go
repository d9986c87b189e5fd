package awsapi

import "fmt"

// Hidden adds one failed constraint without the value, as AWS does for members
// that the service model marks as sensitive.
func (v *Validation) Hidden(member, constraint string) {
	if len(v.failures) < maxFailures {
		v.failures = append(v.failures, fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must %s", member, constraint))
	}
}
