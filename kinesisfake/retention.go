package kinesisfake

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
)

type retentionInput struct {
	streamRef
	RetentionPeriodHours *int `json:"RetentionPeriodHours"`
}

// setRetention checks what both operations check, then has accept compare the
// new period with the old one.
func (s *Server) setRetention(r *awsapi.Request, in *retentionInput, accept func(k streamKey, old, new int) error) (*struct{}, error) {
	var v awsapi.Validation
	v.Required("retentionPeriodHours", in.RetentionPeriodHours != nil)
	k, err := in.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	hours := *in.RetentionPeriodHours
	if hours < minRetentionHours {
		return nil, errInvalid("Minimum allowed retention period is %d hours. Requested retention period (%d hours) is too short.", minRetentionHours, hours)
	}
	if hours > maxRetentionHours {
		return nil, errInvalid("Maximum allowed retention period is %d hours. Requested retention period (%d hours) is too long.", maxRetentionHours, hours)
	}
	return nil, s.change(k, 0, func(st *stream, now int64) error {
		if err := accept(k, st.retentionHours, hours); err != nil {
			return err
		}
		// Under the old period first: what is gone does not come back.
		horizon := st.horizon(now)
		st.retentionHours = hours
		for _, sh := range st.shards {
			s.expire(sh, max(horizon, st.horizon(now)))
		}
		return nil
	})
}

func (s *Server) increaseRetention(_ context.Context, r *awsapi.Request, in *retentionInput) (*struct{}, error) {
	return s.setRetention(r, in, func(k streamKey, old, hours int) error {
		if hours < old {
			return errInvalid("Requested retention period (%d hours) for stream %s can not be shorter than existing retention period (%d hours)."+
				" Use DecreaseRetentionPeriod API.", hours, k.name, old)
		}
		return nil
	})
}

func (s *Server) decreaseRetention(_ context.Context, r *awsapi.Request, in *retentionInput) (*struct{}, error) {
	return s.setRetention(r, in, func(k streamKey, old, hours int) error {
		if hours > old {
			return errInvalid("Requested retention period (%d hours) for stream %s can not be longer than existing retention period (%d hours)."+
				" Use IncreaseRetentionPeriod API.", hours, k.name, old)
		}
		return nil
	})
}
