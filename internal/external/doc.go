// Package external publishes to a Kinesis and a KMS that are not das-local's own: AWS,
// or another implementation.
//
//	Writer.Put ──▶ the first record of each lane ──PutRecords──▶ 500 records, 5 MiB
//	                   ▲                                 │
//	                   └──────── what was refused ◀──────┘
//
// Kinesis refuses single records of a PutRecords call (a shard is throttled, say) and
// stores those behind them. So a call has one record of each lane at most, and the next
// of a lane follows when the one before it is stored: the records of a lane are read in
// their order.
//
// An answer that is lost leaves open whether the records are stored. They are put again:
// each record is stored at least once.
//
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
package external
