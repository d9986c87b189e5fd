package kmsfake

import (
	"encoding/json"
	"path"
	"regexp"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

// maxPolicy is KMS's limit, in bytes; the service model allows more.
const maxPolicy = 32768

// document is a key policy as far as KMS looks at it when it is stored.
type document struct {
	Version   string
	Id        string
	Statement oneOrMore[statement]
}

type statement struct {
	Sid                     string
	Effect                  string
	Principal, NotPrincipal *principals
	Action, NotAction       oneOrMore[string]
	Resource, NotResource   oneOrMore[string]
	Condition               map[string]map[string]any
}

// oneOrMore is a list that policies may write without brackets if it has one element.
type oneOrMore[T any] []T

func (l *oneOrMore[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(l))
	}
	*l = make([]T, 1)
	return json.Unmarshal(b, &(*l)[0])
}

// principals are by type ("AWS", "Service"); "*" is everybody.
type principals map[string]oneOrMore[string]

func (p *principals) UnmarshalJSON(b []byte) error {
	if string(b) == `"*"` {
		*p = principals{"AWS": {"*"}}
		return nil
	}
	return json.Unmarshal(b, (*map[string]oneOrMore[string])(p))
}

// policyPrincipal is what may stand for "AWS" in a key policy.
var policyPrincipal = regexp.MustCompile(`^(\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:.+|A(IDA|ROA)[A-Z0-9]+)$`).MatchString

func malformed(message string) error {
	return &awsapi.Error{Code: "MalformedPolicyDocumentException", Message: message}
}

// checkPolicy refuses a policy that KMS would not store. Unless bypass is set,
// that includes one which nobody of the account could replace.
func (s *Server) checkPolicy(policy string, bypass bool) error {
	if len(policy) > maxPolicy {
		return limitExceeded("The key policy has %d bytes, at most %d are allowed.", len(policy), maxPolicy)
	}
	var d document
	if err := json.Unmarshal([]byte(policy), &d); err != nil {
		return malformed("Syntax errors in policy.")
	}
	if len(d.Statement) == 0 || d.Version != "" && d.Version != "2012-10-17" && d.Version != "2008-10-17" {
		return malformed("Syntax errors in policy.")
	}
	safe := false
	for _, st := range d.Statement {
		if err := st.check(); err != nil {
			return err
		}
		safe = safe || st.keepsControl(s.account)
	}
	if !safe && !bypass {
		return malformed("The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}

func (st *statement) check() error {
	switch {
	case st.Effect != "Allow" && st.Effect != "Deny",
		(len(st.Action) == 0) == (len(st.NotAction) == 0),
		(len(st.Resource) == 0) == (len(st.NotResource) == 0):
		return malformed("Syntax errors in policy.")
	case (st.Principal == nil) == (st.NotPrincipal == nil):
		return malformed("Policy contains a statement with no principal.")
	}
	for _, p := range []*principals{st.Principal, st.NotPrincipal} {
		if p == nil {
			continue
		}
		for kind, names := range *p {
			for _, name := range names {
				if kind == "AWS" && !policyPrincipal(name) {
					return malformed("Policy contains a statement with one or more invalid principals.")
				}
			}
		}
	}
	return nil
}

// keepsControl reports whether the statement lets somebody of the account put
// another policy in its place.
func (st *statement) keepsControl(account string) bool {
	if st.Effect != "Allow" || st.Principal == nil {
		return false
	}
	ours := false
	for _, name := range (*st.Principal)["AWS"] {
		ours = ours || name == "*" || name == account || strings.Contains(name, "::"+account+":")
	}
	return ours && (anyMatch(st.Action, "kms:putkeypolicy") || len(st.NotAction) > 0 && !anyMatch(st.NotAction, "kms:putkeypolicy"))
}

func anyMatch(patterns []string, action string) bool {
	for _, p := range patterns {
		if ok, err := path.Match(strings.ToLower(p), action); err == nil && ok {
			return true
		}
	}
	return false
}
