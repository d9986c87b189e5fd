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
//
// With an IntentLog a sync stream also takes what sessions are about to do. It is
// forgotten by the call that stores the event:
//
//	Source.Intend ──▶ [group] ──▶ IntentLog.Append ──durable──▶ the statement is sent
//	Source.Record ──▶ [batch] ──▶ PutRecords, with Record.Settled
//
// With a spool, batches that have waited for a moment (a key that is disabled, a
// stream that is gone, more events than the publisher seals) are written to it and
// leave the memory. They are published in their order, by this stream or the next
// one with the spool, and leave the spool by the same call that publishes them: an
// event is in the spool or in the stream, and once. What can be lost with the
// process is what was recorded in the last SpoolDelay. A batch that cannot be read back is
// lost, and counted. Where the Publisher is elsewhere (Config.AtLeastOnce) a batch that
// settles intents is spooled before it is put.
package stream
