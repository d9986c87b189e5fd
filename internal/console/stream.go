package console

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/das-local/das-local/internal/activity"
)

// How many records the page of a stream reads at once: most are heartbeats, one a second.
const (
	recordsPerPage   = 25
	withoutHeartbeat = 250
)

type shardView struct {
	ID, Parent, Adjacent, First, Last, From, To string
	Open, Chosen                                bool
}

type recordView struct {
	Sequence, PartitionKey, URL string
	Arrival                     time.Time
	Bytes                       int
	Holds                       string // what is in it, or why that is unknown
	Heartbeat                   bool
}

// positions are where reading of a shard may begin, as one chooses.
var positions = []struct {
	Value, Name string
	back        time.Duration // before now; 0: the oldest record
}{
	{"30s", "30 seconds ago", 30 * time.Second}, {"5m", "5 minutes ago", 5 * time.Minute},
	{"1h", "An hour ago", time.Hour}, {"oldest", "Oldest (TRIM_HORIZON)", 0},
}

// stream is the page of a Kinesis stream: its shards, and records of one of them.
func (c *Console) stream(w http.ResponseWriter, r *http.Request) {
	options, chosen, err := c.streams(r)
	if err != nil {
		c.failed(w, "The activity streams cannot be listed", err)
		return
	}
	q := r.URL.Query()
	data := map[string]any{"Streams": options, "Stream": chosen, "Positions": positions, "Position": q.Get("from"), "Heartbeats": q.Get("heartbeats") != ""}
	if chosen != "" {
		if err := c.describeStream(r.Context(), chosen, q, data); err != nil {
			c.failed(w, "The stream cannot be read", err)
			return
		}
	}
	c.render(w, "stream", "Stream", data)
}

func (c *Console) describeStream(ctx context.Context, name string, q url.Values, data map[string]any) error {
	summary, err := c.kinesis.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &name})
	if err != nil {
		return err
	}
	data["Summary"] = summary.StreamDescriptionSummary
	shards, err := c.shards(ctx, name)
	if err != nil {
		return err
	}
	at := 0
	for i, s := range shards {
		if s.ID == q.Get("shard") {
			at = i
		}
	}
	data["Shards"] = shards
	if len(shards) == 0 {
		return nil
	}
	shards[at].Chosen = true
	data["Shard"] = shards[at].ID
	iterator := q.Get("iterator")
	if iterator == "" {
		if iterator, err = c.iterator(ctx, name, shards[at].ID, q.Get("from")); err != nil {
			return err
		}
	}
	limit, heartbeats := int32(withoutHeartbeat), q.Get("heartbeats")
	if heartbeats != "" {
		limit = recordsPerPage
	}
	out, err := c.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: &iterator, Limit: &limit})
	if err != nil {
		return err
	}
	if behind := time.Duration(aws.ToInt64(out.MillisBehindLatest)) * time.Millisecond; behind > 0 {
		data["Behind"] = took(behind)
	}
	records := c.viewRecords(ctx, name, shards[at].ID, out.Records)
	if heartbeats == "" {
		all := len(records)
		records = slices.DeleteFunc(records, func(r recordView) bool { return r.Heartbeat })
		data["Hidden"] = all - len(records)
	}
	data["Records"] = records
	if next := aws.ToString(out.NextShardIterator); next != "" {
		again := url.Values{"stream": {name}, "shard": {shards[at].ID}, "from": {q.Get("from")}, "iterator": {next}}
		if heartbeats != "" {
			again.Set("heartbeats", heartbeats)
		}
		data["Next"] = Prefix + "/stream?" + again.Encode()
	}
	return nil
}

// shards lists the shards of a stream, the closed ones too.
func (c *Console) shards(ctx context.Context, stream string) (list []shardView, err error) {
	in := &kinesis.ListShardsInput{StreamName: &stream}
	for {
		out, err := c.kinesis.ListShards(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, s := range out.Shards {
			list = append(list, viewShard(s))
		}
		if out.NextToken == nil {
			return list, nil
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}

func viewShard(s types.Shard) shardView {
	v := shardView{ID: aws.ToString(s.ShardId), Parent: aws.ToString(s.ParentShardId), Adjacent: aws.ToString(s.AdjacentParentShardId), Open: true}
	if n := s.SequenceNumberRange; n != nil {
		v.First, v.Last = aws.ToString(n.StartingSequenceNumber), aws.ToString(n.EndingSequenceNumber)
		v.Open = v.Last == ""
	}
	if h := s.HashKeyRange; h != nil {
		v.From, v.To = aws.ToString(h.StartingHashKey), aws.ToString(h.EndingHashKey)
	}
	return v
}

// iterator begins at one of the positions; the first if none is meant.
func (c *Console) iterator(ctx context.Context, stream, shard, from string) (string, error) {
	back := positions[0].back
	for _, p := range positions {
		if p.Value == from {
			back = p.back
		}
	}
	in := &kinesis.GetShardIteratorInput{StreamName: &stream, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon}
	if back > 0 {
		in.ShardIteratorType = types.ShardIteratorTypeAtTimestamp
		in.Timestamp = aws.Time(c.cfg.Now().Add(-back))
	}
	out, err := c.kinesis.GetShardIterator(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ShardIterator), nil
}

// viewRecords looks into records. One that cannot be decrypted says why.
func (c *Console) viewRecords(ctx context.Context, stream, shard string, records []types.Record) []recordView {
	keys := newKeyRing(c.kms, stream)
	defer keys.forget()
	list := make([]recordView, 0, len(records))
	for _, rec := range records {
		seq := aws.ToString(rec.SequenceNumber)
		v := recordView{Sequence: seq, PartitionKey: visible(aws.ToString(rec.PartitionKey)), Arrival: aws.ToTime(rec.ApproximateArrivalTimestamp), Bytes: len(rec.Data),
			URL: Prefix + "/record?" + url.Values{"stream": {stream}, "shard": {shard}, "sequence": {seq}}.Encode()}
		v.Holds, v.Heartbeat = summary(keys.open(ctx, rec.Data))
		list = append(list, v)
	}
	return list
}

// summary says in a few words what a record holds.
func summary(opened *activity.Record, err error) (text string, heartbeat bool) {
	if err != nil {
		return shorten(cause(err)), false
	}
	events := 0
	for _, raw := range opened.Events {
		var head struct{ Type string }
		if json.Unmarshal(raw, &head) != nil || head.Type != activity.TypeHeartbeat {
			events++
		}
	}
	switch events {
	case 0:
		return "heartbeat", true
	case 1:
		return "1 event", false
	}
	return comma(events) + " events", false
}
