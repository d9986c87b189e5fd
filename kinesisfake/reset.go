package kinesisfake

import (
	"context"
	"errors"
	"fmt"

	"github.com/das-local/das-local/internal/awsapi"
)

// Reset removes the streams of all accounts and Regions, with their records and
// consumers, and the accounts' settings. Consumers that read learn that their stream is
// not there.
func (s *Server) Reset(ctx context.Context) error {
	s.mu.Lock()
	clear(s.billing)
	all := make([]streamKey, 0, len(s.streams))
	for k := range s.streams {
		all = append(all, k)
	}
	s.mu.Unlock()
	withConsumers := true
	for _, k := range all {
		r := &awsapi.Request{Service: s.Name(), Region: k.region, AccountID: k.account}
		_, err := s.deleteStream(ctx, r, &deleteStreamInput{streamRef{StreamName: &k.name}, &withConsumers})
		var answer *awsapi.Error
		if err != nil && !(errors.As(err, &answer) && answer.Code == "ResourceNotFoundException") {
			return fmt.Errorf("remove the Kinesis stream %s: %w", k.name, err)
		}
	}
	return nil
}
