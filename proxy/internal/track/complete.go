package track

import (
	"strings"
	"time"
)

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
