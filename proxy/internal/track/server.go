package track

import (
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
