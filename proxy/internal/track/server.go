package track

import (
	"strings"
	"time"
)

// Limits of what is kept of the server's messages.
const (
	maxError     = 64 << 10
	maxParameter = 4 << 10
	maxTag       = 256
	maxKey       = 4 + 256
)

// serverKeep is how much of the body of a message is wanted.
func serverKeep(typ byte) int {
	switch typ {
	case 'E':
		return maxError
	case 'S':
		return maxParameter
	case 'C':
		return maxTag
	case 't':
		return maxTail
	case 'R':
		return 4
	case 'K':
		return maxKey
	case 'Z':
		return 1
	}
	return 0
}

// Server takes bytes on their way to the client and appends what happened.
func (t *Tracker) Server(p []byte, now time.Time, items []Item) ([]Item, error) {
	f := &t.server
	t.hold = -1
	t.at = 0
	t.gaps, t.gapped, t.lead = t.gaps[:0], 0, nil
	note := Item{Start: now, End: now}
	for i := 0; i < len(p); {
		if f.inBody {
			n, done := f.body(p[i:])
			i += n
			if t.notice.held {
				items = t.noticePart(p[:i], 0, done, note, items)
			}
			if done {
				items = t.serverMessage(f.typ, f.buf, now, items)
				f.release()
			}
			continue
		}
		if f.hdrLen == 0 {
			t.at = i
		}
		n, ok := f.header(p[i:])
		i += n
		if !ok {
			if t.conf.Assisted && f.hdr[0] == 'N' {
				items = t.noticePart(p, t.at, false, note, items)
			}
			break
		}
		if err := f.check(maxLength); err != nil {
			return items, err
		}
		rest := len(p) - i
		f.limit, f.text = serverKeep(f.typ), false
		if f.typ == 'D' {
			if t.rows == 0 {
				t.explaining, t.output = t.explains(), nil
			}
			switch {
			case t.explaining:
				f.limit = rowHead + maxOutput - len(t.output)
			case uint64(f.length) <= uint64(rest):
				t.rows++
				i += int(f.length)
				continue
			}
		}
		if uint64(f.length) <= uint64(rest) {
			body := p[i : i+int(f.length)]
			i += len(body)
			switch {
			case f.typ != 'N' || !t.conf.Assisted:
				items = t.serverMessage(f.typ, body[:min(len(body), f.limit)], now, items)
			case t.notice.held:
				items = t.noticePart(p[:i], 0, true, note, items)
			default:
				items = t.noticeWhole(body, t.at, i, note, items)
			}
			continue
		}
		f.begin()
		if t.conf.Assisted && f.typ == 'N' {
			f.body(p[i:])
			items = t.noticePart(p, t.at, false, note, items)
			break
		}
	}
	t.at = 0 // a message that goes on begins before the next chunk
	return items, nil
}

// serverMessage handles one message; body is what was kept of it.
func (t *Tracker) serverMessage(typ byte, body []byte, now time.Time, items []Item) []Item {
	switch typ {
	case 'D':
		t.rows++
		if t.explaining {
			t.explained(body)
		}
	case 'd', 'N', 'A', 'T', 'n', 'v', 'c', 'V', 'H':
		t.described(typ)
	case '1', '2', '3', 't':
		return t.accepted(typ, body, now, items)
	case 'C':
		return t.complete(t.tag(body), now, items)
	case 'I':
		return t.complete("", now, items)
	case 's':
		return t.suspend(items)
	case 'Z':
		return t.ready(body, now, items)
	case 'E':
		return t.error(parseError(body, int(t.server.length)-len(body)), now, items)
	case 'G':
		t.copyIn()
	case 'W':
		return t.copyBoth(now, items)
	case 'R':
		r := reader{b: body}
		switch code := r.uint32(); code {
		case 0:
			t.authed = t.authed || !r.bad
		case 7, 8, 9: // GSS, GSSContinue, SSPI
			t.tokens = true
		}
	case 'K':
		r := reader{b: body}
		t.key = append([]byte(nil), body...)
		t.pid = int32(r.uint32())
	case 'S':
		r := reader{b: body}
		name, value := string(r.cstring()), string(r.cstring())
		return append(items, Item{Kind: Parameter, Name: name, Value: value, Start: now, End: now})
	}
	return items
}

// head is the entry that the server answers now, if it is of that kind.
func (t *Tracker) head(kind byte) *entry {
	for t.queue.n > 0 && t.queue.at(0).kind == 'c' {
		t.queue.pop()
	}
	if t.queue.n > 0 {
		if e := t.queue.at(0); e.kind == kind {
			return e
		}
	}
	return nil
}

// described takes the answer to a Describe off the queue.
func (t *Tracker) described(typ byte) {
	if (typ == 'T' || typ == 'n') && t.head('D') != nil {
		t.queue.pop()
	}
}

