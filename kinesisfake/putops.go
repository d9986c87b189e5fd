package kinesisfake

import (
	"context"
	"fmt"

	"github.com/das-local/das-local/internal/awsapi"
)

// putEntry has the members that PutRecord and an entry of PutRecords share. A
// blob may be empty but not absent.
type putEntry struct {
	Data            *[]byte `json:"Data"`
	PartitionKey    *string `json:"PartitionKey"`
	ExplicitHashKey *string `json:"ExplicitHashKey"`
}

func (e *putEntry) validate(v *awsapi.Validation, prefix string) {
	if e.Data == nil || e.PartitionKey == nil {
		v.Required(prefix+"partitionKey", e.PartitionKey != nil)
		v.Required(prefix+"data", e.Data != nil)
		return
	}
	if n := len(*e.PartitionKey); n == 0 || n > keyRule.Max { // else the characters are few enough too
		v.String(prefix+"partitionKey", e.PartitionKey, keyRule)
	}
	if e.ExplicitHashKey != nil {
		v.String(prefix+"explicitHashKey", e.ExplicitHashKey, hashKeyRule)
	}
}

func (e *putEntry) put() (put, error) {
	p := put{key: *e.PartitionKey, data: *e.Data}
	if e.ExplicitHashKey != nil {
		h, ok := parseHashKey(*e.ExplicitHashKey)
		if !ok {
			return put{}, errInvalid("Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was %s", *e.ExplicitHashKey)
		}
		p.hash = &h
	}
	return p, nil
}

type putRecordInput struct {
	streamRef
	putEntry
	SequenceNumberForOrdering *string `json:"SequenceNumberForOrdering"`
}

type putRecordOutput struct {
	ShardID        string `json:"ShardId"`
	SequenceNumber string `json:"SequenceNumber"`
	EncryptionType string `json:"EncryptionType,omitempty"`
}

func (s *Server) putRecord(ctx context.Context, r *awsapi.Request, in *putRecordInput) (*putRecordOutput, error) {
	var v awsapi.Validation
	in.putEntry.validate(&v, "")
	v.String("sequenceNumberForOrdering", in.SequenceNumberForOrdering, sequenceRule)
	k, err := in.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	if in.SequenceNumberForOrdering != nil {
		// Records are in order anyway; only nonsense is refused.
		if _, ok := parseSequence(*in.SequenceNumberForOrdering); !ok {
			return nil, errInvalid("ExclusiveMinimumSequenceNumber %s used in PutRecord on stream %s under account %s is invalid.",
				*in.SequenceNumberForOrdering, k.name, k.account)
		}
	}
	p, err := in.put()
	if err != nil {
		return nil, err
	}
	results, encryption, err := s.store(context.WithoutCancel(ctx), k, []put{p}, nil)
	if err != nil {
		return nil, err
	}
	switch results[0].ErrorCode {
	case "":
	case codeThroughput:
		return nil, awsapi.Errorf(codeThroughput, "%s", results[0].ErrorMessage)
	default:
		return nil, errInternal()
	}
	return &putRecordOutput{ShardID: results[0].ShardID, SequenceNumber: results[0].SequenceNumber, EncryptionType: encryption}, nil
}

type putRecordsInput struct {
	streamRef
	Records []putEntry `json:"Records"`
}

type putRecordsOutput struct {
	FailedRecordCount int         `json:"FailedRecordCount"`
	Records           []putResult `json:"Records"`
	EncryptionType    string      `json:"EncryptionType,omitempty"`
}

func (in *putRecordsInput) validate(v *awsapi.Validation) {
	v.Required("records", in.Records != nil)
	if in.Records == nil {
		return
	}
	// AWS shows all of the records here, which would be as long as the request.
	v.Length("records", "[...]", len(in.Records), 1, maxPutRecords)
	if len(in.Records) > maxPutRecords {
		return
	}
	for i := range in.Records {
		e := &in.Records[i]
		prefix := ""
		if !e.plain() {
			prefix = fmt.Sprintf("records.%d.member.", i+1)
		}
		e.validate(v, prefix)
	}
}

// plain reports whether nothing in the entry can be wrong, so that no name has
// to be made for it.
func (e *putEntry) plain() bool {
	return e.Data != nil && e.PartitionKey != nil && e.ExplicitHashKey == nil &&
		len(*e.PartitionKey) > 0 && len(*e.PartitionKey) <= keyRule.Max
}

func (s *Server) putRecords(ctx context.Context, r *awsapi.Request, in *putRecordsInput) (*putRecordsOutput, error) {
	var v awsapi.Validation
	in.validate(&v)
	k, err := in.resolve(r, &v)
	if err != nil {
		return nil, err
	}
	puts, bytes := make([]put, len(in.Records)), 0
	for i := range in.Records {
		if puts[i], err = in.Records[i].put(); err != nil {
			return nil, err
		}
		bytes += len(puts[i].data) + len(puts[i].key)
	}
	if bytes > maxPutBytes {
		return nil, errInvalid("Records size exceeds 10 MB limit")
	}
	results, encryption, err := s.storeSome(context.WithoutCancel(ctx), k, puts)
	if err != nil {
		return nil, err
	}
	out := &putRecordsOutput{Records: results, EncryptionType: encryption}
	for i := range results {
		if results[i].ErrorCode != "" {
			out.FailedRecordCount++
		}
	}
	return out, nil
}
