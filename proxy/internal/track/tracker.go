package track

import (
	"slices"
	"time"
)

// Config bounds what a Tracker holds. Its zero value is usable.
type Config struct {
	// MaxText is how much of a statement's text, or of a parameter, is kept, in bytes; of all
	// parameters of a Bind, twice that and a little of each. 0 means 1 MiB.
	MaxText int
	// MaxStatements is how many named prepared statements are known at a time. 0
	// means 10,000.
	MaxStatements int
	// MaxBytes is how much the known statements, as much again the named portals, and
	// again the messages that await an answer, may hold together: beyond it texts are
	// cut short, of the oldest first, and the oldest are forgotten. 0 means 32 MiB.
	MaxBytes int
	// Assisted says that the server's own audit reports what it records: its
	// messages are Audited items, and the client does not get them (Pass).
	Assisted bool
	// Number gives the numbers of intents, see Tracker.Intend. Nil: there are none.
	Number func() uint64
}

// maxPending is how many messages may await an answer before the client's
// bytes have to wait: see Tracker.Full. A server's send buffer of 8 KiB holds
// fewer answers than that, so it always makes progress.
const maxPending = 16384

// shortText is what is kept of a text when the session is over its budget.
const shortText = 1024

// A Tracker follows one session after its StartupMessage. Its methods must not
// run at the same time.
type Tracker struct {
	conf   Config
	client framer
	server framer
	queue  fifo
	stmts  statements
	ports  portals
	tags   map[string]string // CommandComplete tags seen, to share them

	authed    bool // AuthenticationOk came
	tokens    bool // the server asked for GSSAPI or SSPI tokens
	connected bool // the first ReadyForQuery came
	refused   bool // AuthFailed was reported
	skipping  bool // after an error: until the client's next Sync
	copyOpen  bool // COPY FROM STDIN takes the client's messages
	clean     bool // the client sent Terminate
	temp      bool // a text has named the temporary schema
	quiet     bool
	wanted    bool // quiet was off when the client's message in hand began
	closed    bool
	failed    bool // the statement that ran when a FATAL came was reported
	tx        byte
	pid       int32
	key       []byte // BackendKeyData
	rows      int64  // DataRow messages of the statement that runs
	// explaining: the rows are kept in output, for they may be a plan.
	explaining bool
	output     []byte
	last       lastRun
	fatal      *Error

	// hold is the offset in the chunk of the first message whose item has to
	// be durable before the client sees it, or -1.
	hold int
	at   int // offset of the message in hand

	intending bool     // see Intend
	intents   []Intent // that nobody has taken yet

	notice notice
	gaps   []gap  // of the last server chunk, in order
	gapped int    // bytes in them
	lead   []byte // held back of chunks before, to be sent now
}

// lastRun is the extended statement that ended last: a failing Sync is its.
type lastRun struct {
	text    string
	textLen int
	name    string
}

// New makes the tracker of one session.
func New(conf Config) *Tracker {
	if conf.MaxText <= 0 {
		conf.MaxText = 1 << 20
	}
	if conf.MaxStatements <= 0 {
		conf.MaxStatements = 10000
	}
	if conf.MaxBytes <= 0 {
		conf.MaxBytes = 32 << 20
	}
	return &Tracker{
		conf:  conf,
		stmts: statements{maxCount: conf.MaxStatements, maxBytes: conf.MaxBytes},
		ports: portals{maxBytes: conf.MaxBytes},
		hold:  -1,
		tx:    'I',
	}
}

// Quiet tells whether statements that the client sends from now on are wanted.
// While they are not, the protocol is followed, prepared statements are known,
// and neither query text nor parameters are copied.
func (t *Tracker) Quiet(quiet bool) { t.quiet = quiet }

// PID is the backend's process id, once the server has sent it.
func (t *Tracker) PID() int32 { return t.pid }

// Connected says whether the session has been ready once.
func (t *Tracker) Connected() bool { return t.connected }

// Refused says whether the server refused the session.
func (t *Tracker) Refused() bool { return t.refused }

// Fatal is the FATAL or PANIC that the server has sent, or nil.
func (t *Tracker) Fatal() *Error { return t.fatal }

// Terminated says whether the client sent Terminate.
func (t *Tracker) Terminated() bool { return t.clean }

// Lingers says whether the client has ended a session that may have temporary
// objects. What only the session can say of them has to be asked before the server
// learns of the end.
func (t *Tracker) Lingers() bool { return t.clean && t.temp && !t.conf.Assisted }

// Busy says whether messages await an answer.
func (t *Tracker) Busy() bool { return t.queue.n > 0 }

// Idle says whether nothing runs and no transaction is open.
func (t *Tracker) Idle() bool { return t.connected && t.queue.n == 0 && t.tx == 'I' }

// CancelKey is the body of the server's BackendKeyData: process id and secret,
// of 4 bytes in protocol 3.0 and up to 256 later. Empty if there was none.
func (t *Tracker) CancelKey() []byte { return t.key }

