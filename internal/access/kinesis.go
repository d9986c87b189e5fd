package access

import "strings"

// kinesisInput has the members that decide about access.
type kinesisInput struct {
	StreamName    *string           `json:"StreamName"`
	StreamARN     *string           `json:"StreamARN"`
	ConsumerName  *string           `json:"ConsumerName"`
	ConsumerARN   *string           `json:"ConsumerARN"`
	ResourceARN   *string           `json:"ResourceARN"`
	ShardIterator *string           `json:"ShardIterator"`
	NextToken     *string           `json:"NextToken"`
	KeyID         *string           `json:"KeyId"`
	Tags          map[string]string `json:"Tags"`
	TagKeys       []string          `json:"TagKeys"`
}

// kinesisAccountWide are the actions that are not about one stream.
var kinesisAccountWide = map[string]bool{
	"ListStreams": true, "DescribeLimits": true, "DescribeAccountSettings": true, "UpdateAccountSettings": true,
}

// kinesisNeeds: the stream or the consumer, and to encrypt a stream the key too. The
// reference has no resource for UpdateShardCount, UpdateStreamMode and enhanced
// monitoring; RDS's own role (AmazonRDSServiceRolePolicy) allows the first on
// streams, so the stream it is.
func (g *Guard) kinesisNeeds(operation string, decode func(any) error) ([]need, error) {
	n := need{action: "kinesis:" + operation, resource: "*"}
	if kinesisAccountWide[operation] {
		return []need{n}, nil
	}
	var in kinesisInput
	if err := decode(&in); err != nil {
		return nil, err
	}
	n.resource = g.kinesisResource(operation, &in)
	if n.resource != "*" {
		n.policy = g.cfg.Streams.StreamPolicy(n.resource)
	}
	n.context = g.tagContext(g.cfg.Streams.StreamTags(n.resource), in.Tags, in.TagKeys)
	list := []need{n}
	if key := value(in.KeyID); key != "" && strings.HasSuffix(operation, "StreamEncryption") {
		arn := key
		if k, ok := g.cfg.Keys.Key(key); ok {
			arn = k.ARN
		}
		list = append(list, need{action: n.action, resource: arn, context: n.context})
	}
	return list, nil
}

// kinesisResource is the ARN of what a call is about, by the member that the
// operation itself goes by: others must not lead astray. What names nothing is "*",
// for the operation to refuse.
func (g *Guard) kinesisResource(operation string, in *kinesisInput) string {
	stream := value(in.StreamARN)
	if name := value(in.StreamName); stream == "" && name != "" {
		stream = g.arn("kinesis", "stream/"+name)
	}
	arn := stream
	switch operation {
	case "GetRecords":
		arn = g.streamOf(in.ShardIterator)
	case "ListShards":
		if in.NextToken != nil {
			arn = g.streamOf(in.NextToken)
		}
	case "SubscribeToShard":
		arn = value(in.ConsumerARN)
	case "DescribeStreamConsumer", "DeregisterStreamConsumer":
		if arn = value(in.ConsumerARN); arn == "" && stream != "" {
			if arn = g.cfg.Streams.ConsumerARN(stream, value(in.ConsumerName)); arn == "" {
				arn = stream + "/consumer/" + value(in.ConsumerName) + ":*" // there is none: who may know that?
			}
		}
	case "TagResource", "UntagResource", "ListTagsForResource", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy":
		arn = value(in.ResourceARN)
	}
	if arn == "" {
		return "*"
	}
	return arn
}

func (g *Guard) streamOf(token *string) string {
	arn, _ := g.cfg.Streams.StreamOf(value(token))
	return arn
}
