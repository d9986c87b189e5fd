package kmsfake

import (
	"regexp"
	"strings"
)

// A replica is a key of its own with the primary's id and material. All Regions
// are served by one Server, which tells the replicas by their ARNs.

type replicateInput struct {
	KeyId                          *string
	ReplicaRegion                  *string
	Policy                         *string
	BypassPolicyLockoutSafetyCheck bool
	Description                    *string
	Tags                           []tagInput
}

type replicateOutput struct {
	ReplicaKeyMetadata keyMetadata
	ReplicaPolicy      string
	ReplicaTags        []tag
}

// awsRegion is what Regions are called.
var awsRegion = regexp.MustCompile(`^(us|eu|ap|sa|ca|me|af|il|mx|cn)-(gov-)?[a-z]+-\d$`).MatchString

func (s *Server) replicateKey(in *replicateInput) (*replicateOutput, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	policy := s.defaultPolicy()
	if in.Policy != nil {
		policy = *in.Policy
		if err := s.checkPolicy(policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
			return nil, err
		}
	}
	defer s.lock()()
	k, err := s.primaryKey(*in.KeyId, "ReplicateKey")
	if err != nil {
		return nil, err
	}
	r := s.bareKey(k.id, *in.ReplicaRegion)
	switch {
	case !awsRegion(r.region) || partition(r.arn) != partition(k.arn):
		return nil, validation("Region %s is not a Region that the key can be replicated to.", r.region)
	case s.store.keys[r.name] != nil:
		return nil, keyExists(r.arn)
	}
	r.primary, r.spec, r.usage, r.origin, r.multiRegion = k, k.spec, k.usage, k.origin, true
	r.policy, r.tags, r.description = policy, tags, text(in.Description)
	r.state = stateCreating
	s.store.add(r)
	out := &replicateOutput{ReplicaKeyMetadata: s.metadata(r), ReplicaPolicy: policy, ReplicaTags: tagList(tags)}
	r.state = stateEnabled
	return out, nil
}

func partition(arn string) string {
	_, rest, _ := strings.Cut(arn, ":")
	name, _, _ := strings.Cut(rest, ":")
	return name
}

// primaryKey finds a key that has or may have replicas.
func (s *Server) primaryKey(id, operation string) (*key, error) {
	k, err := s.alive(id, operation)
	switch {
	case err != nil:
		return nil, err
	case !k.multiRegion:
		return nil, unsupported("%s is not a multi-Region key.", k.arn)
	case k.primary != nil:
		return nil, unsupported("%s is not a primary key.", k.arn)
	case k.state == stateDisabled:
		return nil, disabled(k.arn)
	case k.origin == originExternal:
		return nil, unsupported("Replicas of keys with imported material are not emulated.")
	}
	return k, nil
}

type primaryInput struct {
	KeyId         *string
	PrimaryRegion *string
}

// updatePrimaryRegion hands the shared properties to the replica.
func (s *Server) updatePrimaryRegion(in *primaryInput) (*none, error) {
	defer s.lock()()
	k, err := s.primaryKey(*in.KeyId, "UpdatePrimaryRegion")
	if err != nil {
		return nil, err
	}
	var next *key
	replicas := s.store.replicas(k)
	for _, r := range replicas {
		if r.region == *in.PrimaryRegion {
			next = r
		}
	}
	switch {
	case next == nil:
		return nil, notFoundKey(s.bareKey(k.id, *in.PrimaryRegion).arn)
	case next.state != stateEnabled:
		return nil, wrongState(next)
	}
	next.materials, next.rotation, next.nextRotation, next.primary = k.materials, k.rotation, k.nextRotation, nil
	k.materials, k.rotation, k.nextRotation = nil, 0, k.created
	for _, m := range next.materials {
		m.key = next
	}
	for _, r := range append(replicas, k) {
		if s.store.changed(r); r != next {
			r.primary = next
		}
	}
	return nil, nil
}
