// Package stream is one activity stream: it batches the events of a cluster's
// instances into encrypted records and publishes them, in sync or async mode.
//
//	Source.Record ──▶ [batch] ──envelope.Seal──▶ Publisher.PutRecords
//	                              ▲ data key, reused for a time
//	                          KeyService.GenerateDataKey
//
// A batch is cut as soon as the publisher is free (group commit), never on a
// tick: one waiting session costs one put, a hundred waiting sessions too.
// A heartbeat record goes out per instance and interval.
package stream