// Full says that the client's bytes must wait until the server has answered.
func (t *Tracker) Full() bool { return t.queue.n >= maxPending }

// Between says whether the server's bytes so far end where a message ends, so
// that a message of the proxy's own may follow them.
func (t *Tracker) Between() bool {
	return !t.server.inBody && t.server.hdrLen == 0 || t.notice.held
}

// AnswerDue says whether the server is going to send a ReadyForQuery without
// anything more of the client.
func (t *Tracker) AnswerDue() bool {
	for i := range t.queue.n {
		switch t.queue.at(i).kind {
		case 'S', 'Q', 'F':
			return !t.copyOpen
		}
	}
	return false
}

// Hold is the offset in what Pass gives of the last server chunk of the first
// message that completed, or failed, something; -1 if there is none.
func (t *Tracker) Hold() int { return t.hold }

// Close reports the end of the session: what ran is lost, and Disconnected.
// cause is why, if neither Terminate nor a FATAL of the server says so.
func (t *Tracker) Close(cause *Error, now time.Time, items []Item) []Item {
	if t.closed || !t.connected {
		return items
	}
	t.closed = true
	why := t.fatal
	if why == nil {
		why = cause
	}
	if !t.failed && !t.skipping {
		lost := why
		if lost == nil {
			lost = &Error{Severity: "FATAL", SQLState: "08006", Message: "connection lost"}
		}
		items = t.loseRunning(lost, now, items)
	}
	items = t.settleRest(t.endSuspended(now, items))
	return append(items, Item{
		Kind: Disconnected, Err: why, Clean: t.clean && why == nil, TxStatus: t.tx, Start: now, End: now,
	})
}

// loseRunning reports the first statement that awaits its answer.
func (t *Tracker) loseRunning(lost *Error, now time.Time, items []Item) []Item {
	for t.queue.n > 0 {
		e := t.queue.at(0)
		switch e.kind {
		case 'P':
			t.stmts.put(e.parsed)
		case 'B':
			items = t.bind(e, now, items)
		case 'Q', 'E', 'F':
			if e.reported || e.quiet {
				return items
			}
			it := t.failure(e, now)
			it.Err = lost
			if it.Intent == 0 || t.fatal != nil {
				return append(items, it)
			}
			it.Err = unknown(lost)
			if p := t.ports.get(e.name); e.kind == 'E' && p != nil {
				t.ports.unsuspend(p)
				p.done = true
			}
			items = t.settle(e, append(items, it))
		}
		t.queue.pop()
	}
	return items
}

// endSuspended reports portals that end before their last row was fetched.
func (t *Tracker) endSuspended(now time.Time, items []Item) []Item {
	list := t.ports.suspended
	t.ports.suspended = nil
	for _, p := range list {
		items = t.endPortal(p, now, items)
	}
	return items
}

// endCursors reports the portals of cursors that may be closed now: another one of the same
// name is not the same.
func (t *Tracker) endCursors(now time.Time, items []Item) []Item {
	for _, p := range slices.Clone(t.ports.suspended) {
		if p.cursor {
			items = t.endPortal(p, now, items)
			t.ports.forget(p.name)
		}
	}
	return items
}

// endBound reports the portals that end without having been run, the oldest first.
func (t *Tracker) endBound(now time.Time, items []Item) []Item {
	var list []*portal
	if t.ports.bound && t.ports.unnamed.unused() {
		list = append(list, &t.ports.unnamed)
	}
	for _, p := range t.ports.named {
		if p.unused() {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *portal) int { return a.bound.Compare(b.bound) })
	for _, p := range list {
		items = t.endPortal(p, now, items)
	}
	return items
}

// unused says whether the executor started and nothing was fetched.
func (p *portal) unused() bool { return p.open && !p.done && p.start.IsZero() }

// endPortal reports p if it is suspended, or was never run.
func (t *Tracker) endPortal(p *portal, now time.Time, items []Item) []Item {
	if p == nil {
		return items
	}
	unused := p.unused()
	if !p.suspended && !unused {
		return items
	}
	t.ports.unsuspend(p)
	p.done = true
	if p.quiet {
		return t.settlePortal(p, items)
	}
	it := t.portalItem(p, now)
	it.Kind, it.Partial, it.Rows, it.Bound = Completed, true, p.rows, unused
	if unused {
		it.Start = p.bound
	}
	t.holdHere()
	return t.settlePortal(p, append(items, it))
}

// portalItem is an item about a portal, without its outcome.
func (t *Tracker) portalItem(p *portal, now time.Time) Item {
	it := Item{Source: Execute, Name: p.stmtName, Portal: p.cursorName(), Params: p.params, Group: p.group, Intent: p.intent, Start: p.start, End: now}
	if s := p.stmt; s != nil {
		it.Text, it.TextLen = s.text, s.textLen
		if p.params != nil {
			p.params.Types = s.types
		}
	}
	return it
}

func (t *Tracker) holdHere() {
	if t.hold < 0 {
		t.hold = max(t.at, 0) - t.gapped + len(t.lead)
	}
}
