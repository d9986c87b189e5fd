package kmsfake

import (
	"regexp"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

var isAliasName = regexp.MustCompile(`^[a-zA-Z0-9:/_-]+$`).MatchString

type aliasInput struct {
	AliasName   *string
	TargetKeyId *string
}

func aliasExists(arn string) error {
	return awsapi.Errorf("AlreadyExistsException", "An alias with the name %s already exists", arn)
}

// checkAliasName refuses what is no alias of a customer's.
func checkAliasName(name string) error {
	switch {
	case !isAliasName(name) || len(name) > 256:
		return validation("Alias %q is not of 1 to 256 letters, digits and the characters :/_-", name)
	case !strings.HasPrefix(name, "alias/"):
		return validation(`Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`)
	case strings.HasPrefix(name, "alias/aws/"):
		return &awsapi.Error{Code: "NotAuthorizedException"}
	case strings.Contains(name[len("alias/"):], ":"):
		return validation("%s contains invalid characters for an alias", name)
	case name == "alias/":
		return &awsapi.Error{Code: "InvalidAliasNameException", Message: "Alias name must not be empty."}
	}
	return nil
}

func (in *aliasInput) check() error {
	if err := checkAliasName(*in.AliasName); err != nil {
		return err
	}
	if strings.HasPrefix(*in.TargetKeyId, "alias/") || strings.Contains(*in.TargetKeyId, ":alias/") {
		return validation("Aliases must refer to keys. Not aliases")
	}
	return nil
}

func (s *Server) createAlias(in *aliasInput) (*none, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.alive(*in.TargetKeyId, "CreateAlias")
	if err != nil {
		return nil, err
	}
	if s.store.aliases[*in.AliasName] != nil {
		return nil, aliasExists(s.arn(*in.AliasName))
	}
	s.store.setAlias(*in.AliasName, k, s.now())
	return nil, nil
}

func (s *Server) updateAlias(in *aliasInput) (*none, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	defer s.lock()()
	if s.store.aliases[*in.AliasName] == nil {
		return nil, notFoundAlias(s.arn(*in.AliasName))
	}
	k, err := s.alive(*in.TargetKeyId, "UpdateAlias")
	if err != nil {
		return nil, err
	}
	s.store.setAlias(*in.AliasName, k, s.now())
	return nil, nil
}

func (s *Server) deleteAlias(in *aliasInput) (*none, error) {
	if err := checkAliasName(*in.AliasName); err != nil {
		return nil, err
	}
	defer s.lock()()
	if s.store.aliases[*in.AliasName] == nil {
		return nil, notFoundAlias(s.arn(*in.AliasName))
	}
	s.store.deleteAlias(*in.AliasName)
	return nil, nil
}

type listAliasesInput struct {
	KeyId *string
	pageInput
}

type aliasEntry struct {
	AliasName       string
	AliasArn        string
	TargetKeyId     string
	CreationDate    awsapi.Time
	LastUpdatedDate awsapi.Time
}

type listAliasesOutput struct {
	Aliases []aliasEntry
	pageOutput
}

func (s *Server) listAliases(in *listAliasesInput) (*listAliasesOutput, error) {
	limit, after, err := in.byName(100, 50)
	if err != nil {
		return nil, err
	}
	defer s.lock()()
	var of *key
	if in.KeyId != nil {
		if of, err = s.resolveKey(*in.KeyId); err != nil {
			return nil, err
		}
	}
	out := &listAliasesOutput{Aliases: []aliasEntry{}}
	for _, a := range first(limit, s.store.listAliases(after, of), &out.pageOutput, func(a *alias) string { return marker(a.name) }) {
		out.Aliases = append(out.Aliases, aliasEntry{AliasName: a.name, AliasArn: s.arn(a.name), TargetKeyId: a.key.id,
			CreationDate: awsapi.Time{Time: a.created}, LastUpdatedDate: awsapi.Time{Time: a.updated}})
	}
	return out, nil
}
