package kmsfake

import (
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// lastUse is a key's last successful cryptographic operation. It is not stored:
// every Decrypt would wait for the disk. So tracking begins with the process.
type lastUse struct {
	operation string
	when      time.Time
}

// used notes that an operation has succeeded.
func (s *Server) used(operation string, k *key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.lastUse = lastUse{operation, s.now()}
}

type lastUsageOutput struct {
	KeyId             string
	KeyLastUsage      *lastUsageData `json:",omitempty"`
	TrackingStartDate awsapi.Time
	KeyCreationDate   awsapi.Time
}

type lastUsageData struct {
	Operation string
	Timestamp awsapi.Time
}

func (s *Server) getKeyLastUsage(in *keyInput) (*lastUsageOutput, error) {
	defer s.lock()()
	k, err := s.resolveKey(*in.KeyId)
	if err != nil {
		return nil, err
	}
	out := &lastUsageOutput{KeyId: k.arn, KeyCreationDate: awsapi.Time{Time: k.created}, TrackingStartDate: awsapi.Time{Time: k.created}}
	if k.created.Before(s.started) {
		out.TrackingStartDate = awsapi.Time{Time: s.started}
	}
	if k.lastUse.operation != "" {
		out.KeyLastUsage = &lastUsageData{k.lastUse.operation, awsapi.Time{Time: k.lastUse.when}}
	}
	return out, nil
}
