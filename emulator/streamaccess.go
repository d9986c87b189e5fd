package emulator

import (
	"context"
	"encoding/json"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/kinesisfake"
)

// streams tells package access about Kinesis streams.
type streams struct {
	*kinesisfake.Server
	region, account string
}

// StreamTags implements access.Streams.
func (s streams) StreamTags(arn string) map[string]string { return s.TagsOf(arn) }

// StreamPolicy implements access.Streams.
func (s streams) StreamPolicy(arn string) string {
	var out struct{ Policy string }
	s.ask("GetResourcePolicy", map[string]string{"ResourceARN": arn}, &out)
	return out.Policy
}

// ConsumerARN implements access.Streams.
func (s streams) ConsumerARN(streamARN, name string) string {
	var out struct {
		ConsumerDescription struct{ ConsumerARN string }
	}
	s.ask("DescribeStreamConsumer", map[string]string{"StreamARN": streamARN, "ConsumerName": name}, &out)
	return out.ConsumerDescription.ConsumerARN
}

// ask calls an operation of the service as a client would, with the account's own
// rights. out stays empty if that fails: then there is nothing to protect.
func (s streams) ask(operation string, in map[string]string, out any) {
	op := s.Operation(operation)
	if op == nil {
		return
	}
	r := &awsapi.Request{Service: s.Name(), Operation: operation, Region: s.region, AccountID: s.account}
	answer, err := op(context.Background(), r, func(input any) error {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		return json.Unmarshal(b, input)
	})
	if err != nil {
		return
	}
	if b, err := json.Marshal(answer); err == nil {
		_ = json.Unmarshal(b, out) // an answer of another shape has no policy either
	}
}
