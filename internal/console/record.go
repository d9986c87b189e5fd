package console

import (
	"bytes"
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
// the second to the third, as far as one gets.
func (c *Console) takeApart(ctx context.Context, stream string, data []byte) (forms, steps []step) {
	forms = []step{{Title: "Raw", Call: "kinesis GetRecords", Note: "Data as the API gives it: base64 of " + byteCount(len(data)) + ".",
		Text: cut(base64.StdEncoding.EncodeToString(data))}}
	outer, err := envelope.ParseOuter(data)
	if err != nil {
		return append(forms, step{Title: "Envelope", Call: "base64, JSON", Error: err.Error(), Text: cut(visible(string(data)))}), nil
	}
	forms = append(forms, step{Title: "Envelope", Call: "base64, JSON", Note: "Type, version, the encrypted events and the encrypted data key.", Text: cut(indent(data))})

	keys := newKeyRing(c.kms, stream)
	defer keys.forget()
	boundTo, _ := json.Marshal(keys.bound) // strings
	unwrap := step{Title: "Data key", Call: "kms Decrypt", Note: fmt.Sprintf("The field key is a KMS ciphertext of %d bytes. Its encryption context is %s; any other is refused.", len(outer.Key), boundTo),
		Text: hexDump(outer.Key), Hex: true}
	dataKey, keyErr := keys.key(ctx, outer.Key)
	if keyErr != nil {
		unwrap.Error = cause(keyErr)
	} else {
		unwrap.Note += fmt.Sprintf(" The answer is a key of %d bits, which is not shown.", len(dataKey)*8)
	}
	header, err := esdk.Explain(outer.Message)
	message := step{Title: "Encryption SDK message", Call: "base64", Note: fmt.Sprintf("The field databaseActivityEvents is a message of %d bytes: a header, then %s.", len(outer.Message), body(header)),
		Text: hexDump(outer.Message), Hex: true, Fields: explain(outer.Message, header)}
	if err != nil {
		message.Error = err.Error()
	}
	steps = []step{unwrap, message}
	events := step{Title: "Decrypted", Call: "gunzip, JSON"}
	if keyErr != nil {
		events.Error = "Its data key cannot be decrypted: " + cause(keyErr)
		return append(forms, events), steps
	}
	plain := step{Title: "Plaintext", Call: "AES-GCM, gunzip", Hex: true}
	packed, err := envelope.DecryptMessage(outer.Message, dataKey)
	if err == nil {
		plain.Note, plain.Text = fmt.Sprintf("%d bytes of gzip, as 1f 8b at the start says.", len(packed)), hexDump(packed)
		var inner []byte
		if inner, err = envelope.Gunzip(packed, envelope.MaxInner); err == nil {
			events.Note, events.Text = byteCount(len(inner))+" of JSON.", cut(indent(inner))
		}
	}
	if err != nil {
		plain.Error, events.Error = err.Error(), err.Error()
	}
	return append(forms, events), append(steps, plain)
}

func body(h esdk.Header) string {
	if h.Framed {
		return fmt.Sprintf("%d frame(s) with %d bytes of ciphertext", h.Frames, h.ContentLength)
	}
	return fmt.Sprintf("a body without frames, %d bytes of ciphertext", h.ContentLength)
}

func indent(data []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, data, "", "  ") != nil {
		return visible(string(data))
	}
	return out.String()
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
