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
	defer s.lock()()
	k, err := s.alive(*in.KeyId, operation)
	if err != nil {
		return nil, err
	}
	if k.state == statePendingImport || k.state == stateUnavailable {
		return nil, wrongState(k)
	}
	k.state = state
	return nil, nil
}

type scheduleInput struct {
	KeyId               *string
	PendingWindowInDays *int32
}

type scheduleOutput struct {
	KeyId               string
	DeletionDate        *awsapi.Time `json:",omitempty"` // none while replicas are left
	KeyState            string
	PendingWindowInDays int
}

func (s *Server) scheduleKeyDeletion(in *scheduleInput) (*scheduleOutput, error) {
	days := 30
	if in.PendingWindowInDays != nil {
		days = int(*in.PendingWindowInDays)
	}
	if days < 7 || days > 30 {
		return nil, validation("PendingWindowInDays must be between 7 and 30 (inclusive)")
	}
	defer s.lock()()
	k, err := s.alive(*in.KeyId, "ScheduleKeyDeletion")
	if err != nil {
		return nil, err
	}
	k.window = days
	out := &scheduleOutput{KeyId: k.arn, PendingWindowInDays: days}
	if k.state = statePendingReplicas; len(s.store.replicas(k)) == 0 {
		s.store.schedule(k, s.now())
		out.DeletionDate = &awsapi.Time{Time: k.deletion}
	}
	out.KeyState = k.state
	return out, nil
}

type keyIDOutput struct{ KeyId string }

// cancelKeyDeletion leaves the key disabled, as KMS does.
func (s *Server) cancelKeyDeletion(in *keyInput) (*keyIDOutput, error) {
	defer s.lock()()
	k, err := s.managed(*in.KeyId, "CancelKeyDeletion")
	if err != nil {
		return nil, err
	}
	if !k.dying() {
		return nil, notPendingDeletion(k.arn)
	}
	delete(s.store.pending, k)
	k.state, k.window, k.deletion = stateDisabled, 0, time.Time{}
	if !k.whole() {
		k.state = statePendingImport
	}
	return &keyIDOutput{k.arn}, nil
}
