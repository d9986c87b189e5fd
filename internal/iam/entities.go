package iam

import (
	"regexp"
	"strings"
)

// accessKeyID is what may stand in a credential scope. IAM's have 16 characters or
// more.
var accessKeyID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)

func (l *loader) group(n *node) error {
	if err := n.known("a group", "GroupName", "GroupId", "Path", "Arn", "CreateDate", "GroupPolicyList", "AttachedManagedPolicies"); err != nil {
		return err
	}
	name, _, err := l.names(n, "GroupName", "group")
	if err != nil {
		return err
	}
	if _, again := l.groups[name]; again {
		return n.fail("the group %s is given twice", name)
	}
	l.groups[name], err = l.policies(n, "GroupPolicyList")
	return err
}

func (l *loader) user(n *node) error {
	if err := n.known("a user", "UserName", "UserId", "Path", "Arn", "CreateDate", "UserPolicyList", "GroupList",
		"AttachedManagedPolicies", "PermissionsBoundary", "Tags", "AccessKeys"); err != nil {
		return err
	}
	name, arn, err := l.names(n, "UserName", "user")
	if err != nil {
		return err
	}
	u := &Identity{UserName: name, Principal: Principal{ARN: arn, Account: l.account}}
	if err := l.identity(n, u, "UserId", "AIDA", "UserPolicyList"); err != nil {
		return err
	}
	if groups := n.get("GroupList"); groups != nil {
		if groups.kind != '[' {
			return groups.fail("GroupList must be a list of groups' names")
		}
		for _, g := range groups.list {
			policies, ok := l.groups[g.text]
			if !ok || g.kind != '"' {
				return g.fail("there is no group %q in this file; add it to GroupDetailList", g.text)
			}
			u.Subject.Policies = append(u.Subject.Policies, policies...)
		}
	}
	return n.each("AccessKeys", func(k *node) error { return l.accessKey(k, u) })
}

// role reads a role. Nobody assumes it here: its sessions are given with their
// temporary credentials.
func (l *loader) role(n *node) error {
	if err := n.known("a role", "RoleName", "RoleId", "Path", "Arn", "CreateDate", "AssumeRolePolicyDocument", "InstanceProfileList",
		"RolePolicyList", "AttachedManagedPolicies", "PermissionsBoundary", "Tags", "RoleLastUsed", "Sessions"); err != nil {
		return err
	}
	name, arn, err := l.names(n, "RoleName", "role")
	if err != nil {
		return err
	}
	role := &Identity{Principal: Principal{RoleARN: arn, Account: l.account}}
	role.Principal.ARN = arn
	if err := l.identity(n, role, "RoleId", "AROA", "RolePolicyList"); err != nil {
		return err
	}
	return n.each("Sessions", func(k *node) error {
		session, err := k.word("RoleSessionName", true)
		if err != nil {
			return err
		}
		one := *role
		one.Principal.ARN = "arn:aws:sts::" + l.account + ":assumed-role/" + name + "/" + session
		one.UserID = role.UserID + ":" + session
		if _, err := k.word("SessionToken", true); err != nil {
			return err
		}
		return l.accessKey(k, &one)
	})
}

// identity reads what users and roles have in common.
func (l *loader) identity(n *node, i *Identity, idMember, idPrefix, inline string) (err error) {
	if i.UserID, err = n.word(idMember, false); err != nil {
		return err
	}
	if i.UserID == "" {
		i.UserID = uniqueID(idPrefix, i.Principal.ARN)
	}
	if i.Subject.Policies, err = l.policies(n, inline); err != nil {
		return err
	}
	if b := n.get("PermissionsBoundary"); b != nil && b.kind != 'n' {
		if err := b.known("a permissions boundary", "PermissionsBoundaryType", "PermissionsBoundaryArn"); err != nil {
			return err
		}
		arn, err := b.word("PermissionsBoundaryArn", true)
		if err != nil {
			return err
		}
		if i.Subject.Boundary, err = l.find(b, arn); err != nil {
			return err
		}
	}
	i.Tags = map[string]string{}
	return n.each("Tags", func(t *node) error {
		k, err := t.word("Key", true)
		if err != nil {
			return err
		}
		i.Tags[k], err = t.word("Value", false)
		return err
	})
}

func (l *loader) accessKey(n *node, i *Identity) error {
	if err := n.known("an access key", "AccessKeyId", "SecretAccessKey", "SessionToken", "Status", "UserName", "CreateDate", "RoleSessionName", "Expiration"); err != nil {
		return err
	}
	k := &AccessKey{Identity: i}
	var err error
	if k.ID, err = n.word("AccessKeyId", true); err != nil {
		return err
	}
	if k.Secret, err = n.word("SecretAccessKey", true); err != nil {
		return err
	}
	if k.Token, err = n.word("SessionToken", false); err != nil {
		return err
	}
	expires, err := n.word("Expiration", false)
	if err != nil {
		return err
	}
	if expires != "" {
		var ok bool
		if k.Expires, ok = parseDate(expires); !ok {
			return n.get("Expiration").fail("the Expiration %q is not a date such as 2027-01-01T00:00:00Z", expires)
		}
	}
	status, err := n.word("Status", false)
	if err != nil {
		return err
	}
	switch {
	case !accessKeyID.MatchString(k.ID):
		return n.get("AccessKeyId").fail("an AccessKeyId has up to 128 letters, digits and _.-, unlike %q", k.ID)
	case l.out.keys[k.ID] != nil:
		return n.get("AccessKeyId").fail("the access key %s is given twice", k.ID)
	case status != "" && !strings.EqualFold(status, "Active") && !strings.EqualFold(status, "Inactive"):
		return n.get("Status").fail("the Status of an access key is Active or Inactive, not %q", status)
	}
	k.Inactive = strings.EqualFold(status, "Inactive")
	l.out.keys[k.ID] = k
	return nil
}
