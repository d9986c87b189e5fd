package iam

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// loader reads an account's file.
type loader struct {
	file    string
	account string
	out     *Account
	managed map[string]*Policy  // by ARN
	groups  map[string][]Policy // by name
}

// Load reads users, groups, roles, policies and access keys from a file in the form
// of what GetAccountAuthorizationDetails answers, which has no access keys: they
// stand in the member AccessKeys of each user. Errors name file and line.
func Load(file, account string) (*Account, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the IAM file: %w", err)
	}
	return parseAccount(string(text), file, account)
}

func parseAccount(text, file, account string) (*Account, error) {
	l := &loader{file: file, account: account, out: &Account{keys: map[string]*AccessKey{}},
		managed: map[string]*Policy{}, groups: map[string][]Policy{}}
	admin, err := Parse(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	if err != nil {
		return nil, err
	}
	const adminARN = "arn:aws:iam::aws:policy/AdministratorAccess"
	l.managed[adminARN] = &Policy{ARN: adminARN, Name: "AdministratorAccess", Document: admin}
	if err := l.load(text); err != nil {
		return nil, l.name(err)
	}
	return l.out, nil
}

// name puts the file's name before a line.
func (l *loader) name(err error) error {
	var p Position
	if errors.As(err, &p) {
		return fmt.Errorf("%s:%d: %s", l.file, p.Line, p.Text)
	}
	return err
}

func (l *loader) warn(list []Position) {
	for _, w := range list {
		l.out.Warnings = append(l.out.Warnings, fmt.Sprintf("%s:%d: %s", l.file, w.Line, w.Text))
	}
}

func (l *loader) load(text string) error {
	n, warnings, err := readJSON(text)
	if err != nil {
		return err
	}
	l.warn(warnings)
	if n.kind != '{' {
		return n.fail("the IAM file must be a JSON object with UserDetailList and the like")
	}
	if err := n.known("the IAM file", "UserDetailList", "GroupDetailList", "RoleDetailList", "Policies", "RootAccessKeys", "IsTruncated", "Marker"); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		read func(*node) error
	}{{"Policies", l.policy}, {"GroupDetailList", l.group}, {"UserDetailList", l.user}, {"RoleDetailList", l.role}} {
		if err := n.each(part.name, part.read); err != nil {
			return err
		}
	}
	root := RootOf(l.account)
	if err := n.each("RootAccessKeys", func(k *node) error { return l.accessKey(k, root) }); err != nil {
		return err
	}
	if len(l.out.keys) == 0 {
		return n.fail("nobody has an access key, so nobody could call; give a user AccessKeys: [{\"AccessKeyId\": …, \"SecretAccessKey\": …}]")
	}
	return nil
}

// policy reads a managed policy.
func (l *loader) policy(n *node) error {
	if err := n.known("a managed policy", "PolicyName", "PolicyId", "Arn", "Path", "DefaultVersionId", "AttachmentCount",
		"PermissionsBoundaryUsageCount", "IsAttachable", "Description", "CreateDate", "UpdateDate", "PolicyVersionList", "PolicyDocument", "Tags"); err != nil {
		return err
	}
	name, arn, err := l.names(n, "PolicyName", "policy")
	if err != nil {
		return err
	}
	document := n.get("PolicyDocument")
	if err := n.each("PolicyVersionList", func(v *node) error {
		if d := v.get("IsDefaultVersion"); d != nil && d.text == "true" || document == nil {
			document = v.get("Document")
		}
		return nil
	}); err != nil {
		return err
	}
	p := &Policy{ARN: arn, Name: name}
	if p.Document, err = l.document(n, document); err != nil {
		return err
	}
	if _, again := l.managed[arn]; again && !strings.HasPrefix(arn, "arn:aws:iam::aws:") {
		return n.fail("the managed policy %s is given twice", arn)
	}
	l.managed[arn] = p
	return nil
}

