package console

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/das-local/das-local/internal/envelope"
	"github.com/das-local/das-local/internal/esdk"
)

// maxShown bounds what the page shows of each form of a record, in bytes.
const maxShown = 64 << 10

// step is one of the things that a consumer does to a record.
type step struct {
	Title, Call string
	Text        string // what is there after it
	Hex         bool   // Text is a dump
	Note        string
	Error       string
	Fields      []field // of the message's header
}

// record is the page of one record: what a consumer does with it, step by step.
func (c *Console) record(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	stream, shard, sequence := q.Get("stream"), q.Get("shard"), q.Get("sequence")
	it, err := c.kinesis.GetShardIterator(r.Context(), &kinesis.GetShardIteratorInput{StreamName: &stream, ShardId: &shard,
		ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: &sequence})
	if err != nil {
		c.failed(w, "The record cannot be found", err)
		return
	}
	out, err := c.kinesis.GetRecords(r.Context(), &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator, Limit: aws.Int32(1)})
	if err != nil {
		c.failed(w, "The record cannot be read", err)
		return
	}
	if len(out.Records) == 0 || aws.ToString(out.Records[0].SequenceNumber) != sequence {
		c.fail(w, http.StatusNotFound, "The record is gone", "Records are kept for the stream's retention period.")
		return
	}
	rec := out.Records[0]
	forms, steps := c.takeApart(r.Context(), stream, rec.Data)
	c.render(w, "record", "Record", map[string]any{"Stream": stream, "Shard": shard, "Sequence": sequence, "PartitionKey": visible(aws.ToString(rec.PartitionKey)),
		"Arrival": aws.ToTime(rec.ApproximateArrivalTimestamp), "Bytes": len(rec.Data), "Forms": forms, "Steps": steps})
}

// takeApart gives the forms of a record, raw, envelope and decrypted, and the steps from
// the first to the last, as far as one gets: those of the Aurora user guide's consumers.
func (c *Console) takeApart(ctx context.Context, stream string, data []byte) (forms, steps []step) {
	forms = []step{{Title: "Raw", Call: "kinesis GetRecords", Note: "The record's Data: " + byteCount(len(data)) + ", here as base64, the way the API sends it.",
		Text: cut(base64.StdEncoding.EncodeToString(data))}}
	outer, err := envelope.ParseOuter(data)
	if err != nil {
		return append(forms, step{Title: "Envelope", Call: "JSON", Error: err.Error(), Text: cut(visible(string(data)))}), nil
	}
	forms = append(forms, step{Title: "Envelope", Call: "JSON", Note: "Type and version in the clear; the events and the data key encrypted.", Text: cut(indent(data))})
	steps = []step{{Title: "Decode the envelope", Call: "JSON, base64", Note: fmt.Sprintf("The field databaseActivityEvents decodes to %s, an AWS Encryption SDK message; the field key to %s, a KMS ciphertext.",
		byteCount(len(outer.Message)), byteCount(len(outer.Key)))}}

	keys := newKeyRing(c.kms, stream)
	defer keys.forget()
	dataKey, unwrap := unwrapStep(ctx, keys, outer.Key)
	steps = append(steps, unwrap, messageStep(outer.Message))
	events := step{Title: "Decrypted", Call: "activity events"}
	if unwrap.Error != "" {
		events.Error = "The data key cannot be decrypted: " + unwrap.Error
		return append(forms, events), steps
	}
	unzip := step{Title: "Decompress and read", Call: "gzip, JSON", Hex: true}
	packed, err := envelope.DecryptMessage(outer.Message, dataKey)
	if err == nil {
		unzip.Note, unzip.Text = fmt.Sprintf("The plaintext is %s of gzip, as 1f 8b at its start says.", byteCount(len(packed))), hexDump(packed)
		var inner []byte
		if inner, err = envelope.Gunzip(packed, envelope.MaxInner); err == nil {
			unzip.Note += " In it is JSON of " + byteCount(len(inner)) + ", whose databaseActivityEventList has the activity events: of type record, or heartbeat when nothing happened."
			events.Note, events.Text = byteCount(len(inner))+" of JSON.", cut(indent(inner))
		}
	}
	if err != nil {
		unzip.Error, events.Error = err.Error(), err.Error()
	}
	return append(forms, events), append(steps, unzip)
}

// unwrapStep decrypts the data key.
func unwrapStep(ctx context.Context, keys *keyRing, blob []byte) (dataKey []byte, s step) {
	boundTo, _ := json.Marshal(keys.bound) // strings
	s = step{Title: "Decrypt the data key", Call: "kms Decrypt", Text: hexDump(blob), Hex: true,
		Note: fmt.Sprintf("CiphertextBlob is what key decodes to: the data key, encrypted under the stream's master key. EncryptionContext must be %s, which has the cluster's resource id; KMS refuses any other.", boundTo)}
	dataKey, err := keys.key(ctx, blob)
	if err != nil {
		s.Error = cause(err)
		return nil, s
	}
	s.Note += fmt.Sprintf(" The answer is a data key of %d bits, which is not shown.", len(dataKey)*8)
	return dataKey, s
}

// messageStep explains the message that has the events.
func messageStep(message []byte) step {
	header, err := esdk.Explain(message)
	s := step{Title: "Decrypt the events", Call: "AWS Encryption SDK", Text: hexDump(message), Hex: true, Fields: explain(message, header),
		Note: fmt.Sprintf("With the data key as a raw AES master key of provider BC and name DataKey (AES-GCM, no padding). The message is %s: a header, whose fields follow, and %s.",
			byteCount(len(message)), body(header))}
	if err != nil {
		s.Error = err.Error()
	}
	return s
}

func body(h esdk.Header) string {
	if h.Framed {
		return fmt.Sprintf("%d bytes of ciphertext in frames, %d in number", h.ContentLength, h.Frames)
	}
	return fmt.Sprintf("%d bytes of ciphertext without frames", h.ContentLength)
}

func indent(data []byte) string {
	if text, ok := showJSON(data); ok {
		return text
	}
	return visible(string(data))
}

// hexDump shows the beginning of bytes, sixteen a line.
func hexDump(b []byte) string {
	const most = 1 << 10
	if len(b) > most {
		return hex.Dump(b[:most]) + fmt.Sprintf("… and %s bytes more", comma(len(b)-most))
	}
	return hex.Dump(b)
}

// cut bounds what is shown.
func cut(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return head(s, maxShown) + fmt.Sprintf("\n… and %s bytes more", comma(len(s)-maxShown))
}