// accepted handles ParseComplete, BindComplete, CloseComplete and
// ParameterDescription: only now are the names known.
func (t *Tracker) accepted(typ byte, body []byte, now time.Time, items []Item) []Item {
	switch typ {
	case '1':
		if e := t.head('P'); e != nil {
			s := e.parsed
			t.stmts.put(s)
			items = append(items, Item{
				Kind: Prepared, Name: s.name, Text: s.text, TextLen: s.textLen, Start: e.start, End: now,
			})
			t.queue.pop()
		}
	case '2':
		if e := t.head('B'); e != nil {
			items = t.bind(e, now, items)
			t.queue.pop()
		}
	case '3':
		if e := t.head('C'); e != nil {
			items = t.closedName(e, now, items)
			t.queue.pop()
		}
	case 't':
		if e := t.head('D'); e != nil && e.target == 'S' {
			if s := t.stmts.get(e.name); s != nil {
				r := reader{b: body}
				s.types = r.oids()
				t.stmts.grown(s)
			}
		}
	}
	return items
}

// bind makes the portal of a Bind.
func (t *Tracker) bind(e *entry, now time.Time, items []Item) []Item {
	items = t.endPortal(t.ports.get(e.name), now, items)
	t.ports.forget(e.name)
	p := portal{name: e.name, stmt: t.stmts.get(e.stmt), stmtName: e.stmt, params: e.params, intent: e.intent}
	if startsLikeQuery(p.stmt) {
		p.group, p.open = t.ports.join(), true
		p.bound, p.quiet = e.start, e.quiet
	}
	t.ports.put(p)
	return items
}

// closedName handles CloseComplete.
func (t *Tracker) closedName(e *entry, now time.Time, items []Item) []Item {
	if e.target != 'S' {
		items = t.endPortal(t.ports.get(e.name), now, items)
		t.ports.forget(e.name)
		return items
	}
	t.stmts.drop(e.name)
	return append(items, Item{Kind: Deallocated, Name: e.name, Start: e.start, End: now})
}

// innerTag ends a result set inside a replication command, such as
// BASE_BACKUP; the tag of an SQL SELECT has a count.
const innerTag = "SELECT"

// complete handles CommandComplete and EmptyQueryResponse.
func (t *Tracker) complete(tag string, now time.Time, items []Item) []Item {
	if strings.HasPrefix(tag, "CLOSE CURSOR") && len(t.ports.suspended) > 0 {
		items = t.endCursors(now, items)
	}
	rows, output := t.rows, t.takeOutput(tag)
	t.rows = 0
	if e := t.head('Q'); e != nil {
		if tag == innerTag || e.reported {
			t.rows = rows
			return items
		}
		items = t.beginQuery(e, now, items)
		it := Item{
			Kind: Completed, Source: Query, Text: e.text, TextLen: e.textLen, Index: e.index,
			Tag: tag, Rows: rows, Output: output, Intent: e.intent, Start: e.start, End: now,
		}
		it.Group = t.shared()
		e.index++
		t.deallocate(tag, it.Text)
		return t.emit(e, it, items)
	}
	e := t.head('E')
	if e == nil {
		return items
	}
	p := t.ports.get(e.name)
	if p == nil {
		p = t.ports.adopt(e)
	}
	if p == nil {
		it := Item{Kind: Completed, Source: Execute, Tag: tag, Rows: rows, Intent: e.intent, Start: e.start, End: now}
		items = t.settle(e, t.emit(e, it, items))
		t.queue.pop()
		return items
	}
	again := p.done
	t.ran(p, e, rows)
	if p.suspended {
		t.ports.unsuspend(p)
	}
	p.done = true
	it := t.portalItem(p, now)
	it.Kind, it.Tag, it.Rows, it.Output = Completed, tag, p.rows, output
	if !again {
		t.ports.setOpen(p, p.open || keepsOpen(tag))
	}
	t.last = lastRun{text: it.Text, textLen: it.TextLen, name: it.Name}
	if !again {
		items = t.emit(e, it, items)
	}
	items = t.settle(e, items)
	if p.cursor {
		t.ports.forget(p.name) // it may be run again, or be another one then
	}
	t.queue.pop()
	t.deallocate(tag, it.Text)
	return items
}

// keepsOpen says whether a utility statement with that tag stays open with its portal: those that
// return rows do. Its tag tells, as one that runs a query has that query's.
func keepsOpen(tag string) bool {
	return tag == "SHOW" || tag == "EXPLAIN" || strings.HasPrefix(tag, "FETCH ")
}

// ran adds one run to its portal.
func (t *Tracker) ran(p *portal, e *entry, rows int64) {
	p.rows += rows
	if p.start.IsZero() {
		p.start, p.quiet = e.start, e.quiet
		if p.group == 0 {
			p.group = t.ports.join()
		}
	}
}

// shared is the group of a simple query's statement: only one that an open portal makes is told.
func (t *Tracker) shared() uint64 {
	if t.ports.open == 0 {
		return 0
	}
	return t.ports.group
}

