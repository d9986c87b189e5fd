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
	resource, err := s.resource(id)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(resource, "alias/") {
		a := s.store.aliases[resource]
		if a == nil {
			return nil, notFoundAlias(s.arn(resource))
		}
		s.rotateDue(a.key)
		return a.key, nil
	}
	return s.resolveKey(id)
}

// resolveKey is resolve without aliases, which most operations that manage keys
// do not take.
func (s *Server) resolveKey(id string) (*key, error) {
	resource, err := s.resource(id)
	if err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(resource, "key/")
	if k := s.store.keys[name]; k != nil {
		s.rotateDue(k)
		return k, nil
	}
	if !isKeyID(name) {
		return nil, invalidKeyID(id)
	}
	return nil, notFoundKey(s.arn("key/" + name))
}

// resource takes the ARN off: "key/ID" or "alias/NAME", or the bare id.
func (s *Server) resource(id string) (string, error) {
	if !strings.HasPrefix(id, "arn:") {
		return id, nil
	}
	a, err := awsapi.ParseARN(id)
	switch {
	case err != nil || a.Service != "kms":
		return "", awsapi.Errorf("InvalidArnException", "Invalid ARN: %s", id)
	case a.Region != s.region:
		return "", wrongRegion(a.Region)
	case a.AccountID != s.account:
		return "", notFoundKey(id)
	}
	return a.Resource, nil
}

// usable finds a key for a cryptographic operation: it must be enabled, of the
// customer's own, and symmetric.
func (s *Server) usable(id, operation string) (*key, error) {
	k, err := s.resolve(id)
	if err != nil {
		return nil, err
	}
	return k, s.checkUse(k, operation)
}

func (s *Server) checkUse(k *key, operation string) error {
	switch {
	case k.awsManaged:
		return accessDenied(s.account, operation, k.arn)
	case k.state == stateDisabled:
		return disabled(k.arn)
	case k.state == statePendingDeletion:
		return pendingDeletion(k.arn)
	case k.usage != usageEncrypt:
		return invalidKeyUsage(k, operation)
	case !k.symmetric():
		return unsupported(k.arn + " is an asymmetric key, which is not emulated.")
	}
	return nil
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
	if err == nil && k.state == statePendingDeletion {
		err = pendingDeletion(k.arn)
	}
	return k, err
}
