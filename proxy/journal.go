package proxy

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/proxy/internal/track"
)

// An auditor turns one session's items into events, in order.
type auditor interface {
	Apply(ctx context.Context, dst []activity.Event, items []track.Item) []activity.Event
	// Owed says whether a statement has completed whose events are still to come.
	Owed() bool
}

// A journal takes what one session did to the Recorder. The goroutine that
// relays to the client owns it.
type journal struct {
	recorder Recorder
	holding  Holding // nil: the Recorder does not tell
	open     func(about activity.Session, params map[string]string) auditor
	params   map[string]string // of the StartupMessage
	about    activity.Session
	started  time.Time

	logger *slog.Logger // of a server that audits; nil: none does, or it was told

	standIns  *standIns
	intending Intending // nil: nobody wants intents
	nextID    *atomic.Int64
	done      []activity.Settled // intents that are done with, whose events are still to come

	doubt doubt

	audit  auditor // nil until the session is ready or refused
	ready  bool
	seen   filter
	items  []track.Item
	events []activity.Event
}

// keepItems is the buffer that stays with an idle session.
const keepItems = 4

func (j *journal) init(s *session) {
	j.recorder = s.p.conf.Recorder
	j.holding, _ = j.recorder.(Holding)
	j.doubt.tell(j.recorder)
	j.open = s.p.open
	j.intending, j.nextID, j.standIns = s.p.intending, &s.nextID, &s.p.standIns
	if s.p.conf.Audit.Assisted {
		j.logger = s.p.conf.Logger
	}
	j.params = s.hello.params
	j.started = s.started
	j.about = describe(s.hello, s.p.conf.Instance)
}

// describe is what is known of a session when it starts.
func describe(h *hello, instance InstanceInfo) activity.Session {
	about := activity.Session{
		UserName:          h.params["user"],
		DatabaseName:      h.params["database"],
		ClientApplication: h.params["application_name"],
		ServerVersion:     instance.ServerVersion,
		ServerHost:        instance.ServerHost,
		NetProtocol:       "TCP",
		DBProtocol:        "Postgres 3.0",
	}
	switch physical, err := strconv.ParseBool(h.params["replication"]); {
	case err == nil && physical:
		about.DatabaseName = "" // physical replication has no database
	case about.DatabaseName == "":
		about.DatabaseName = about.UserName
	}
	if isUnix(h.conn) {
		about.RemoteHost = "[local]"
	} else if host, port, err := net.SplitHostPort(h.conn.RemoteAddr().String()); err == nil {
		about.RemoteHost, about.RemotePort = host, port
	}
	return about
}

// identify is a session with its process id, and the id that has it.
func identify(about activity.Session, started time.Time, pid int32) activity.Session {
	about.PID = pid
	about.SessionID = activity.SessionID(started, pid)
	return about
}

// holds says whether completions must be recorded before they are passed on.
func (j *journal) holds() bool {
	if j.open == nil || !j.recorder.Recording() {
		return false
	}
	return j.holding == nil || j.holding.Holding()
}

// owes says whether a statement has completed whose events are still to come.
func (j *journal) owes() bool { return j.audit != nil && j.audit.Owed() }

// pause makes the events that are owed, and records them.
func (j *journal) pause(ctx context.Context, pid int32) <-chan struct{} {
	j.items = append(j.items, track.Item{Kind: track.Pause})
	return j.write(ctx, pid)
}

// write records the items. In sync mode it returns what to wait for.
func (j *journal) write(ctx context.Context, pid int32) <-chan struct{} {
	if len(j.items) == 0 {
		return nil
	}
	if !j.begin(pid) {
		j.trim()
		return nil
	}
	durable, events := j.record(ctx, pid, j.items, j.events[:0])
	j.events = events
	j.reset()
	return durable
}

