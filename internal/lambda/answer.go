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
// the first of them. An item that names no record fails the batch, as in Lambda, and so does
// what is no list of items; an answer without failures is of a function that reports none.
func reported(answer []byte, records []types.Record) (int, error) {
	var object map[string]json.RawMessage
	if json.Unmarshal(answer, &object) != nil {
		return len(records), nil
	}
	var failures []json.RawMessage
	if err := members(answer, map[string]any{"batchItemFailures": &failures}); err != nil {
		return 0, fmt.Errorf("what it reports is no list of failures: %w", err)
	}
	if len(failures) == 0 {
		return len(records), nil
	}
	at := make(map[string]int, len(records))
	for i := range records {
		at[aws.ToString(records[i].SequenceNumber)] = i
	}
	first := len(records)
	for _, f := range failures {
		var id string
		if err := members(f, map[string]any{"itemIdentifier": &id}); err != nil {
			return 0, fmt.Errorf("it reports %s as failed, which is no item of a list of failures: %w", f, err)
		}
		i, ok := at[id]
		if !ok {
			return 0, fmt.Errorf("it reports %q as failed, which is not the sequence number of a record of the batch", id)
		}
		first = min(first, i)
	}
	return first, fmt.Errorf("it reports %d of %d records as failed", len(failures), len(records))
}

// transformed checks the answer that Firehose wants: each record once, with a result.
// Records that were not processed are done too: Firehose puts them elsewhere.
func transformed(answer []byte, records []types.Record) error {
	var list []json.RawMessage
	if err := members(answer, map[string]any{"records": &list}); err != nil {
		return fmt.Errorf("its answer is not that of a transformation: %w", err)
	}
	left := make(map[string]bool, len(records))
	for i := range records {
		left[recordID(&records[i])] = true
	}
	for _, item := range list {
		var one struct {
			ID, Result string
			Data       *[]byte
		}
		if err := members(item, map[string]any{"recordId": &one.ID, "result": &one.Result, "data": &one.Data}); err != nil {
			return fmt.Errorf("its answer is not that of a transformation: %w", err)
		}
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
	var kind, message *string
	if members(answer, map[string]any{"errorType": &kind, "errorMessage": &message}) != nil || message == nil {
		return nil
	}
	if kind == nil || *kind == "" {
		return errors.New(*message)
	}
	return fmt.Errorf("%s: %s", *kind, *message)
}

// members reads members of a JSON object by their exact names: to AWS, unlike to
// encoding/json, "ItemIdentifier" is another name than "itemIdentifier".
func members(object []byte, into map[string]any) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(object, &all); err != nil {
		return err
	}
	for name, value := range into {
		if text, ok := all[name]; ok {
			if err := json.Unmarshal(text, value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}
