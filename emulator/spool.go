package emulator

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/das-local/das-local/internal/store"
	"github.com/das-local/das-local/internal/stream"
	"github.com/das-local/das-local/rdsapi"
)

// spool keeps the queue of an activity stream in the data directory, by the name of
// its Kinesis stream and the position in the queue.
type spool struct {
	disk *store.Store
	name string
}

// spool is the spool of a stream; nil without a data directory.
func (e *Emulator) spool(name string) stream.Spool {
	if e.disk == nil {
		return nil
	}
	return spool{e.disk, name}
}

func (s spool) prefix() []byte { return store.Name(store.KindSpool, s.name+"\x00") }

func (s spool) key(position uint64) []byte {
	return binary.BigEndian.AppendUint64(s.prefix(), position)
}

// spoolHead is what comes before the texts of a stored batch: the number of its
// events, their first and last logTime in nanoseconds, and the lengths of the
// instance's id and of the shorter form.
const spoolHead = 4 + 8 + 8 + 2 + 4

// Append implements stream.Spool.
func (s spool) Append(ctx context.Context, batches []stream.SpooledBatch) error {
	var b store.Batch
	for i := range batches {
		b.Set(s.key(batches[i].Position), encodeSpooled(&batches[i]))
		intents(s).settle(&b, batches[i].Settled)
	}
	return s.disk.Commit(ctx, &b)
}

// encodeSpooled is the value of a batch.
func encodeSpooled(batch *stream.SpooledBatch) []byte {
	value := make([]byte, 0, spoolHead+len(batch.InstanceID)+len(batch.Cut)+len(batch.Events))
	value = binary.BigEndian.AppendUint32(value, uint32(batch.Span.Lost))
	value = binary.BigEndian.AppendUint64(value, uint64(batch.Span.First.UnixNano()))
	value = binary.BigEndian.AppendUint64(value, uint64(batch.Span.Last.UnixNano()))
	value = binary.BigEndian.AppendUint16(value, uint16(len(batch.InstanceID)))
	value = binary.BigEndian.AppendUint32(value, uint32(len(batch.Cut)))
	value = append(value, batch.InstanceID...)
	value = append(value, batch.Cut...)
	return append(value, batch.Events...)
}

var errShort = errors.New("it is shorter than it says")

// parseSpooled is the opposite of encodeSpooled. The batch shares the bytes. With an error
// it has what the head of the value says, if there is one.
func parseSpooled(key, value []byte) (stream.SpooledBatch, error) {
	if len(key) < 8 || len(value) < spoolHead {
		return stream.SpooledBatch{}, errShort
	}
	when := func(at int) time.Time { return time.Unix(0, int64(binary.BigEndian.Uint64(value[at:]))) }
	b := stream.SpooledBatch{Position: binary.BigEndian.Uint64(key[len(key)-8:]),
		Span: stream.Loss{Lost: int64(binary.BigEndian.Uint32(value)), First: when(4), Last: when(12)}}
	id, cut := int(binary.BigEndian.Uint16(value[20:])), int(binary.BigEndian.Uint32(value[22:]))
	if value = value[spoolHead:]; len(value) < id || len(value)-id < cut {
		return b, errShort
	}
	b.InstanceID = string(value[:id])
	if cut > 0 {
		b.Cut = value[id : id+cut]
	}
	if b.Events = value[id+cut:]; len(b.Events) == 0 || b.Span.Lost == 0 {
		return b, errNoEvents
	}
	return b, nil
}

// parse takes an entry of the queue apart.
func (s spool) parse(key, value []byte) (stream.SpooledBatch, error) {
	if len(key) != len(s.prefix())+8 {
		return stream.SpooledBatch{}, errors.New("its name has no position")
	}
	return parseSpooled(key, value)
}

// survey calls f with all batches, and finds the entries that are none.
func (s spool) survey(found *damage, f func(*stream.SpooledBatch)) error {
	err := s.disk.Scan(s.prefix(), store.After(s.prefix()), func(key, value []byte) bool {
		b, err := s.parse(key, value)
		if err != nil {
			return found.add(key, value, plausible(b.Span, len(value)), err)
		}
		f(&b)
		return true
	})
	return errors.Join(err, found.err)
}

// Read implements stream.Spool.
func (s spool) Read(position uint64) (stream.SpooledBatch, error) {
	key := s.key(position)
	value, ok, err := s.disk.Get(key)
	if store.IsDamage(err) || err == nil && !ok {
		return stream.SpooledBatch{}, fmt.Errorf("%w: %s: %w", stream.ErrDamaged, store.Describe(key), cmp.Or(err, errGone))
	}
	if err != nil {
		return stream.SpooledBatch{}, err
	}
	b, err := s.parse(key, value)
	if err == nil {
		err = checkEvents(b.Events, b.Cut)
	}
	if err != nil {
		path, aside := s.disk.KeepAside(key, value)
		if aside != nil {
			return stream.SpooledBatch{}, aside // it stays until it can be kept
		}
		return stream.SpooledBatch{}, fmt.Errorf("%w: %s: %w; it is kept in %s", stream.ErrDamaged, store.Describe(key), err, path)
	}
	return b, nil
}

var errGone = errors.New("it is not there")

// Remove implements stream.Spool.
func (s spool) Remove(ctx context.Context, positions []uint64) error {
	var b store.Batch
	for _, position := range positions {
		b.Delete(s.key(position))
	}
	return s.disk.Commit(ctx, &b)
}

// Each implements stream.Spool.
func (s spool) Each(f func(stream.SpooledBatch) error) error {
	var bad error
	err := s.disk.Scan(s.prefix(), store.After(s.prefix()), func(key, value []byte) bool {
		var batch stream.SpooledBatch
		if batch, bad = s.parse(key, value); bad != nil {
			bad = s.disk.Damaged(key, bad)
		} else {
			bad = f(batch)
		}
		return bad == nil
	})
	return errors.Join(err, bad)
}

// discardSpool drops what a stream that has stopped could not publish, and tells
// how much that was.
func (e *Emulator) discardSpool(ctx context.Context, s rdsapi.ActivityStream) error {
	if e.disk == nil {
		return nil
	}
	var b store.Batch
	of, lost, cause := spool{e.disk, s.StreamName}, stream.Loss{}, errors.New("the stream was stopped before its queue was published")
	found := damage{disk: e.disk}
	err := of.survey(&found, func(b *stream.SpooledBatch) { lost.Add(b.Span) })
	if store.IsDamage(err) {
		cause, err = fmt.Errorf("%w; how much there was is not known for certain: %w", cause, err), nil
	}
	if err != nil {
		return err
	}
	e.setAside(s, &found, &b)
	b.DeleteRange(of.prefix(), store.After(of.prefix()))
	b.DeleteRange(intents(of).prefix(), store.After(intents(of).prefix()))
	if err := e.disk.Commit(ctx, &b); err != nil || lost.Lost == 0 {
		return err
	}
	e.notice(s, stream.Notice{Begin: true, Err: cause})
	e.notice(s, stream.Notice{Loss: lost})
	return nil
}
