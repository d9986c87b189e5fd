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
	c.render(w, "record", "Record", map[string]any{"Stream": stream, "Shard": shard, "Sequence": sequence, "PartitionKey": visible(aws.ToString(rec.PartitionKey)),
		"Arrival": aws.ToTime(rec.ApproximateArrivalTimestamp), "Bytes": len(rec.Data), "Steps": c.steps(r.Context(), stream, rec.Data)})
}

// steps takes a record apart as far as it goes.
func (c *Console) steps(ctx context.Context, stream string, data []byte) []step {
	steps := []step{{Title: "Raw record", Call: "kinesis GetRecords", Note: "As AWS's APIs give it: base64 of " + byteCount(len(data)) + ".",
		Text: cut(base64.StdEncoding.EncodeToString(data))}}
	outer, err := envelope.ParseOuter(data)
	if err != nil {
		return append(steps, step{Title: "Envelope", Call: "base64, JSON", Error: err.Error(), Text: cut(visible(string(data)))})
	}
	steps = append(steps, step{Title: "Envelope", Call: "base64, JSON", Note: "Type, version, the encrypted events and the encrypted data key.", Text: cut(indent(data))})

	keys := newKeyRing(c.kms, stream)
	defer keys.forget()
	boundTo, _ := json.Marshal(keys.bound) // strings
	unwrap := step{Title: "Data key", Call: "kms Decrypt", Note: fmt.Sprintf("The field key is a KMS ciphertext of %d bytes. Its encryption context is %s; any other is refused.", len(outer.Key), boundTo),
		Text: cut(hexDump(outer.Key))}
	dataKey, err := keys.key(ctx, outer.Key)
	if err != nil {
		unwrap.Error = cause(err)
	} else {
		unwrap.Note += fmt.Sprintf(" The answer is a key of %d bits, which is not shown.", len(dataKey)*8)
	}
	steps = append(steps, unwrap)

	header, explainErr := esdk.Explain(outer.Message)
	message := step{Title: "Encryption SDK message", Call: "base64", Note: fmt.Sprintf("databaseActivityEvents is a message of %d bytes: a header, then %s.", len(outer.Message), body(header)),
		Text: cut(hexDump(outer.Message)), Fields: explain(outer.Message, header)}
	if explainErr != nil {
		message.Error = explainErr.Error()
	}
	if steps = append(steps, message); err != nil {
		return steps
	}
	return append(steps, decrypted(outer.Message, dataKey)...)
}

// decrypted are the steps behind the data key.
func decrypted(message, dataKey []byte) []step {
	packed, err := envelope.DecryptMessage(message, dataKey)
	if err != nil {
		return []step{{Title: "Plaintext", Call: "AES-GCM", Error: err.Error()}}
	}
	open := step{Title: "Plaintext", Call: "AES-GCM", Note: fmt.Sprintf("%d bytes of gzip, as 1f 8b at the start says.", len(packed)), Text: cut(hexDump(packed))}
	inner, err := envelope.Gunzip(packed, envelope.MaxInner)
	if err != nil {
		return []step{open, {Title: "Events", Call: "gunzip", Error: err.Error()}}
	}
	return []step{open, {Title: "Events", Call: "gunzip, JSON", Note: byteCount(len(inner)) + " of JSON.", Text: cut(indent(inner))}}
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
