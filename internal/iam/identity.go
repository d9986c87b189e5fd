package iam

import (
	"crypto/sha256"
	"encoding/base32"
	"time"
)

// Account has who may sign requests. It does not change.
type Account struct {
	keys     map[string]*AccessKey
	Warnings []string // what was put up with, each with file and line
}

// AccessKey is what a client signs with.
type AccessKey struct {
	ID       string
	Secret   string
	Token    string // of temporary credentials; requests must bear it
	Inactive bool
	Expires  time.Time // of temporary credentials; zero: never
	Identity *Identity
}

// Identity is a user, a role's session, or the account's root.
type Identity struct {
	Principal Principal
	Subject   Subject
	UserID    string // what STS and aws:userid say: AIDA…, AROA…:session, or the account
	UserName  string // of a user
	Tags      map[string]string
}

// Key finds an access key; nil if there is none of the id.
func (a *Account) Key(id string) *AccessKey { return a.keys[id] }

// Add gives somebody an access key. It is for the time before the account is used.
func (a *Account) Add(k *AccessKey) { a.keys[k.ID] = k }

// Context has the condition keys that tell who asks.
func (i *Identity) Context() Context {
	c := Context{}
	kind, arn := "User", i.Principal.ARN
	switch {
	case i.Principal.Root:
		kind = "Account"
	case i.Principal.RoleARN != "":
		kind, arn = "AssumedRole", i.Principal.RoleARN
	}
	c.Set("aws:PrincipalArn", arn)
	c.Set("aws:PrincipalAccount", i.Principal.Account)
	c.Set("aws:PrincipalType", kind)
	c.Set("aws:userid", i.UserID)
	c.Set("aws:PrincipalIsAWSService", "false")
	if i.UserName != "" {
		c.Set("aws:username", i.UserName)
	}
	for k, v := range i.Tags {
		c.Set("aws:PrincipalTag/"+k, v)
	}
	return c
}

// RootOf is the root of an account: who calls when there are no identities.
func RootOf(account string) *Identity {
	return &Identity{UserID: account,
		Principal: Principal{ARN: "arn:aws:iam::" + account + ":root", Account: account, Root: true}}
}

// uniqueID makes an id of IAM's form, the same for the same ARN.
func uniqueID(prefix, arn string) string {
	hash := sha256.Sum256([]byte(arn))
	return prefix + base32.StdEncoding.EncodeToString(hash[:])[:17]
}