// document reads a policy document: an object, its text (also URL-encoded, as the
// API has it), or the name of a file that it is in, as file://….
func (l *loader) document(owner, n *node) (*Document, error) {
	if n == nil {
		return nil, owner.fail("the policy has no document")
	}
	if n.kind != '"' {
		return parseDocument(n, identityForm)
	}
	text, from := n.text, ""
	if name, ok := strings.CutPrefix(text, "file://"); ok {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(l.file), name)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, n.fail("read the policy document: %v", err)
		}
		text, from = string(b), name
	} else if strings.HasPrefix(text, "%7B") || strings.HasPrefix(text, "%7b") {
		plain, err := url.QueryUnescape(text)
		if err != nil {
			return nil, n.fail("the policy document is not URL-encoded: %v", err)
		}
		text = plain
	}
	d, err := Parse(text)
	var p Position
	switch {
	case err == nil && from != "":
		inside := *l
		inside.file = from
		inside.warn(d.Warnings)
	case err == nil:
		for _, w := range d.Warnings {
			l.warn([]Position{{n.line, fmt.Sprintf("in the policy document, line %d: %s", w.Line, w.Text)}})
		}
	case errors.As(err, &p) && from != "":
		return nil, fmt.Errorf("%s:%d: %s", from, p.Line, p.Text)
	case errors.As(err, &p):
		return nil, n.fail("in the policy document, line %d: %s", p.Line, p.Text)
	}
	return d, err
}

// names reads an entity's name and its ARN, or makes the latter.
func (l *loader) names(n *node, member, kind string) (name, arn string, err error) {
	if n.kind != '{' {
		return "", "", n.fail("an object with %s was expected", member)
	}
	if name, err = n.word(member, true); err != nil {
		return "", "", err
	}
	path, err := n.word("Path", false)
	if err != nil {
		return "", "", err
	}
	if path == "" {
		path = "/"
	}
	if !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/") {
		return "", "", n.get("Path").fail("a Path begins and ends with a slash, unlike %q", path)
	}
	if arn, err = n.word("Arn", false); err != nil {
		return "", "", err
	}
	if arn == "" {
		return name, "arn:aws:iam::" + l.account + ":" + kind + path + name, nil
	}
	part := strings.SplitN(arn, ":", 6)
	switch {
	case len(part) != 6 || part[2] != "iam" || !strings.HasPrefix(part[5], kind+"/"):
		return "", "", n.get("Arn").fail("%q is not the ARN of a %s", arn, kind)
	case part[4] != l.account && !(kind == "policy" && part[4] == "aws"):
		return "", "", n.get("Arn").fail("%q is of the account %s, but das-local's is %s; start it with --account %s", arn, part[4], l.account, part[4])
	}
	return name, arn, nil
}

// policies reads what is attached to an entity: the list of inline policies of that
// name, and managed ones.
func (l *loader) policies(n *node, inline string) (list []Policy, err error) {
	err = n.each(inline, func(v *node) error {
		if err := v.known("an inline policy", "PolicyName", "PolicyDocument"); err != nil {
			return err
		}
		p := Policy{}
		if p.Name, err = v.word("PolicyName", true); err != nil {
			return err
		}
		if p.Document, err = l.document(v, v.get("PolicyDocument")); err != nil {
			return err
		}
		list = append(list, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = n.each("AttachedManagedPolicies", func(v *node) error {
		if err := v.known("an attached policy", "PolicyName", "PolicyArn"); err != nil {
			return err
		}
		arn, err := v.word("PolicyArn", true)
		if err != nil {
			return err
		}
		p, err := l.find(v.get("PolicyArn"), arn)
		if err == nil {
			list = append(list, *p)
		}
		return err
	})
	return list, err
}

func (l *loader) find(n *node, arn string) (*Policy, error) {
	if p := l.managed[arn]; p != nil {
		return p, nil
	}
	known := make([]string, 0, len(l.managed))
	for a := range l.managed {
		known = append(known, a)
	}
	slices.Sort(known)
	return nil, n.fail("there is no managed policy %s in this file; add it to Policies. There are: %s", arn, strings.Join(known, ", "))
}

// each reads the elements of a list, which may be absent.
func (n *node) each(name string, read func(*node) error) error {
	list := n.get(name)
	if list == nil || list.kind == 'n' {
		return nil
	}
	if list.kind != '[' {
		return list.fail("%s must be a list", name)
	}
	for _, v := range list.list {
		if v.kind != '{' {
			return v.fail("%s must be a list of objects", name)
		}
		if err := read(v); err != nil {
			return err
		}
	}
	return nil
}

// word reads a member that is a string.
func (n *node) word(name string, required bool) (string, error) {
	v := n.get(name)
	switch {
	case v == nil && required:
		return "", n.fail("%s is missing", name)
	case v == nil:
		return "", nil
	case v.kind != '"':
		return "", v.fail("%s must be a string", name)
	case required && v.text == "":
		return "", v.fail("%s is empty", name)
	}
	return v.text, nil
}