// record makes events of items, in the buffer given, and records them.
func (j *journal) record(ctx context.Context, pid int32, items []track.Item, events []activity.Event) (<-chan struct{}, []activity.Event) {
	j.explain(items)
	recording := j.recorder.Recording()
	if recording {
		j.seen = filter{}
	} else {
		items = j.seen.needed(items)
	}
	if len(items) == 0 || j.audit == nil {
		return nil, events
	}
	if !j.doubt.begin(items, recording) {
		return nil, events
	}
	events = j.audit.Apply(ctx, events, items)
	if !j.doubt.end() {
		return nil, events
	}
	defer j.doubt.mu.Unlock()
	if recording && j.intending != nil {
		j.settle(items, events)
	}
	if len(events) > 0 {
		j.nextID.Store(events[len(events)-1].StatementID + 1)
	}
	if !recording || len(events) == 0 {
		return nil, events
	}
	return j.recorder.Record(events), events
}

// untranslatable is the SQLSTATE of text that the client's encoding cannot express.
const untranslatable = "22P05"

// explain says, once in a session, what may have made a statement fail that is right:
// the server's audit record of it, which is sent in the client's encoding.
func (j *journal) explain(items []track.Item) {
	if j.logger == nil {
		return
	}
	for i := range items {
		if it := &items[i]; it.Kind == track.Failed && it.Err != nil && it.Err.SQLState == untranslatable {
			j.logger.Warn("a statement failed, perhaps for its audit record, which has characters that the client's encoding lacks: "+
				"use client_encoding UTF8, or --audit catalog", "pid", j.about.PID, "sqlstate", untranslatable)
			j.logger = nil
			return
		}
	}
}

// begin opens the audit of a session that has become ready or was refused. It
// says whether the items can be taken.
func (j *journal) begin(pid int32) bool {
	if j.ready {
		return true
	}
	for i := range j.items {
		k := j.items[i].Kind
		if k != track.Connected && k != track.AuthFailed {
			continue
		}
		j.ready = true
		if pid == 0 && k == track.AuthFailed {
			pid = j.standIns.next()
		}
		j.about = identify(j.about, j.started, pid)
		if j.open != nil {
			j.audit = j.open(j.about, j.params)
		}
		return true
	}
	return false
}

// maxEarly and maxEarlyBytes bound what a server may tell of a session before it is ready:
// some 15 parameters.
const (
	maxEarly      = maxParams
	maxEarlyBytes = 1 << 20
)

// trim keeps of what came before the session is ready the last value of each parameter,
// and the beginning of all if that is too much.
func (j *journal) trim() {
	if len(j.items) <= maxEarly/2 {
		return
	}
	last := make(map[string]int, maxEarly)
	for i := range j.items {
		if j.items[i].Kind == track.Parameter {
			last[j.items[i].Name] = i
		}
	}
	kept, room := j.items[:0], maxEarlyBytes
	for i := range j.items {
		it := &j.items[i]
		if it.Kind == track.Parameter && last[it.Name] != i {
			continue
		}
		if room -= it.Size(); len(kept) == maxEarly || room < 0 {
			break
		}
		kept = append(kept, *it)
	}
	clear(j.items[len(kept):])
	j.items = kept
	if cap(kept) > 4*maxEarly {
		j.items = append(make([]track.Item, 0, 2*maxEarly), kept...)
	}
}

// A filter knows what the audit has been told while nothing is recorded.
type filter struct{ tx byte }

// needed are the items that the audit must know all the same: what the session
// is, its named statements, when a transaction begins or ends, and that what is owed
// from before is not waited for. It reuses the slice.
func (f *filter) needed(items []track.Item) []track.Item {
	kept := items[:0]
	for i := range items {
		switch it := &items[i]; it.Kind {
		case track.Audited, track.Settled:
			continue
		case track.Completed, track.Failed:
			if !it.Quiet {
				continue
			}
		case track.Prepared:
			if it.Name == "" {
				continue
			}
		case track.Ready:
			if it.TxStatus == f.tx {
				continue
			}
			f.tx = it.TxStatus
		}
		kept = append(kept, items[i])
	}
	return kept
}

// reset forgets items and events, and large buffers.
func (j *journal) reset() {
	clear(j.items)
	clear(j.events)
	j.items, j.events = j.items[:0], j.events[:0]
	if cap(j.items) > keepItems {
		j.items = nil
	}
	if cap(j.events) > keepItems {
		j.events = nil
	}
}
