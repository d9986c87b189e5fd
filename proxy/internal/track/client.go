package track

import (
	"bytes"
	"time"
)

// clientKeep is how much of the body of a message is wanted: of a text, or of each value of a Bind,
// or else of the body as it is.
func (t *Tracker) clientKeep(typ byte) (limit int, text, values bool) {
	if !t.authed {
		return 0, false, false
	}
	switch typ {
	case 'P':
		if t.skipping {
			return 0, false, false
		}
		return t.textLimit(), true, false
	case 'Q':
		switch {
		case t.skipping:
			return 0, false, false
		case t.quiet:
			return min(shortText, t.conf.MaxText), true, false
		}
		return t.textLimit(), true, false
	case 'B', 'F':
		if t.skipping {
			return 0, false, false
		}
		if t.quiet {
			return 2*nameLen + 8, false, false
		}
		return t.textLimit(), false, true
	case 'D', 'C', 'E':
		return 2 * (nameLen + 2), false, false
	}
	return 0, false, false
}

// textLimit is what may be kept of a text now.
func (t *Tracker) textLimit() int {
	if t.queue.bytes > t.conf.MaxBytes {
		return min(shortText, t.conf.MaxText)
	}
	return t.conf.MaxText
}

// authLimit is the longest message the client may send now.
func (t *Tracker) authLimit(typ byte) uint32 {
	switch {
	case t.authed:
		return maxLength
	case t.tokens && typ == 'p':
		return maxTokenLength
	}
	return maxAuthLength
}

// Client takes bytes on their way to the server. On a FramingError, good is how
// many of them come before the bad message.
func (t *Tracker) Client(p []byte, now time.Time) (good int, err error) {
	f := &t.client
	for i := 0; i < len(p); {
		if f.inBody {
			n, done := f.body(p[i:])
			i += n
			if done {
				t.clientSlow(now)
			}
			continue
		}
		at := i
		n, ok := f.header(p[i:])
		i += n
		if !ok {
			break
		}
		if err := f.check(t.authLimit(f.typ)); err != nil {
			return at, err
		}
		t.wanted = !t.quiet
		f.limit, f.text, f.values = t.clientKeep(f.typ)
		if uint64(f.length) <= uint64(len(p)-i) {
			body := p[i : i+int(f.length)]
			i += len(body)
			t.clientWhole(body, now)
			continue
		}
		f.begin()
	}
	return len(p), nil
}

// clientWhole handles a message that lies in one chunk.
func (t *Tracker) clientWhole(body []byte, now time.Time) {
	f := &t.client
	if f.values && len(body) > f.limit/2 { // in less nothing can be too much, not even NULLs: see valueSize
		f.params.reset(f.typ, f.limit)
		f.params.write(body)
		t.clientParams(f.typ, &f.params, now)
		return
	}
	if !f.text || f.limit == 0 {
		t.clientMessage(f.typ, body[:min(len(body), f.limit)], now)
		return
	}
	var name []byte
	r := reader{b: body}
	if f.typ == 'P' {
		name = r.name()
	}
	text := r.cstring()
	t.clientText(f.typ, name, text[:min(len(text), f.limit)], len(text), r.b, now)
}

// clientSlow handles a message that came in pieces.
func (t *Tracker) clientSlow(now time.Time) {
	f := &t.client
	switch {
	case f.text && f.limit > 0:
		s := &f.split
		t.clientText(f.typ, s.name, s.text, s.textLen, s.tail, now)
	case f.values:
		t.clientParams(f.typ, &f.params, now)
	default:
		t.clientMessage(f.typ, f.buf, now)
	}
	f.release()
}

// clientText handles a Parse or Query whose text is wanted.
func (t *Tracker) clientText(typ byte, name, text []byte, textLen int, tail []byte, now time.Time) {
	if t.skipping { // the error came while the message was on its way
		return
	}
	e := t.push(typ, now)
	if typ == 'Q' {
		if e.quiet {
			if e.follow = follows(text); !e.follow {
				return
			}
		}
		e.text, e.textLen = string(text), textLen
		e.size = len(text)
		t.intend(e)
		t.temp = t.temp || containsFold(e.text, "pg_temp")
	} else {
		r := reader{b: tail}
		e.parsed = &statement{name: string(name), text: string(text), textLen: textLen, types: r.oids()}
		e.size = e.parsed.size()
		t.temp = t.temp || containsFold(e.parsed.text, "pg_temp")
	}
	t.queue.bytes += e.size
}

