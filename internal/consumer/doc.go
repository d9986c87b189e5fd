// Package consumer reads an activity stream at its end, the way a user's
// consumer does: Kinesis, KMS Decrypt, the Encryption SDK message, gzip, JSON.
// It works against das-local and against AWS.
//
//	ListShards ─▶ shards, parents before children
//	                │ GetRecords, one shard after the other
//	                ▼
//	           stream record ─▶ envelope.Open ─▶ Event, Event, …
//	                               │ blob ▲ data key
//	                            KMS Decrypt (remembered by blob)
//
// Within a shard, events come in the order of their sequence numbers; between
// shards there is none, because activity streams put each record under a
// random partition key. Nothing runs between two steps of the iteration: a slow
// caller slows the reading down.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/DBActivityStreams.Monitoring.html
package consumer
