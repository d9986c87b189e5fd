package kmsfake

import (
	"regexp"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

// isKeyID tells what looks like a key id; KMS words its answer by that.
var isKeyID = regexp.MustCompile(`^(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`).MatchString

// resolve finds a key by id, ARN, alias name or alias ARN. The lock is held.
func (s *Server) resolve(id string) (*key, error) {
	name, err := s.resource(id)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(name, "alias/") {
		a := s.store.aliases[name]
		if a == nil {
			return nil, notFoundAlias(s.arn(name))
		}
		s.rotateDue(a.key)
		return a.key, nil
	}
	return s.resolveKey(id)
}

// resolveKey is resolve without aliases, which most operations that manage keys
// do not take.
func (s *Server) resolveKey(id string) (*key, error) {
	name, err := s.resource(id)
	if err != nil {
		return nil, err
	}
	if k := s.store.keys[name]; k != nil {
		s.rotateDue(k)
		return k, nil
	}
	if !isKeyID(name) {
		return nil, invalidKeyID(id)
	}
	return nil, notFoundKey(s.arn("key/" + name))
}

// resource takes the ARN off: a key's name, or "alias/NAME". The ARN of another
// Region is that of a replica, or wrong.
func (s *Server) resource(id string) (string, error) {
	if !strings.HasPrefix(id, "arn:") {
		return strings.TrimPrefix(id, "key/"), nil
	}
	a, err := awsapi.ParseARN(id)
	if err != nil || a.Service != "kms" {
		return "", invalidARN(id)
	}
	name := strings.TrimPrefix(a.Resource, "key/")
	switch {
	case a.Region != s.region:
		if s.store.keys[a.Region+"/"+name] == nil || name == a.Resource || a.AccountID != s.account {
			return "", wrongRegion(a.Region)
		}
		return a.Region + "/" + name, nil
	case a.AccountID != s.account:
		return "", notFoundKey(id)
	}
	return name, nil
}

// usable finds a key for a cryptographic operation: it must be enabled, of the
// customer's own, and for that use.
func (s *Server) usable(id, operation, usage string) (*key, error) {
	k, err := s.resolve(id)
	if err != nil {
		return nil, err
	}
	return k, s.checkUse(k, operation, usage)
}

func (s *Server) checkUse(k *key, operation, usage string) error {
	switch {
	case k.awsManaged:
		return accessDenied(s.account, operation, k.arn)
	case k.state != stateEnabled:
		return wrongState(k)
	case k.usage != usage:
		return invalidKeyUsage(k, operation)
	}
	return nil
}

// wrongState is the error that a key's state is to a use that it forbids.
func wrongState(k *key) error {
	switch k.state {
	case stateDisabled:
		return disabled(k.arn)
	case statePendingImport:
		return pendingImport(k.arn)
	case stateUnavailable:
		return awsapi.Errorf("KMSInvalidStateException", "%s is unavailable.", k.arn)
	case statePendingReplicas:
		return pendingReplicas(k.arn)
	}
	return pendingDeletion(k.arn)
}

// managed finds a key for an operation that changes it.
func (s *Server) managed(id, operation string) (*key, error) {
	k, err := s.resolveKey(id)
	if err != nil {
		return nil, err
	}
	if k.awsManaged {
		return nil, accessDenied(s.account, operation, k.arn)
	}
	s.store.changed(k)
	return k, nil
}

// alive is managed for a key that is not about to be deleted.
func (s *Server) alive(id, operation string) (*key, error) {
	k, err := s.managed(id, operation)
	if err == nil && k.dying() {
		err = wrongState(k)
	}
	return k, err
}

func (k *key) dying() bool { return k.state == statePendingDeletion || k.state == statePendingReplicas }
