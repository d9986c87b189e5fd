package track

import "bytes"

// With Config.Assisted the server's own audit, pgaudit, sends what it records to
// the client, as NoticeResponse messages. The tracker reports each of them as an
// Audited item and takes it out of the client's stream: Server sees the chunk,
// then Pass says what of it the client gets.
//
// A record is told from a message that only looks like one by the place where it
// was raised, which SQL cannot forge.
//
// https://www.postgresql.org/docs/current/protocol-error-fields.html
const (
	recordFile    = "pgaudit.c"
	recordRoutine = "log_audit_event"
	recordPrefix  = "AUDIT: "
	recordEnd     = "\x00R" + recordRoutine + "\x00\x00"
)

// parallelWorker begins the context of what a parallel worker raised: it records
// the leader's statement once more, and counts from 1. Other contexts may contain
// any text, but begin with the server's words.
const parallelWorker = "parallel worker"

// keepTail is what is kept of the end of a record that is too long to be kept:
// the fields that say where it was raised.
const keepTail = 1024

// A notice is a NoticeResponse that does not lie in one chunk, as far as it has
// come. The client gets nothing of it before it is known what it is. One that
// exceeds what is kept of a record, and begins like one, is dropped either way.
type notice struct {
	held bool
	head []byte // its beginning, header included
	tail []byte // what follows once head is full, the last of it
}

// A gap is a part of a chunk that the client does not get.
type gap struct{ from, to int }

// maxHead is how much of a record is kept: the text, which may be quoted, its
// parameters, and the rest.
func (t *Tracker) maxHead() int { return 2*t.conf.MaxText + keepTail }

// noticeWhole handles a NoticeResponse from at to to of the chunk.
func (t *Tracker) noticeWhole(body []byte, at, to int, it Item, items []Item) []Item {
	if !readRecord(&it, body, nil, 0) {
		return items
	}
	t.gap(at, to)
	return t.audited(it, items)
}

// noticePart handles a part of a NoticeResponse: what the chunk p has of it,
// from the byte at on. done says that the message ends there.
func (t *Tracker) noticePart(p []byte, at int, done bool, it Item, items []Item) []Item {
	n := &t.notice
	had := len(n.head)
	n.held = true
	room := max(0, t.maxHead()-had)
	n.head = append(n.head, p[at:min(len(p), at+room)]...)
	if at+room < len(p) {
		n.tail = append(n.tail, p[at+room:]...)
		n.tail = append(n.tail[:0], n.tail[max(0, len(n.tail)-keepTail):]...)
	}
	switch {
	case !beginsRecord(n.head):
		t.giveBack(had)
	case !done:
		t.gap(at, len(p))
		return items
	case readRecord(&it, n.head[min(5, len(n.head)):], n.tail, int(t.server.length)+5-len(n.head)):
		t.gap(at, len(p))
		items = t.audited(it, items)
	case len(n.tail) > 0:
		t.gap(at, len(p))
	default:
		t.giveBack(had)
	}
	t.notice = notice{}
	return items
}

// giveBack lets the client have the first n bytes of the notice, which came in
// chunks before. None did if it begins in this one.
func (t *Tracker) giveBack(n int) {
	if n > 0 {
		t.lead = t.notice.head[:n:n]
	}
}

func (t *Tracker) gap(from, to int) {
	t.gaps = append(t.gaps, gap{from, to})
	t.gapped += to - from
}

func (t *Tracker) audited(it Item, items []Item) []Item {
	if t.quiet {
		return items
	}
	it.Kind = Audited
	return append(items, it)
}

// beginsRecord says whether the beginning of a NoticeResponse, header included,
// may be that of a record.
func beginsRecord(head []byte) bool {
	r := reader{b: head[min(5, len(head)):]}
	for len(r.b) > 0 {
		code := r.byte()
		v := r.cstring()
		if code == 'M' {
			n := min(len(v), len(recordPrefix))
			return string(v[:n]) == recordPrefix[:n]
		}
	}
	return true
}

// readRecord fills the item in if the body is a record's. tail is the end of a
// body that was cut, which lacks missing bytes.
func readRecord(it *Item, body, tail []byte, missing int) bool {
	file, routine := false, false
	r := reader{b: body}
	for len(r.b) > 0 && r.b[0] != 0 {
		code := r.byte()
		v := r.cstring()
		switch code {
		case 'M':
			if !bytes.HasPrefix(v, []byte(recordPrefix)) {
				return false
			}
			it.Text, it.TextLen = string(v), len(v)
		case 'W':
			first, _, _ := bytes.Cut(v, []byte("\n"))
			it.Worker = string(first) == parallelWorker
		case 'F':
			file = string(v) == recordFile
		case 'R':
			routine = string(v) == recordRoutine
		}
	}
	if len(tail) > 0 {
		it.TextLen += missing // all but a few bytes of it are text
		return it.Text != "" && bytes.HasSuffix(tail, []byte(recordEnd)) && bytes.Contains(tail, []byte("\x00F"+recordFile+"\x00"))
	}
	return file && routine && it.Text != ""
}

// Pass is what the client gets of the chunk that Server has seen: the chunk
// without records, behind what was kept back of the chunk before. It may change
// the chunk.
func (t *Tracker) Pass(p []byte) []byte {
	if len(t.gaps) > 0 {
		kept := t.gaps[0].from
		for i, g := range t.gaps {
			end := len(p)
			if i+1 < len(t.gaps) {
				end = t.gaps[i+1].from
			}
			kept += copy(p[kept:], p[g.to:end])
		}
		p = p[:kept]
	}
	if len(t.lead) > 0 {
		p = append(t.lead, p...)
	}
	return p
}
