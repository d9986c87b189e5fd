package proxy

import (
	"slices"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

// Intending may be implemented by a Recorder that must know what sessions are about to
// do before the server does: a statement is sent when its intent is durable. Events
// bear what they settle (activity.Event.Settles).
type Intending interface {
	// Intending says whether anybody wants intents now. It is an atomic load or two.
	Intending() bool

	// Intend takes intents and keeps nothing of them. It returns nil if nobody wants
	// them, else a channel that is closed when they are durable, or when the stream has
	// given up waiting for that; many sessions may share one channel.
	Intend(intents []activity.Intent) (durable <-chan struct{})

	// Settle takes intents back that have no event.
	Settle(settled []activity.Settled)
}

// announcer tells what a session is about to do. The goroutine that relays to the
// upstream owns it, but for early and params.
type announcer struct {
	foreseer *audit.Session // nil until it is needed
	upTo     int64          // the number after that of the last statement foreseen

	// Guarded by session.mu.
	first  uint64             // of those that are being announced; 0: none are
	early  []activity.Settled // settled before they were stored
	params []parameter        // what the foreseer has not seen
	alone  bool               // what waits to be sent is all that the server is going to do
	cancel []byte             // a CancelRequest for it
}

// parameter is a ParameterStatus.
type parameter struct{ name, value string }

// maxParams bounds the parameters that wait for the foreseer; a server reports about 15.
const maxParams = 256

// intends says whether the session's messages are announced.
func (s *session) intends() bool { return s.p.intending != nil && s.p.intending.Intending() }

// watch notes what the announcer has to know of items. mu is held.
func (s *session) watch(items []track.Item) {
	if s.p.intending == nil {
		return
	}
	a := &s.announcer
	for i := range items {
		switch it := &items[i]; it.Kind {
		case track.Parameter:
			a.params = slices.DeleteFunc(a.params, func(old parameter) bool { return old.name == it.Name })
			if len(a.params) < maxParams {
				a.params = append(a.params, parameter{it.Name, it.Value})
			}
		case track.Settled:
			if a.first != 0 && it.Intent >= a.first {
				a.early = append(a.early, allAnswered(it))
			}
		}
	}
}

func allAnswered(it *track.Item) activity.Settled {
	return activity.Settled{Intent: it.Intent, Answered: activity.AllAnswered, Steps: it.Source == track.Query}
}

// announce stores what the client's bytes make the server do, and waits until that is
// durable. It reports false if they must not be sent any more. busy says that earlier
// statements are still to be answered.
func (s *session) announce(list []track.Intent, params []parameter, busy bool) bool {
	intents := s.foresee(list, params, busy)
	if hold := s.p.conf.onIntend; hold != nil {
		hold()
	}
	durable := s.p.intending.Intend(intents)
	alive := true
	if durable != nil {
		select {
		case <-durable:
		case <-s.killed:
		case <-s.ended:
			alive = false
		case <-s.ctx.Done():
			alive = false
		}
	}
	// Whoever gives up on intents may end the sessions first: then nothing is sent.
	alive = alive && s.verdict.Load() == nil
	s.mu.Lock()
	early := s.announcer.early
	s.announcer.early, s.announcer.first = nil, 0
	if !alive {
		s.announcer.alone, s.announcer.cancel = false, nil
	}
	s.mu.Unlock()
	if !alive { // what is not sent never happens
		for _, in := range list {
			early = activity.Settle(early, allAnswered(&in.Item))
		}
	}
	s.p.intending.Settle(early)
	return alive
}

// foresee makes the intents.
func (s *session) foresee(list []track.Intent, params []parameter, busy bool) []activity.Intent {
	a := &s.announcer
	if a.foreseer == nil {
		a.foreseer = s.foreseer()
	}
	for _, p := range params {
		a.foreseer.Apply(s.ctx, nil, []track.Item{{Kind: track.Parameter, Name: p.name, Value: p.value}})
	}
	next := s.nextID.Load()
	if busy {
		next = max(next, a.upTo)
	}
	intents, room := make([]activity.Intent, 0, len(list)), maxIntents
	for i := range list {
		events := a.foreseer.Foresee(s.ctx, nil, &list[i].Item, next)
		for i := range events {
			room = fit(&events[i], room)
		}
		next = a.foreseer.Next()
		if len(events) > 0 {
			intents = append(intents, activity.Intent{Number: list[i].Number, Events: events})
		}
	}
	a.upTo = next
	a.foreseer.Apply(s.ctx, nil, []track.Item{{Kind: track.Ready, TxStatus: 'I'}}) // it keeps no text
	return intents
}

// Bounds of the texts that the intents of one chunk hold: a chunk may run a long prepared
// statement thousands of times. When there is no room any more, texts are cut short.
const (
	maxIntents = 4 << 20
	shortText  = 1 << 10
)

// fit takes an event's texts from the room that is left.
func fit(e *activity.Event, room int) int {
	size := len(e.CommandText)
	for _, p := range e.Params {
		size += len(p)
	}
	if size <= shortText || size <= room {
		return max(room-size, 0)
	}
	e.CommandText = activity.Cut(e.CommandText, shortText, 0)
	if n := len(e.Params); n > 0 {
		e.Params = []string{activity.CutParams(n)}
	}
	return room
}

// foreseer makes the Session that foresees a session's events. It asks no catalogue:
// names are as they are written.
func (s *session) foreseer() *audit.Session {
	s.mu.Lock()
	pid := s.tracker.PID()
	s.mu.Unlock()
	p := s.p
	return p.foresee(identify(describe(s.hello, p.conf.Instance), s.started, pid), s.hello.params)
}

// settle marks what the events settle, and takes back what is settled without one.
func (j *journal) settle(items []track.Item, events []activity.Event) {
	for i := range items {
		if items[i].Kind == track.Settled {
			j.done = append(j.done, allAnswered(&items[i]))
		}
	}
	last := activity.Settled{}
	for i := len(events) - 1; i >= 0; i-- {
		e := &events[i]
		switch {
		case e.Settles.Intent == 0:
			continue
		case e.Settles.Intent == last.Intent && e.Settles.Answered == last.Answered:
			e.Settles = activity.Settled{} // the statement's last event does
			continue
		}
		other := e.Settles.Intent != last.Intent
		last = e.Settles
		at := -1
		if other {
			at = j.doneWith(last.Intent)
		}
		switch {
		case at >= 0:
			e.Settles = j.done[at]
			j.done = slices.Delete(j.done, at, at+1)
		case !e.Settles.Steps:
			e.Settles = activity.Settled{}
		}
	}
	if len(j.done) > 0 && !j.owes() {
		j.intending.Settle(j.done)
		j.done = j.done[:0]
	}
	if len(j.done) == 0 && cap(j.done) > keepItems {
		j.done = nil
	}
}

// doneWith finds an intent among those that are done with; the latest is most likely.
func (j *journal) doneWith(intent uint64) int {
	for i := len(j.done) - 1; i >= 0; i-- {
		if j.done[i].Intent == intent {
			return i
		}
	}
	return -1
}

// forward passes a chunk of the client on, what it makes the server do being announced
// before.
func (s *session) forward(chunk []byte) {
	s.mu.Lock()
	for s.tracker.Full() && !s.over.Load() && s.verdict.Load() == nil {
		s.waiting = true
		s.room.Wait()
	}
	s.tracker.Quiet(!s.p.conf.Recorder.Recording())
	s.tracker.Intend(s.intends())
	busy := s.tracker.Busy()
	good, err := s.tracker.Client(chunk, time.Now())
	intents := s.tracker.TakeIntents()
	var params []parameter
	if len(intents) > 0 {
		s.announcer.first, s.announcer.alone = intents[0].Number, !busy
		params, s.announcer.params = s.announcer.params, nil
	}
	lingers, pid := s.tracker.Lingers(), s.tracker.PID()
	s.mu.Unlock()
	if lingers {
		s.linger(pid)
	}
	if len(intents) > 0 && !s.announce(intents, params, busy) {
		return
	}
	if good > 0 {
		// A write that fails means that the server is gone; its last words
		// are still to come the other way.
		s.server.Write(chunk[:good])
	}
	if len(intents) > 0 {
		s.cancelSent()
	}
	s.brokenBy(err)
}
