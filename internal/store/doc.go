// Package store is the durable state of an emulator: one Pebble database in one
// directory, for one process at a time.
//
//	Apply ─ticket─▶ batch ──▶ WAL ──▶ fsync ──▶ Pending.Wait: nil
//	  │    (in order)           │
//	  │                         └─ an error: the database is fenced, closed and
//	  └─ refused meanwhile         opened again; the ticket that is found there
//	                               says which of the waiting batches are stored
//
// What a caller may rely on:
//
//   - When Wait (or Commit) returns nil the batch is on disk. When it returns an
//     error other than ErrUnknown, the batch is not and never will be.
//   - Batches are stored wholly or not at all, and in the order of Apply: when one
//     is lost, so are all behind it. All who wait share the next fsync.
//   - Nothing that the disk does ends the process. A full disk or an I/O error is
//     an error to the writer until the directory works again, which is tried with
//     growing pauses.
//   - A tail of the write-ahead log that a crash tore or the disk damaged is found
//     by checksum, cut and reported; what is damaged is kept beside it.
//   - An entry or a table that cannot be read is an error that names it and the fix, and
//     is told once; all else can be read and written. KeepAside is for callers that can
//     do without an entry.
//
// The layers: files of the database go through a guard. Its first error fences them
// all and is kept from Pebble, which would end the process at some and repeat
// others for ever; the store asks the guard after each fsync. The guard is also
// where faults are injected on purpose.
//
// See https://github.com/cockroachdb/pebble
package store