// clientParams handles a Bind or FunctionCall that was collected in pieces.
func (t *Tracker) clientParams(typ byte, s *splitParams, now time.Time) {
	params := s.params()
	if t.skipping {
		return
	}
	e := t.push(typ, now)
	if typ == 'B' {
		e.name, e.stmt = t.portalName(s.names[0]), t.stmtName(s.names[1])
	} else {
		e.oid = s.oid
	}
	e.params, e.size = params, params.Size()
	t.queue.bytes += e.size
	if typ == 'F' {
		t.intend(e)
	}
}

// clientMessage handles every other message; body is what was kept of it.
func (t *Tracker) clientMessage(typ byte, body []byte, now time.Time) {
	if typ == 'X' {
		t.clean = true
		return
	}
	if t.skipping && typ == 'S' {
		t.skipping = false
		t.push('S', now)
		return
	}
	if !t.authed || t.skipping {
		return
	}
	r := reader{b: body}
	switch typ {
	case 'Q':
		t.push('Q', now)
	case 'B':
		portal, stmt := r.name(), r.name()
		e := t.push('B', now)
		e.name, e.stmt = t.portalName(portal), t.stmtName(stmt)
		if !e.quiet {
			e.params = r.params()
			e.size = e.params.Size()
			t.queue.bytes += e.size
		}
	case 'D', 'C':
		e := t.push(typ, now)
		e.target = r.byte()
		if e.target == 'S' {
			e.name = t.stmtName(r.name())
		} else {
			e.name = t.portalName(r.name())
		}
	case 'E':
		e := t.push('E', now)
		e.name = t.portalName(r.name())
		t.intend(e)
	case 'F':
		e := t.push('F', now)
		if !e.quiet {
			e.oid = r.uint32()
			e.params = r.params()
			e.size = e.params.Size()
			t.queue.bytes += e.size
			t.intend(e)
		}
	case 'S':
		if !t.copyOpen {
			t.push('S', now)
		}
	case 'c', 'f':
		t.copyEnd(now)
	}
}

// copyEnd handles the client's CopyDone or CopyFail. One that no COPY waits for
// yet is remembered for a COPY still to be answered.
func (t *Tracker) copyEnd(now time.Time) {
	if t.copyOpen {
		t.copyOpen = false
		return
	}
	if t.queue.n == 0 {
		return
	}
	if e := t.queue.at(t.queue.n - 1); e.kind == 'c' {
		e.index++
		return
	}
	t.push('c', now).index = 1
}

func (t *Tracker) push(kind byte, now time.Time) *entry {
	e := t.queue.push()
	e.kind, e.start, e.quiet = kind, now, !t.wanted
	if kind == 'P' {
		t.queue.parses++
	}
	return e
}

// stmtName shares the name's string with the statement of that name.
func (t *Tracker) stmtName(name []byte) string {
	if s := t.stmts.named[string(name)]; s != nil {
		return s.name
	}
	return string(name)
}

// portalName shares the name's string with the portal of that name.
func (t *Tracker) portalName(name []byte) string {
	if p := t.ports.named[string(name)]; p != nil {
		return p.name
	}
	return string(name)
}

// tag shares the strings of command tags, of which a session has few.
func (t *Tracker) tag(body []byte) string {
	if i := bytes.IndexByte(body, 0); i >= 0 {
		body = body[:i]
	}
	if s, ok := t.tags[string(body)]; ok {
		return s
	}
	s := string(body)
	if len(s) > nameLen {
		return s
	}
	if t.tags == nil || len(t.tags) >= 128 {
		t.tags = make(map[string]string)
	}
	t.tags[s] = s
	return s
}
