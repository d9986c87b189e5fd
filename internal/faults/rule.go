package faults

import (
	"encoding/json"
	"fmt"
	"time"
)

// Caller says whose calls a rule hits.
type Caller string

// The callers: das-local itself, which publishes events, and everybody else.
const (
	Both     Caller = "both"
	Own      Caller = "das-local"
	External Caller = "clients"
)

// Rule is one fault as a user gives it. Kind is required; what else a kind takes and
// needs, Check says.
type Rule struct {
	Kind Kind
	// Operations are those it hits: "kinesis:PutRecords", "kinesis:*", or
	// "PutRecords". Empty: those that the kind is about.
	Operations []string
	// Caller is whose calls it hits. Empty: both.
	Caller Caller
	// Probability of a hit, for each call that matches. 0: 1, every call.
	Probability float64
	// Count ends the rule after so many hits. 0: no bound.
	Count int
	// Duration ends the rule after that time on the emulator's clock. 0: it stays
	// until it is cleared. Of an upstream crash: how long the server is down; of a
	// reshard: how long the stream's status is UPDATING.
	Duration time.Duration
	// Delay of an answer, on the emulator's clock.
	Delay time.Duration
	// Share of the records of a PutRecords call that are refused; the others are
	// stored. 0: the call is refused as a whole.
	Share float64
	// Error is the error code of kms-denied. Empty: AccessDeniedException.
	Error string
	// Advance is how far the clock is put forward.
	Advance time.Duration
	// Stream is the Kinesis stream of a reshard. Empty: the first cluster's.
	Stream string
}

// wire is a rule as JSON: times are texts such as "30s".
type wire struct {
	Kind        Kind     `json:"kind"`
	Operations  []string `json:"operations,omitempty"`
	Caller      Caller   `json:"caller,omitempty"`
	Probability *float64 `json:"probability,omitempty"`
	Count       *int     `json:"count,omitempty"`
	Duration    string   `json:"duration,omitempty"`
	Delay       string   `json:"delay,omitempty"`
	Share       *float64 `json:"share,omitempty"`
	Error       string   `json:"error,omitempty"`
	Advance     string   `json:"advance,omitempty"`
	Stream      string   `json:"stream,omitempty"`
}

func (r Rule) wire() wire {
	w := wire{Kind: r.Kind, Operations: r.Operations, Caller: r.Caller, Error: r.Error, Stream: r.Stream}
	for _, t := range []struct {
		to *string
		d  time.Duration
	}{{&w.Duration, r.Duration}, {&w.Delay, r.Delay}, {&w.Advance, r.Advance}} {
		if t.d != 0 {
			*t.to = t.d.String()
		}
	}
	if r.Probability != 0 {
		w.Probability = &r.Probability
	}
	if r.Count != 0 {
		w.Count = &r.Count
	}
	if r.Share != 0 {
		w.Share = &r.Share
	}
	return w
}

// MarshalJSON writes times as texts and leaves out what is not said.
func (r Rule) MarshalJSON() ([]byte, error) { return json.Marshal(r.wire()) }

// Parse reads a rule of JSON. Members that there are not are refused, and numbers and
// times that are 0, which would mean that they are not given.
func Parse(b []byte) (Rule, error) {
	var w wire
	if err := strictly(b, &w); err != nil {
		return Rule{}, err
	}
	return w.rule()
}

func (w wire) rule() (Rule, error) {
	r := Rule{Kind: w.Kind, Operations: w.Operations, Caller: w.Caller, Error: w.Error, Stream: w.Stream}
	for _, t := range []struct {
		name, text string
		to         *time.Duration
	}{{"duration", w.Duration, &r.Duration}, {"delay", w.Delay, &r.Delay}, {"advance", w.Advance, &r.Advance}} {
		if t.text == "" {
			continue
		}
		d, err := time.ParseDuration(t.text)
		if err != nil || d <= 0 {
			return r, fmt.Errorf("%s is %q; it must be a time above 0, such as \"30s\", \"1m30s\" or \"250ms\"", t.name, t.text)
		}
		*t.to = d
	}
	for _, n := range []struct {
		name     string
		from, to *float64
	}{{"probability", w.Probability, &r.Probability}, {"share", w.Share, &r.Share}} {
		if n.from == nil {
			continue
		}
		if *n.from <= 0 || *n.from > 1 {
			return r, fmt.Errorf("%s is %v; it must be above 0 and at most 1", n.name, *n.from)
		}
		*n.to = *n.from
	}
	if w.Count != nil {
		if *w.Count < 1 {
			return r, fmt.Errorf("count is %d; it must be at least 1", *w.Count)
		}
		r.Count = *w.Count
	}
	return r, nil
}
