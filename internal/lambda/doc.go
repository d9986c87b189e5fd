// Package lambda hands a stream's records to a Lambda function that runs on this machine,
// in the events and with the retries of AWS: of a Kinesis event source mapping, or of a
// Firehose transformation.
//
//	records of one shard ─▶ Source.Event ─▶ POST to the function ─▶ what it has done of them
//	                            ▲ the same again, from the first record that failed │
//	                            └──────────────────────────────────────────────────┘
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html and
// https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
package lambda
