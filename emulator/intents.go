package emulator

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/store"
	"github.com/das-local/das-local/internal/stream"
	"github.com/das-local/das-local/rdsapi"
)

// The values of Options.SyncGuarantee.
const (
	guaranteeAcknowledged = "acknowledged"
	guaranteeExecuted     = "executed"
)

// intents are the intent log of an activity stream in the data directory, by the name
// of its Kinesis stream, the instance, and the number of the message.
//
//	n NAME \0 INSTANCE \0 NUMBER     the events that the message would have
//	n NAME \0 INSTANCE \0 NUMBER 1   how many of its statements are answered
//
// An event of the stream and the deletion of its intent are one batch of the store, so
// that one of them is there at any time, and never both.
type intents struct {
	disk *store.Store
	name string
}

// intents is the intent log of a stream; nil if nobody keeps one.
func (e *Emulator) intents(name string) stream.IntentLog {
	if e.opts.SyncGuarantee != guaranteeExecuted {
		return nil
	}
	return intents{e.disk, name}
}

func (l intents) prefix() []byte { return store.Name(store.KindIntent, l.name+"\x00") }

func (l intents) key(instance string, number uint64) []byte {
	key := append(append(l.prefix(), instance...), 0)
	return binary.BigEndian.AppendUint64(key, number)
}

// answered is the mark behind a key whose value is a number of statements.
const answered = 1

// Append implements stream.IntentLog.
func (l intents) Append(list []stream.Intent) (wait func(context.Context) error, err error) {
	var b store.Batch
	for i := range list {
		if value := encodeIntent(&list[i]); value != nil {
			b.Set(l.key(list[i].InstanceID, list[i].Number), value)
		}
	}
	if b.Len() == 0 {
		return nil, nil
	}
	pending, err := l.disk.Apply(&b, 0)
	if err != nil {
		return nil, err
	}
	return pending.Wait, nil
}

// Settle implements stream.IntentLog.
func (l intents) Settle(ctx context.Context, settled []stream.Settlement) error {
	var b store.Batch
	l.settle(&b, settled)
	return l.disk.Commit(ctx, &b)
}

// settle puts what is settled into a batch.
func (l intents) settle(b *store.Batch, settled []stream.Settlement) {
	for _, s := range settled {
		key := l.key(s.InstanceID, s.Intent)
		mark := append(slices.Clone(key), answered)
		if s.Answered == activity.AllAnswered {
			b.Delete(key)
			if s.Steps {
				b.Delete(mark)
			}
			continue
		}
		b.Set(mark, binary.BigEndian.AppendUint32(nil, s.Answered))
	}
}

// intentHead is what comes before the texts of a piece: from when on it is not needed,
// the number of its events, their first and last logTime in nanoseconds, and the
// lengths of the events and of the shorter form.
const intentHead = 4 + 4 + 8 + 8 + 4 + 4

// encodeIntent is the value of an intent; nil if there is nothing to tell of it.
func encodeIntent(in *stream.Intent) (value []byte) {
	for _, p := range in.Pieces {
		value = binary.BigEndian.AppendUint32(value, p.Until)
		value = binary.BigEndian.AppendUint32(value, uint32(p.Span.Lost))
		value = binary.BigEndian.AppendUint64(value, uint64(p.Span.First.UnixNano()))
		value = binary.BigEndian.AppendUint64(value, uint64(p.Span.Last.UnixNano()))
		value = binary.BigEndian.AppendUint32(value, uint32(len(p.Events)))
		value = binary.BigEndian.AppendUint32(value, uint32(len(p.Cut)))
		value = append(append(value, p.Events...), p.Cut...)
	}
	return value
}

// decodeIntent is the opposite of encodeIntent. The pieces share the bytes.
func decodeIntent(value []byte) (pieces []stream.IntentPiece, err error) {
	for len(value) > 0 {
		if len(value) < intentHead {
			return nil, errShort
		}
		u32 := func(at int) uint32 { return binary.BigEndian.Uint32(value[at:]) }
		when := func(at int) time.Time { return time.Unix(0, int64(binary.BigEndian.Uint64(value[at:]))) }
		p := stream.IntentPiece{Until: u32(0), Span: stream.Loss{Lost: int64(u32(4)), First: when(8), Last: when(16)}}
		events, cut := uint64(u32(24)), uint64(u32(28))
		if value = value[intentHead:]; uint64(len(value)) < events+cut || events == 0 || p.Span.Lost == 0 {
			return nil, errShort
		}
		p.Events = value[:events:events]
		if cut > 0 {
			p.Cut = value[events : events+cut : events+cut]
		}
		if err := checkEvents(p.Events, p.Cut); err != nil {
			return nil, err
		}
		value = value[events+cut:]
		pieces = append(pieces, p)
	}
	return pieces, nil
}

