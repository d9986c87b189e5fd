package lambda

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// done is how many of the records, from the first on, a function's answer takes off the
// stream. An error says what is wrong with the others, or with the answer.
func (s *Source) done(answer []byte, records []types.Record) (int, error) {
	if s.form == Firehose {
		if err := transformed(answer, records); err != nil {
			return 0, err
		}
		return len(records), nil
	}
	return reported(answer, records)
}

// reported reads the failures that a function reports of a batch: records are done up to
// the first of them. An item that names no record fails the batch, as in Lambda, and an
// answer without such a list is of a function that reports none.
func reported(answer []byte, records []types.Record) (int, error) {
	var r events.KinesisEventResponse
	if json.Unmarshal(answer, &r) != nil || len(r.BatchItemFailures) == 0 {
		return len(records), nil
	}
	at := make(map[string]int, len(records))
	for i := range records {
		at[aws.ToString(records[i].SequenceNumber)] = i
	}
	first := len(records)
	for _, f := range r.BatchItemFailures {
		i, ok := at[f.ItemIdentifier]
		if !ok {
			return 0, fmt.Errorf("it reports %q as failed, which is not the sequence number of a record of the batch", f.ItemIdentifier)
		}
		first = min(first, i)
	}
	return first, fmt.Errorf("it reports %d of %d records as failed", len(r.BatchItemFailures), len(records))
}

// transformed checks the answer that Firehose wants: each record once, with a result.
// Records that were not processed are done too: Firehose puts them elsewhere.
func transformed(answer []byte, records []types.Record) error {
	var r struct {
		Records []struct {
			ID     string  `json:"recordId"`
			Result string  `json:"result"`
			Data   *[]byte `json:"data"`
		} `json:"records"`
	}
	if err := json.Unmarshal(answer, &r); err != nil {
		return fmt.Errorf("its answer is not that of a transformation: %w", err)
	}
	left := make(map[string]bool, len(records))
	for i := range records {
		left[recordID(&records[i])] = true
	}
	for _, one := range r.Records {
		switch {
		case !left[one.ID]:
			return fmt.Errorf("its answer has a record with the recordId %q, which it was not given or has answered already", one.ID)
		case one.Result == events.KinesisFirehoseTransformedStateOk && one.Data == nil:
			return fmt.Errorf("its answer has no data for the record %s, whose result is Ok", one.ID)
		case one.Result != events.KinesisFirehoseTransformedStateOk && one.Result != events.KinesisFirehoseTransformedStateDropped &&
			one.Result != events.KinesisFirehoseTransformedStateProcessingFailed:
			return fmt.Errorf("its answer has the result %q for the record %s; Firehose knows Ok, Dropped and ProcessingFailed", one.Result, one.ID)
		}
		delete(left, one.ID)
	}
	if len(left) > 0 {
		return fmt.Errorf("its answer lacks %d of %d records", len(left), len(records))
	}
	return nil
}

// failure reads the error that a runtime makes of a function's exception or end; nil if
// the answer is none. Local runtimes do not all tell it by a header.
func failure(answer []byte) error {
	var e struct {
		Type    *string `json:"errorType"`
		Message *string `json:"errorMessage"`
	}
	if json.Unmarshal(answer, &e) != nil || e.Message == nil {
		return nil
	}
	if e.Type == nil || *e.Type == "" {
		return errors.New(*e.Message)
	}
	return fmt.Errorf("%s: %s", *e.Type, *e.Message)
}
