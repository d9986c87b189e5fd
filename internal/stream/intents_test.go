package stream

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
)

// intentBed is a bed with a spool and an intent log on the same disk: what is put or
// spooled and what it settles are one.
type intentBed struct {
	*spoolBed
	mu      sync.Mutex
	log     map[uint64][]IntentPiece
	marks   map[uint64]uint32
	writes  [][]uint64    // the numbers of each Append
	bad     error         // of Append
	hold    chan struct{} // waits until it is closed; nil: nothing
	applied chan struct{} // told of each Append; nil: nobody
}

func newIntentBed(t *testing.T) *intentBed {
	return &intentBed{spoolBed: &spoolBed{bed: newBed(t)}, log: map[uint64][]IntentPiece{}, marks: map[uint64]uint32{}}
}

func (b *intentBed) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// left are the intents in the log.
func (b *intentBed) left() (numbers []uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n := range b.log {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

func (b *intentBed) settle(list []Settlement) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range list {
		if s.InstanceID != instanceID {
			b.t.Errorf("an intent of %s is settled", s.InstanceID)
		}
		if s.Answered == activity.AllAnswered {
			delete(b.log, s.Intent)
			delete(b.marks, s.Intent)
		} else {
			b.marks[s.Intent] = s.Answered
		}
	}
}

// intentLog has the methods of IntentLog; those of Spool have the same names.
type intentLog struct{ *intentBed }

func (l intentLog) Append(list []Intent) (func(context.Context) error, error) {
	b := l.intentBed
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.applied != nil {
		b.applied <- struct{}{}
	}
	if b.bad != nil {
		return nil, b.bad
	}
	var numbers []uint64
	for _, in := range list {
		b.log[in.Number] = in.Pieces
		numbers = append(numbers, in.Number)
	}
	b.writes = append(b.writes, numbers)
	hold := b.hold
	return func(ctx context.Context) error {
		if hold != nil {
			select {
			case <-hold:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}, nil
}

func (l intentLog) Settle(_ context.Context, list []Settlement) error {
	l.settle(list)
	return nil
}

type intentSpool struct{ *intentBed }

func (s intentSpool) Append(ctx context.Context, batches []SpooledBatch) error {
	if err := s.spoolBed.Append(ctx, batches); err != nil {
		return err
	}
	for _, b := range batches {
		s.settle(b.Settled)
	}
	return nil
}

func (b *intentBed) PutRecords(ctx context.Context, name string, records []Record) error {
	if err := b.spoolBed.PutRecords(ctx, name, records); err != nil {
		return err
	}
	for _, r := range records {
		b.settle(r.Settled)
	}
	return nil
}

func (b *intentBed) config() Config {
	c := b.bed.config(Sync)
	c.Publisher, c.KeyService, c.Spool, c.Intents = b, b, intentSpool{b}, intentLog{b}
	c.RetryBackoff, c.SyncTimeout, c.SpoolDelay = time.Millisecond, time.Hour, time.Hour
	return c
}

// intent is that of a message with so many statements.
func intent(number uint64, statements int) []activity.Intent {
	in := activity.Intent{Number: number}
	for i := range statements {
		e := event(int64(number), "select 1")
		e.Settles = activity.Settled{Intent: number, Answered: uint32(i + 1)}
		in.Events = append(in.Events, e)
	}
	return []activity.Intent{in}
}

// settling is an event that settles an intent up to a statement.
func settling(number uint64, answered uint32) []activity.Event {
	e := one(int64(number))
	e[0].Settles = activity.Settled{Intent: number, Answered: answered}
	return e
}

// closed waits for a channel; a nil one is.
func closed(t *testing.T, ch <-chan struct{}) {
	t.Helper()
	if ch != nil {
		await.Receive(t, "somebody to be let go", ch)
	}
}

func open(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return false
	default:
		return ch != nil
	}
}

// TestIntentsShareAWrite: those who come while a group is stored share the next one.
func TestIntentsShareAWrite(t *testing.T) {
	b := newIntentBed(t)
	b.hold, b.applied = make(chan struct{}), make(chan struct{}, 8)
	_, src, stop := b.run(b.config())
	if !src.Intending() {
		t.Fatal("nobody wants intents")
	}
	first := src.Intend(intent(1, 1))
	<-b.applied
	var more []<-chan struct{}
	for n := range uint64(9) {
		more = append(more, src.Intend(intent(n+2, 1)))
	}
	if !open(first) || !open(more[0]) {
		t.Error("they are not waited for")
	}
	close(b.hold)
	closed(t, first)
	for _, ch := range more {
		closed(t, ch)
	}
	b.set(func() {
		if len(b.writes) != 2 || len(b.writes[1]) != 9 {
			t.Errorf("writes %v", b.writes)
		}
	})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestEventsSettleIntents: an intent is there until its event is, and no longer.
func TestEventsSettleIntents(t *testing.T) {
	b := newIntentBed(t)
	s, src, stop := b.run(b.config())
	closed(t, src.Intend(intent(1, 1)))
	closed(t, src.Intend(intent(2, 3)))
	if got := b.left(); !slices.Equal(got, []uint64{1, 2}) {
		t.Errorf("the log has %v", got)
	}
	closed(t, src.Record(settling(1, activity.AllAnswered)))
	closed(t, src.Record(settling(2, 2)))
	if got := b.left(); !slices.Equal(got, []uint64{2}) {
		t.Errorf("the log has %v", got)
	}
	b.set(func() {
		if b.marks[2] != 2 || len(b.log[2]) != 3 || b.log[2][2].Until != 3 {
			t.Errorf("of three statements %d are answered, %+v", b.marks[2], b.log[2])
		}
	})
	src.Settle([]activity.Settled{{Intent: 2, Answered: activity.AllAnswered}}) // nothing else comes
	soon(t, func() bool { return len(b.left()) == 0 && !s.hasVoid() })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestSpooledEventsSettleIntents: an event in the spool is as good as one in the stream.
func TestSpooledEventsSettleIntents(t *testing.T) {
	b := newIntentBed(t)
	c := b.config()
	c.SpoolDelay = 2 * time.Millisecond
	_, src, stop := b.run(c)
	closed(t, src.Intend(intent(1, 1)))
	b.setFail(errors.New("the key is disabled"))
	durable := src.Record(settling(1, activity.AllAnswered))
	soon(t, func() bool { return len(b.left()) == 0 })
	if _, events := b.count(); events != 1 || !open(durable) {
		t.Errorf("the spool has %d events", events)
	}
	b.setFail(nil)
	closed(t, durable)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestIntentsThatCannotBeStored: sessions go on after SyncTimeout, the window is told, and
// what nobody waits for any more is not stored: its event may have come.
func TestIntentsThatCannotBeStored(t *testing.T) { synctest.Test(t, intentsThatCannotBeStored) }

func intentsThatCannotBeStored(t *testing.T) {
	b := newIntentBed(t)
	b.bad = errors.New("the disk is full")
	c := b.config()
	c.SyncTimeout = time.Second
	s, src, stop := b.run(c)
	closed(t, src.Intend(intent(1, 1)))
	if n := b.seen(); len(n) == 0 || !n[0].Begin || n[0].Err != b.bad {
		t.Fatalf("notices %+v", n)
	}
	b.set(func() { b.bad = nil })
	src.Record(settling(1, activity.AllAnswered))
	soon(t, func() bool { return len(b.events()) == 1 && !s.Stats().LossWindow })
	if got := b.left(); len(got) > 0 {
		t.Errorf("the log has %v", got)
	}
	closed(t, src.Intend(intent(2, 1)))
	if got := b.left(); !slices.Equal(got, []uint64{2}) {
		t.Errorf("after the window the log has %v", got)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestIntentsTakenBack: what is settled before it is stored is not stored.
func TestIntentsTakenBack(t *testing.T) {
	b := newIntentBed(t)
	b.hold, b.applied = make(chan struct{}), make(chan struct{}, 8)
	_, src, stop := b.run(b.config())
	first := src.Intend(intent(1, 1))
	<-b.applied
	second := src.Intend(append(intent(2, 1), intent(3, 1)...))
	src.Settle([]activity.Settled{{Intent: 1, Answered: activity.AllAnswered}, {Intent: 2, Answered: activity.AllAnswered}})
	close(b.hold)
	closed(t, first)
	closed(t, second)
	soon(t, func() bool { return slices.Equal(b.left(), []uint64{3}) })
	b.set(func() {
		if !slices.Equal(b.writes[1], []uint64{3}) {
			t.Errorf("writes %v", b.writes)
		}
	})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestLostEventsSettleIntents: a loss is told once.
func TestLostEventsSettleIntents(t *testing.T) {
	b := newIntentBed(t)
	c := b.config()
	c.QueueBytes = 1
	s, src, stop := b.run(c)
	closed(t, src.Intend(intent(1, 1)))
	closed(t, src.Record(settling(1, activity.AllAnswered)))
	soon(t, func() bool { return len(b.left()) == 0 })
	if s.Stats().Lost != 1 {
		t.Errorf("%+v", s.Stats())
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestTheEndLeavesNoIntents: what is settled is removed even if nothing is published
// any more, and nobody waits for a stream that has ended.
func TestTheEndLeavesNoIntents(t *testing.T) {
	b := newIntentBed(t)
	s, src, stop := b.run(b.config())
	closed(t, src.Intend(intent(1, 1)))
	b.set(func() { b.bad = errors.New("the disk is full") })
	waiting := src.Intend(intent(2, 1))
	s.mu.Lock()
	s.intents.voidLocked(instanceID, []activity.Settled{{Intent: 1, Answered: activity.AllAnswered}})
	s.mu.Unlock()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	closed(t, waiting)
	if got := b.left(); len(got) > 0 {
		t.Errorf("the log has %v", got)
	}
	if src.Intend(intent(3, 1)) != nil {
		t.Error("a stream that has ended takes intents")
	}
}

func TestAsyncWantsNoIntents(t *testing.T) {
	b := newIntentBed(t)
	c := b.config()
	c.Mode = Async
	_, src, stop := b.run(c)
	if src.Intending() || src.Intend(intent(1, 1)) != nil {
		t.Error("an async stream takes intents")
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