// maxRecovered is the JSON of unknown outcomes that one record gets.
const maxRecovered = 64 << 10

// recoverQueue makes a stream's queue on disk what the stream that starts can publish,
// before anything new: what an earlier process had queued, and behind it events of the
// intents that it has left, which are made by one write, so that each is made once. What
// is damaged is set aside.
func (e *Emulator) recoverQueue(ctx context.Context, s rdsapi.ActivityStream) error {
	if e.disk == nil {
		return nil
	}
	l, of := intents{e.disk, s.StreamName}, spool{e.disk, s.StreamName}
	found := damage{disk: e.disk}
	last := uint64(0)
	if err := of.survey(&found, func(b *stream.SpooledBatch) { last = b.Position }); err != nil {
		return fmt.Errorf("read the queue of the activity stream: %w", err)
	}
	batches, err := l.left(&found)
	if err != nil {
		return fmt.Errorf("read the intents of the activity stream: %w", err)
	}
	var b store.Batch
	e.setAside(s, &found, &b)
	b.DeleteRange(l.prefix(), store.After(l.prefix()))
	if len(batches) > 0 {
		events := int64(0)
		for i := range batches {
			batches[i].Position = last + uint64(i) + 1
			b.Set(of.key(batches[i].Position), encodeSpooled(&batches[i]))
			events += batches[i].Span.Lost
		}
		e.log.Warn("the outcome of statements is unknown: their events say so", "stream", s.StreamName, "events", events)
	}
	if err := e.disk.Commit(ctx, &b); err != nil {
		return fmt.Errorf("recover the intents of the activity stream: %w", err)
	}
	return nil
}

// left are the events of what is in the log, and what there cannot be read.
func (l intents) left(found *damage) (batches []stream.SpooledBatch, err error) {
	done, err := l.progress()
	if err != nil {
		return nil, err
	}
	err = l.disk.Scan(l.prefix(), store.After(l.prefix()), func(key, value []byte) bool {
		instance, number, mark, ok := l.parseKey(key)
		if mark && len(value) == 4 {
			return true
		}
		pieces, bad := decodeIntent(slices.Clone(value))
		switch {
		case !ok:
			bad = errors.New("its name has no number")
		case mark:
			bad = errors.New("it is no number of statements")
		}
		if bad != nil {
			return found.add(key, value, stream.Loss{}, bad)
		}
		for _, p := range pieces {
			if p.Until > done[intentID{instance, number}] {
				batches = join(batches, instance, p)
			}
		}
		return true
	})
	return batches, errors.Join(err, found.err)
}

type intentID struct {
	instance string
	number   uint64
}

// progress is how many statements of the messages are answered that are not all.
func (l intents) progress() (map[intentID]uint32, error) {
	done := map[intentID]uint32{}
	err := l.disk.Scan(l.prefix(), store.After(l.prefix()), func(key, value []byte) bool {
		instance, number, mark, ok := l.parseKey(key)
		if ok && mark && len(value) == 4 {
			done[intentID{instance, number}] = binary.BigEndian.Uint32(value)
		}
		return true
	})
	return done, err
}

// parseKey takes a key apart.
func (l intents) parseKey(key []byte) (instance string, number uint64, mark, ok bool) {
	rest := key[min(len(l.prefix()), len(key)):]
	end := slices.Index(rest, 0)
	if end < 0 {
		return "", 0, false, false
	}
	instance, rest = string(rest[:end]), rest[end+1:]
	switch {
	case len(rest) == 8:
	case len(rest) == 9 && rest[8] == answered:
		mark = true
	default:
		return "", 0, false, false
	}
	return instance, binary.BigEndian.Uint64(rest), mark, true
}

// join appends a piece to the last batch, if there is room.
func join(batches []stream.SpooledBatch, instance string, p stream.IntentPiece) []stream.SpooledBatch {
	if n := len(batches); n > 0 {
		b := &batches[n-1]
		if b.InstanceID == instance && b.Cut == nil && p.Cut == nil && len(b.Events)+len(p.Events) < maxRecovered {
			b.Events = append(append(b.Events, ','), p.Events...)
			b.Span.Add(p.Span)
			return batches
		}
	}
	return append(batches, stream.SpooledBatch{InstanceID: instance, Events: p.Events, Span: p.Span, Cut: p.Cut})
}
