package track

// An Intent is a message that makes a statement run, as it is known before the server
// has it. Item says what it is, as far as the client's messages tell; its outcome is not in it.
type Intent struct {
	Number uint64
	Item
}

// UnknownOutcome is the SQLSTATE of a statement of which no answer is known, after it was
// announced by an intent.
const UnknownOutcome = "08007" // transaction_resolution_unknown

// Intend tells whether messages that the client sends from now on are announced: each
// one that makes a statement run gets a number, which the items about it bear, and a
// Settled item says when there will be no more of these. A portal has one intent however
// often it is run.
func (t *Tracker) Intend(on bool) { t.intending = on && t.conf.Number != nil }

// TakeIntents gives the intents of the client's bytes since it was called last.
func (t *Tracker) TakeIntents() []Intent {
	list := t.intents
	t.intents = nil
	return list
}

// intend announces an entry that was just pushed.
func (t *Tracker) intend(e *entry) {
	if !t.intending || e.quiet {
		return
	}
	it := Item{Start: e.start, End: e.start}
	switch e.kind {
	case 'Q':
		it.Source, it.Text, it.TextLen = Query, e.text, e.textLen
	case 'F':
		it.Source, it.FunctionOID, it.Params = FunctionCall, e.oid, e.params.typed(nil)
	default:
		s, params, again := t.toRun(e)
		if again {
			return
		}
		it.Source = Execute
		if s != nil {
			it.Name, it.Text, it.TextLen, it.Params = s.name, s.text, s.textLen, params.typed(s.types)
		}
	}
	it.Intent = e.intent
	if it.Intent == 0 {
		it.Intent = t.conf.Number()
		e.intent = it.Intent
	}
	t.intents = append(t.intents, Intent{it.Intent, it})
}

// toRun finds what an Execute is going to run, and leaves its number with the portal.
// again says that the portal has one already, or has been run to its end.
func (t *Tracker) toRun(e *entry) (s *statement, params *Params, again bool) {
	for i := t.queue.n - 2; i >= 0; i-- {
		b := t.queue.at(i)
		if b.kind != 'B' || b.name != e.name {
			continue
		}
		if b.intent != 0 {
			return nil, nil, true
		}
		e.intent = t.conf.Number()
		b.intent = e.intent
		return t.sent(b.stmt, i), b.params, false
	}
	p := t.ports.get(e.name)
	switch {
	case p == nil:
		return nil, nil, false
	case p.intent != 0 || p.done:
		return nil, nil, true
	}
	e.intent = t.conf.Number()
	p.intent = e.intent
	return p.stmt, p.params, false
}

// sent is the statement of that name as a Bind at place i of the queue finds it, if the
// server accepts what is before it.
func (t *Tracker) sent(name string, i int) *statement {
	if t.queue.parses > 0 {
		for i--; i >= 0; i-- {
			if e := t.queue.at(i); e.kind == 'P' && e.parsed != nil && e.parsed.name == name {
				return e.parsed
			}
		}
	}
	return t.stmts.get(name)
}

// typed is a copy with types.
func (p *Params) typed(types []uint32) *Params {
	if p == nil {
		return nil
	}
	c := *p
	c.Types = types
	return &c
}

// settle says that an entry's intent is done with, and its portal's, if that has ended.
func (t *Tracker) settle(e *entry, items []Item) []Item {
	n, source := e.intent, Execute
	switch e.kind {
	case 'Q':
		source = Query
	case 'F':
	case 'E':
		if p := t.ports.get(e.name); p != nil && (p.intent == n || p.done) {
			if n == 0 {
				n = p.intent
			}
			p.intent = 0
		}
	default:
		return items // a Bind's is its Execute's
	}
	e.intent = 0
	return settled(n, source, items)
}

// settlePortal is settle for a portal that has ended.
func (t *Tracker) settlePortal(p *portal, items []Item) []Item {
	n := p.intent
	p.intent = 0
	return settled(n, Execute, items)
}

func settled(n uint64, source Source, items []Item) []Item {
	if n == 0 {
		return items
	}
	return append(items, Item{Kind: Settled, Source: source, Intent: n})
}

// settleRest settles what is left at the end of the session.
func (t *Tracker) settleRest(items []Item) []Item {
	for t.queue.n > 0 {
		items = t.settle(t.queue.at(0), items)
		t.queue.pop()
	}
	items = t.settlePortal(&t.ports.unnamed, items)
	for _, p := range t.ports.named {
		items = t.settlePortal(p, items)
	}
	return items
}

// unknown is the error of a statement that may have run.
func unknown(lost *Error) *Error {
	return &Error{Severity: "FATAL", SQLState: UnknownOutcome, Message: "outcome unknown: " + lost.Message}
}