// beginQuery does what the server does when it begins a simple query: the unnamed statement and portal end.
func (t *Tracker) beginQuery(e *entry, now time.Time, items []Item) []Item {
	if e.begun {
		return items
	}
	e.begun = true
	items = t.endPortal(t.ports.get(""), now, items)
	t.ports.forget("")
	t.stmts.drop("")
	return items
}

// emit appends a statement's item unless nobody wanted it.
func (t *Tracker) emit(e *entry, it Item, items []Item) []Item {
	if e.quiet {
		if it.Kind == Completed && (e.follow || e.kind == 'E' && follows([]byte(it.Text))) {
			it.Quiet = true
			return append(items, it)
		}
		return items
	}
	t.holdHere()
	return append(items, it)
}

// suspend handles PortalSuspended: one run ended, the statement did not.
func (t *Tracker) suspend(items []Item) []Item {
	e := t.head('E')
	if e == nil {
		return items
	}
	p := t.ports.get(e.name)
	if p == nil {
		p = t.ports.adopt(e)
	}
	if p == nil || p.gone {
		items = t.settle(e, items)
	} else {
		t.ran(p, e, t.rows)
		if !p.suspended {
			p.suspended = true
			t.ports.suspended = append(t.ports.suspended, p)
		}
	}
	t.rows = 0
	t.queue.pop()
	return items
}

// deallocate forgets statements that SQL dropped.
func (t *Tracker) deallocate(tag, text string) {
	switch tag {
	case "DEALLOCATE ALL", "DISCARD ALL":
		t.stmts.clear()
	case "DEALLOCATE":
		if name, ok := deallocateName(text); ok {
			t.stmts.drop(name)
		}
	}
}

// deallocateName finds the name in a DEALLOCATE that is a string of its own. A
// name that it misses is only remembered in vain.
func deallocateName(text string) (string, bool) {
	text = strings.TrimRight(strings.TrimSpace(text), "; \t\r\n")
	words := strings.Fields(text)
	if len(words) < 2 || len(words) > 3 || !strings.EqualFold(words[0], "deallocate") {
		return "", false
	}
	if len(words) == 3 && !strings.EqualFold(words[1], "prepare") {
		return "", false
	}
	name := words[len(words)-1]
	if q := strings.Trim(name, `"`); len(q) == len(name)-2 && len(q) > 0 {
		return strings.ReplaceAll(q, `""`, `"`), true
	}
	return strings.ToLower(name), true
}

// ready handles ReadyForQuery: it answers the next Sync, Query or FunctionCall.
func (t *Tracker) ready(body []byte, now time.Time, items []Item) []Item {
	r := reader{b: body}
	t.tx = r.byte()
	t.rows = 0
	t.copyOpen = false
	if !t.connected {
		t.connected, t.authed = true, true
		t.holdHere()
		items = append(items, Item{Kind: Connected, TxStatus: t.tx, Start: now, End: now})
	} else {
		items = t.answered(now, items)
	}
	if t.tx == 'I' {
		items = t.endSuspended(now, items)
		items = t.endBound(now, items)
		t.ports.forgetAll()
	}
	return append(items, Item{Kind: Ready, TxStatus: t.tx, Start: now, End: now})
}

// answered takes entries off up to the one that ReadyForQuery answers.
func (t *Tracker) answered(now time.Time, items []Item) []Item {
	for t.queue.n > 0 {
		e := t.queue.at(0)
		kind := e.kind
		if kind == 'F' && !e.reported {
			items = t.emit(e, Item{
				Kind: Completed, Source: FunctionCall, FunctionOID: e.oid, Params: e.params,
				Tag: "", Intent: e.intent, Start: e.start, End: now,
			}, items)
		}
		if kind == 'Q' {
			items = t.beginQuery(e, now, items)
		}
		items = t.settle(e, items)
		t.queue.pop()
		if kind == 'S' || kind == 'Q' || kind == 'F' {
			break
		}
	}
	return items
}

// copyIn handles CopyInResponse: until the client's CopyDone or CopyFail the
// server ignores Sync, so those that are on their way get no answer.
func (t *Tracker) copyIn() {
	if t.head('Q') == nil && t.head('E') == nil {
		return
	}
	for i := 1; i < t.queue.n; {
		switch e := t.queue.at(i); e.kind {
		case 'S':
			t.queue.remove(i)
		case 'c':
			if e.index--; e.index == 0 {
				t.queue.remove(i)
			}
			return
		default:
			return
		}
	}
	t.copyOpen = true
}

// copyBoth handles CopyBothResponse: START_REPLICATION is reported when it
// starts, for it may run for days.
func (t *Tracker) copyBoth(now time.Time, items []Item) []Item {
	e := t.head('Q')
	if e == nil || e.reported {
		return items
	}
	e.reported = true
	return t.settle(e, t.emit(e, Item{
		Kind: Completed, Source: Query, Text: e.text, TextLen: e.textLen,
		Tag: "START_REPLICATION", Intent: e.intent, Start: e.start, End: now,
	}, items))
}
