// Package kinesisfake is Amazon Kinesis Data Streams in one process: streams,
// shards, records and iterators as AWS's clients see them.
//
//	HTTP ──awsapi──▶ Server.Operation ─┐
//	Go   ──PutRecords ─────────────────┤
//	                                   ▼
//	    Server ──account, region, name──▶ stream ──hash key──▶ shard ──position──▶ recordLog
//
// What a caller may rely on: a record that was acknowledged is read exactly once
// by a reader who follows each shard and then its children; sequence numbers
// grow within a shard, and a child's are greater than its parents'. A record is
// found by its position in the shard, which its sequence number holds, so that
// reading costs the same however much is stored.
//
// Streams and records are in memory, or with Config.Store on disk: a call's records
// are then one batch, stored wholly or not at all, which takes its positions under
// the locks of its shards and waits for the disk outside of them. Readers see what
// is durable.
//
// A subscription (SubscribeToShard) is one page after the other, as GetRecords has
// them, each sent when it is there:
//
//	append, landed, close of a shard ──tell──▶ changes ──▶ push ──▶ event frame
//
// A byte budget bounds the room: the oldest records go first, as if their
// retention had ended. AWS's throughput limits are enforced with Config.Limits.
// What happens with time, such as retention, shows at the next call; Run frees the
// room where nobody calls. No other goroutine is started.
//
// See https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html
package kinesisfake
