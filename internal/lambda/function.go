package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Function is a Lambda function behind a local endpoint of Lambda's Invoke API, such as
// that of the runtime interface emulator in AWS's base images or of "sam local
// start-lambda".
type Function struct {
	URL     string // http://127.0.0.1:9000/2015-03-31/functions/function/invocations
	Source  *Source
	Retries int           // how often a batch that failed is handed over again; negative: without end
	Backoff time.Duration // before the first of them; it doubles up to 16 times that
	Logger  *slog.Logger  // gets what fails and is tried again, at level warn
}

// Call is an invocation after which records are done.
type Call struct {
	ShardID  string          `json:"shardId"`
	Records  int             `json:"records"`
	First    string          `json:"firstSequenceNumber"`
	Last     string          `json:"lastSequenceNumber"`
	Attempts int             `json:"attempts"` // how often the first record was handed over
	Answer   json.RawMessage `json:"answer"`   // what is no JSON as a string
}

// maxAnswer is the longest answer that Lambda takes from a function.
const maxAnswer = 6<<20 + 100<<10

// longest is how long a function may run.
const longest = 15 * time.Minute

// Deliver hands records of one shard to the function, in order, in as many calls as they
// need, and says of each call what is done after it. As in Lambda, a batch that fails is
// handed over again, from the first record that the function reports as failed. Lambda
// then gives the batch up; Deliver returns an error, with nothing lost.
func (f *Function) Deliver(ctx context.Context, shardID string, records []types.Record, done func(Call) error) error {
	pause, attempts := f.Backoff, 0
	for len(records) > 0 {
		part := records[:Fit(records)]
		event, err := f.Source.Event(shardID, part)
		if err != nil {
			return fmt.Errorf("make the event: %w", err)
		}
		attempts++
		n := 0
		answer, err := f.invoke(ctx, event)
		if err == nil {
			n, err = f.Source.done(answer, part)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if n > 0 {
			c := Call{shardID, n, aws.ToString(part[0].SequenceNumber), aws.ToString(part[n-1].SequenceNumber), attempts, shown(answer)}
			if err := done(c); err != nil {
				return err
			}
			records, part, attempts, pause = records[n:], part[n:], 1, f.Backoff
		}
		if err == nil {
			attempts = 0
			continue
		}
		if f.Retries >= 0 && attempts > f.Retries {
			return fmt.Errorf("the function failed with %d records of %s, from sequence number %s on, called %d times: %w",
				len(part), shardID, aws.ToString(part[0].SequenceNumber), attempts, err)
		}
		f.Logger.Warn("the function failed, and is called again", "shard", shardID, "records", len(part), "error", err)
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, 16*f.Backoff)
	}
	return nil
}

// invoke calls the function and gives its answer, or why there is none.
func (f *Function) invoke(ctx context.Context, event []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.URL, bytes.NewReader(event))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	// What a redirection leads to is asked without the event, and is no function.
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" {
		return nil, fmt.Errorf("nothing answers at %s (%w): start the function first", f.URL, op.Err)
	}
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read its answer: %w", err)
	}
	if len(answer) > maxAnswer {
		return nil, errors.New("its answer is longer than the 6 MB that Lambda takes")
	}
	if err := failure(answer); err != nil {
		return nil, err
	}
	if kind := res.Header.Get("X-Amz-Function-Error"); kind != "" {
		return nil, fmt.Errorf("%s error: %.200q", kind, answer)
	}
	if res.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s is answered with status %s: %.200q", f.URL, res.Status, answer)
	}
	return answer, nil
}

// shown is an answer as JSON, whatever it is.
func shown(answer []byte) json.RawMessage {
	var compact bytes.Buffer
	if json.Compact(&compact, answer) == nil {
		return compact.Bytes()
	}
	text, err := json.Marshal(string(answer))
	if err != nil {
		return json.RawMessage("null") // not reached: a string has a JSON form
	}
	return text
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
