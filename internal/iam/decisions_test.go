package iam

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// decisionGroup is an entry of testdata/decisions.json: policies, and what IAM's
// documentation has them say of requests. The principal is the user bob, who has a
// tag team=data, unless another is given.
type decisionGroup struct {
	About          string
	Policies       []json.RawMessage // documents, or the names of files
	Boundary       json.RawMessage
	ResourcePolicy json.RawMessage
	Decides        bool // the resource policy is a key policy
	Granted        bool
	Principal      *Principal
	Requests       []struct {
		Action, Resource, Want string
		Context                map[string][]string
	}
}

func loadDecisions(t *testing.T) []decisionGroup {
	t.Helper()
	b, err := os.ReadFile("testdata/decisions.json")
	if err != nil {
		t.Fatal(err)
	}
	var groups []decisionGroup
	if err := json.Unmarshal(b, &groups); err != nil {
		t.Fatal(err)
	}
	return groups
}

// text is a document's text: a JSON string names a file.
func text(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var name string
	if json.Unmarshal(raw, &name) != nil {
		return string(raw)
	}
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (g *decisionGroup) load(t *testing.T) (sub Subject, res Resource) {
	t.Helper()
	for i, raw := range g.Policies {
		d, err := Parse(text(t, raw))
		if err != nil {
			t.Fatal(err)
		}
		sub.Policies = append(sub.Policies, Policy{Name: fmt.Sprint(i), Document: d})
	}
	if g.Boundary != nil {
		d, err := Parse(text(t, g.Boundary))
		if err != nil {
			t.Fatal(err)
		}
		sub.Boundary = &Policy{Document: d}
	}
	res.Decides, res.Granted = g.Decides, g.Granted
	if g.ResourcePolicy != nil {
		d, err := ParseResourcePolicy(text(t, g.ResourcePolicy))
		if err != nil {
			t.Fatal(err)
		}
		res.Policy = d
	}
	return sub, res
}

func TestDecisions(t *testing.T) {
	const account = "123456789012"
	bob := &Identity{UserName: "bob", UserID: "AIDABOB", Tags: map[string]string{"team": "data"},
		Principal: Principal{ARN: "arn:aws:iam::" + account + ":user/bob", Account: account}}
	pairs := 0
	for _, g := range loadDecisions(t) {
		t.Run(g.About, func(t *testing.T) {
			sub, res := g.load(t)
			for _, want := range g.Requests {
				pairs++
				c := bob.Context()
				for k, v := range want.Context {
					c.Set(k, v...)
				}
				r := Request{Principal: bob.Principal, Action: want.Action, Resource: want.Resource, Context: c}
				if g.Principal != nil {
					r.Principal = *g.Principal
				}
				d := Decide(r, sub, res)
				got := "deny"
				if d.Allowed {
					got = "allow"
				} else if d.Explicit {
					got = "explicit deny"
				}
				if got != want.Want {
					t.Errorf("%s on %s, %v: %s, want %s", want.Action, want.Resource, want.Context, got, want.Want)
				}
			}
		})
	}
	if pairs < 150 {
		t.Errorf("only %d pairs", pairs)
	}
}
