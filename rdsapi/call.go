package rdsapi

import (
	"context"
	"encoding/json"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// Call is a call of the API that starts or stops an activity stream. The guide says
// that such actions are in the stream's own log.
type Call struct {
	Action      string // "StartActivityStream"
	Parameters  string // as JSON, without those that were not given
	ResourceARN string // of the cluster
	Caller      string // the ARN of who called; empty: nobody was asked to sign
	RemoteAddr  string
	UserAgent   string
	Time        time.Time
}

// call describes the call that ctx belongs to; nil if the emulator itself asks.
func (s *Server) call(ctx context.Context, arn string, parameters any) *Call {
	r := awsapi.RequestOf(ctx)
	if r == nil {
		return nil
	}
	text, err := json.Marshal(parameters)
	if err != nil { // parameters are strings and booleans
		text = nil
	}
	return &Call{Action: r.Operation, Parameters: string(text), ResourceARN: arn, Caller: r.Caller.ARN, RemoteAddr: r.RemoteAddr,
		UserAgent: r.UserAgent, Time: s.cfg.Clock.Now()}
}
