package kmsfake

import (
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

func (s *Server) enableKey(in *keyInput) (*none, error) {
	return s.setState(in, "EnableKey", stateEnabled)
}

func (s *Server) disableKey(in *keyInput) (*none, error) {
	return s.setState(in, "DisableKey", stateDisabled)
}

func (s *Server) setState(in *keyInput, operation, state string) (*none, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.alive(*in.KeyId, operation)
	if err != nil {
		return nil, err
	}
	k.state = state
	return nil, nil
}

type scheduleInput struct {
	KeyId               *string
	PendingWindowInDays *int
}

type scheduleOutput struct {
	KeyId               string
	DeletionDate        awsapi.Time
	KeyState            string
	PendingWindowInDays int
}

func (s *Server) scheduleKeyDeletion(in *scheduleInput) (*scheduleOutput, error) {
	var v awsapi.Validation
	keyID(&v, "keyId", in.KeyId)
	v.Range("pendingWindowInDays", in.PendingWindowInDays, 1, 365)
	if err := v.Err(); err != nil {
		return nil, err
	}
	days := 30
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if days < 7 || days > 30 {
		return nil, validation("PendingWindowInDays must be between 7 and 30 (inclusive)")
	}
	defer s.lock()()
	k, err := s.alive(*in.KeyId, "ScheduleKeyDeletion")
	if err != nil {
		return nil, err
	}
	k.state, k.window = statePendingDeletion, days
	k.deletion = s.now().Add(time.Duration(days) * 24 * time.Hour)
	s.store.pending[k] = struct{}{}
	return &scheduleOutput{KeyId: k.arn, DeletionDate: awsapi.Time{Time: k.deletion}, KeyState: k.state, PendingWindowInDays: days}, nil
}

type keyIDOutput struct{ KeyId string }

// cancelKeyDeletion leaves the key disabled, as KMS does.
func (s *Server) cancelKeyDeletion(in *keyInput) (*keyIDOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.managed(*in.KeyId, "CancelKeyDeletion")
	if err != nil {
		return nil, err
	}
	if k.state != statePendingDeletion {
		return nil, notPendingDeletion(k.arn)
	}
	delete(s.store.pending, k)
	k.state, k.window, k.deletion = stateDisabled, 0, time.Time{}
	return &keyIDOutput{k.arn}, nil
}
