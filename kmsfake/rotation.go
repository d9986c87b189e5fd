package kmsfake

import (
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// rotateDue gives a key new material once its date has passed; one generation
// for however many periods, and the date moves on to the next in the future.
// Old blobs stay readable. The lock is held.
func (s *Server) rotateDue(k *key) {
	now := s.now()
	if k.rotation == 0 || k.nextRotation.After(now) || !k.symmetric() || k.state == statePendingDeletion {
		return
	}
	secret, err := s.random(32)
	if err != nil {
		return // the next use tries again
	}
	m := newMaterial(k, secret)
	clear(secret)
	k.materials = append(k.materials, m)
	s.store.tags[m.tag] = m
	s.store.changed(k)
	for !k.nextRotation.After(now) {
		k.nextRotation = k.nextRotation.AddDate(0, 0, k.rotation)
	}
}

type rotationInput struct {
	KeyId                *string
	RotationPeriodInDays *int
}

func (s *Server) enableKeyRotation(in *rotationInput) (*none, error) {
	var v awsapi.Validation
	keyID(&v, "keyId", in.KeyId)
	v.Range("rotationPeriodInDays", in.RotationPeriodInDays, 90, 2560)
	if err := v.Err(); err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.rotatable(*in.KeyId, "EnableKeyRotation")
	if err != nil {
		return nil, err
	}
	k.rotation = 365
	if in.RotationPeriodInDays != nil {
		k.rotation = *in.RotationPeriodInDays
	}
	k.nextRotation = s.now().AddDate(0, 0, k.rotation)
	return nil, nil
}

func (s *Server) disableKeyRotation(in *keyInput) (*none, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.rotatable(*in.KeyId, "DisableKeyRotation")
	if err != nil {
		return nil, err
	}
	k.rotation, k.nextRotation = 0, time.Time{}
	return nil, nil
}

func (s *Server) rotatable(id, operation string) (*key, error) {
	k, err := s.alive(id, operation)
	switch {
	case err != nil:
		return nil, err
	case k.state == stateDisabled:
		return nil, disabled(k.arn)
	case !k.symmetric():
		return nil, unsupported("")
	}
	return k, nil
}

type rotationOutput struct {
	KeyId                string
	KeyRotationEnabled   bool
	RotationPeriodInDays int          `json:",omitempty"`
	NextRotationDate     *awsapi.Time `json:",omitempty"`
}

func (s *Server) getKeyRotationStatus(in *keyInput) (*rotationOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.resolveKey(*in.KeyId)
	if err != nil {
		return nil, err
	}
	if !k.symmetric() {
		return nil, unsupported("")
	}
	out := &rotationOutput{KeyId: k.arn}
	if k.rotation > 0 && k.state != statePendingDeletion {
		out.KeyRotationEnabled, out.RotationPeriodInDays = true, k.rotation
		out.NextRotationDate = &awsapi.Time{Time: k.nextRotation}
	}
	return out, nil
}
