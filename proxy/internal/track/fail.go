package track

import "time"

// error handles ErrorResponse. In the extended protocol the server then skips
// everything up to the next Sync.
func (t *Tracker) error(err *Error, now time.Time, items []Item) []Item {
	if !t.connected {
		t.fatal = err
		if t.refused {
			return items
		}
		t.refused = true
		t.holdHere()
		return append(items, Item{Kind: AuthFailed, Err: err, Start: now, End: now})
	}
	t.rows = 0
	t.copyOpen = false
	for t.queue.n > 0 && t.queue.at(0).kind == 'c' {
		t.queue.pop()
	}
	if err.fatal() {
		t.fatal = err
	}
	if t.queue.n == 0 {
		return items
	}
	e := t.queue.at(0)
	if e.kind == 'Q' {
		items = t.beginQuery(e, now, items)
	}
	t.failed = t.failed || err.fatal()
	if !e.reported {
		e.reported = e.kind == 'Q' || e.kind == 'F'
		it := t.failure(e, now)
		it.Err = err
		items = t.emit(e, it, items)
	}
	if e.kind == 'E' {
		if p := t.ports.get(e.name); p != nil {
			t.ports.unsuspend(p)
			p.done = true
		}
	}
	items = t.settle(e, items)
	t.ports.closeAll()
	switch e.kind {
	case 'P', 'B', 'D', 'C', 'E':
		items = t.skip(items)
	}
	return items
}

// skip drops what the server will not run.
func (t *Tracker) skip(items []Item) []Item {
	for t.queue.n > 0 && t.queue.at(0).kind != 'S' {
		items = t.settle(t.queue.at(0), items)
		t.queue.pop()
	}
	t.skipping = t.queue.n == 0
	return items
}

// failure is the item for an entry that failed, without its error.
func (t *Tracker) failure(e *entry, now time.Time) Item {
	it := Item{Source: Execute}
	switch e.kind {
	case 'Q':
		it = Item{Source: Query, Text: e.text, TextLen: e.textLen, Index: e.index, Group: t.shared(), Intent: e.intent}
	case 'F':
		it = Item{Source: FunctionCall, FunctionOID: e.oid, Params: e.params, Intent: e.intent}
	case 'P':
		it.Name, it.Text, it.TextLen = e.parsed.name, e.parsed.text, e.parsed.textLen
	case 'B':
		it = t.portalItem(&portal{stmt: t.stmts.get(e.stmt), stmtName: e.stmt, params: e.params}, now)
	case 'E':
		if p := t.ports.get(e.name); p != nil {
			t.ran(p, e, 0)
			it = t.portalItem(p, now)
			it.Rows = p.rows
		} else {
			it.Portal = e.name
		}
	case 'D', 'C':
		if s := t.stmts.get(e.name); e.target == 'S' && s != nil {
			it.Name, it.Text, it.TextLen = s.name, s.text, s.textLen
		} else if p := t.ports.get(e.name); e.target == 'P' && p != nil {
			it = t.portalItem(p, now)
		}
	case 'S': // an implicit commit failed: deferred constraints
		it.Name, it.Text, it.TextLen = t.last.name, t.last.text, t.last.textLen
	}
	if e.kind == 'E' && it.Intent == 0 {
		it.Intent = e.intent
	}
	it.Kind, it.End = Failed, now
	if it.Start.IsZero() {
		it.Start = e.start
	}
	return it
}
