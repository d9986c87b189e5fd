package kinesisfake

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
)

// account is one account in one Region. Its settings are in memory.
type account struct{ id, region string }

// commitment is an account's minimum throughput billing commitment, which is what
// unlocks warm throughput.
type commitment struct {
	enabled        bool
	started, ended int64 // milliseconds since 1970
}

// The states of a commitment.
const (
	commitmentOn  = "ENABLED"
	commitmentOff = "DISABLED"
)

type commitmentOutput struct {
	Status    string       `json:"Status"`
	StartedAt *awsapi.Time `json:"StartedAt,omitempty"`
	EndedAt   *awsapi.Time `json:"EndedAt,omitempty"`
}

type accountSettings struct {
	Commitment commitmentOutput `json:"MinimumThroughputBillingCommitment"`
}

// settings is called with mu held.
func (s *Server) settings(a account) *accountSettings {
	out := &accountSettings{commitmentOutput{Status: commitmentOff}}
	c := s.billing[a]
	if c == nil {
		return out
	}
	started := wireTime(c.started)
	out.Commitment.StartedAt = &started
	if c.enabled {
		out.Commitment.Status = commitmentOn
		return out
	}
	ended := wireTime(c.ended)
	out.Commitment.EndedAt = &ended
	return out
}

func (s *Server) describeAccountSettings(_ context.Context, r *awsapi.Request, _ *struct{}) (*accountSettings, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.settings(account{r.AccountID, r.Region}), nil
}

type updateAccountSettingsInput struct {
	Commitment *struct {
		Status *string `json:"Status"`
	} `json:"MinimumThroughputBillingCommitment"`
}

// updateAccountSettings lets a commitment end whenever it is asked to: AWS has it
// run for 24 hours at least.
func (s *Server) updateAccountSettings(_ context.Context, r *awsapi.Request, in *updateAccountSettingsInput) (*accountSettings, error) {
	var v awsapi.Validation
	v.Required("minimumThroughputBillingCommitment", in.Commitment != nil)
	if in.Commitment != nil {
		v.Required("minimumThroughputBillingCommitment.status", in.Commitment.Status != nil)
		v.String("minimumThroughputBillingCommitment.status", in.Commitment.Status, awsapi.Strings{Enum: []string{commitmentOn, commitmentOff}})
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	a, now, on := account{r.AccountID, r.Region}, s.now(), *in.Commitment.Status == commitmentOn
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c := s.billing[a]; {
	case c == nil && on, c != nil && on && !c.enabled:
		s.billing[a] = &commitment{enabled: true, started: now}
	case c != nil && c.enabled && !on:
		s.billing[a] = &commitment{started: c.started, ended: now}
	}
	return s.settings(a), nil
}

// committed reports whether an account may have warm throughput.
func (s *Server) committed(k streamKey) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.billing[account{k.account, k.region}]
	return c != nil && c.enabled
}
