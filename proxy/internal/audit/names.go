package audit

import (
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/internal/pgtext"
)

// Bounds of the prepared statements that a session remembers. The server has none.
// Beyond maxPreparedBytes the oldest keep the beginning of their text, and what
// is to be hidden of their parameters; beyond maxPrepared they are forgotten.
const (
	maxPrepared      = 10000
	maxPreparedBytes = 32 << 20
)

// names are a session's prepared statements, of Parse and PREPARE, or cursors, by name.
type names struct {
	known map[string]*prepared
	order []*prepared   // oldest first, with stale ones among them
	whole int           // those before are short or stale
	texts map[*text]int // how many have each
	bytes int           // of the texts

	single bool // events show the statement alone
}

func (n *names) get(name string) *prepared { return n.known[name] }

func (n *names) put(name string, p *prepared) {
	n.drop(name)
	if n.known == nil {
		n.known = make(map[string]*prepared)
	}
	p.name = name
	n.known[name] = p
	n.order = append(n.order, p)
	n.hold(p.text)
	for n.bytes > maxPreparedBytes && n.shorten() {
	}
	for (len(n.known) > maxPrepared || n.bytes > maxPreparedBytes) && len(n.known) > 1 {
		n.drop(n.oldest().name)
	}
}

func (n *names) drop(name string) {
	p := n.known[name]
	if p == nil {
		return
	}
	delete(n.known, name)
	p.gone = true
	n.release(p.text)
	if len(n.order) > 2*len(n.known)+16 {
		n.order = slices.DeleteFunc(n.order, func(p *prepared) bool { return p.gone })
		n.whole = 0
	}
}

func (n *names) clear() { *n = names{single: n.single} }

// hold counts a text, which the statements of one string share.
func (n *names) hold(t *text) {
	if n.texts == nil {
		n.texts = make(map[*text]int)
	}
	if n.texts[t]++; n.texts[t] == 1 {
		n.bytes += t.size()
	}
}

func (n *names) release(t *text) {
	if n.texts[t]--; n.texts[t] == 0 {
		n.bytes -= t.size()
		delete(n.texts, t)
	}
}

// shorten has the oldest that can be, but the last, keep the beginning of its text. It
// reports false if there is none.
func (n *names) shorten() bool {
	for ; n.whole < len(n.order)-1; n.whole++ {
		p := n.order[n.whole]
		if p.gone || p.short || p.text.size() <= shortSize {
			continue
		}
		n.release(p.text)
		p.shorten(n.single)
		n.hold(p.text)
		return true
	}
	return false
}

// oldest is the first in the order; there is one.
func (n *names) oldest() *prepared {
	for n.order[0].gone {
		n.order[0] = nil
		n.order, n.whole = n.order[1:], max(n.whole-1, 0)
	}
	return n.order[0]
}

// What a text holds besides its bytes, about: of itself, and of each statement and each
// thing that a statement names. shortSize is that of a text that need not be shortened.
const (
	textSize  = 1 << 10
	stmtSize  = 512
	partSize  = 128
	shortSize = 4 << 10
)

// size is about how many bytes a text holds. It does not change.
func (t *text) size() int {
	n := textSize + len(t.sent)
	if t.raw != t.sent {
		n += len(t.raw)
	}
	if t.secret {
		n += len(t.shown)
	}
	for i := range t.result.Statements {
		n += weigh(&t.result.Statements[i])
	}
	return n + partSize*(len(t.params)+len(t.settings)+len(t.executes))
}

func weigh(st *classify.Statement) (n int) {
	for ; st != nil; st = st.Inner {
		n += stmtSize + len(st.Key) +
			partSize*(len(st.Relations)+len(st.Functions)+len(st.Args)+len(st.Effects)+len(st.Columns)+len(st.Types))
	}
	return n
}

// maxKept is how many relations, effects and arguments a shortened statement keeps.
const maxKept = 64

// shorten keeps what events say of a statement that need not be read again: the
// beginning of its text, without secrets, its command, some relations. single says that
// the text is the statement's alone.
func (p *prepared) shorten(single bool) {
	t, from, to, shown := p.text, 0, len(p.text.raw), p.text.shown
	if single && (p.from > 0 || p.to < to) {
		from, to = p.from, p.to
		shown, _ = classify.Redact(t.raw[from:to])
	}
	raw, _ := pgtext.TrimPart(strings.Clone(t.raw[from:min(from+beginning, to)]))
	if len(shown) > beginning {
		shown, _ = pgtext.TrimPart(shown[:beginning])
	}
	short := &text{
		sent: raw, full: t.full, raw: raw, cut: t.cut + to - from - len(raw), shown: raw,
		params: t.params, settings: t.settings, executes: t.executes,
	}
	if !strings.HasPrefix(t.sent, raw) {
		short.sent = strings.Clone(t.sent[:min(beginning, len(t.sent))])
	}
	if shown != raw {
		short.shown, short.secret = strings.Clone(shown), true
	}
	if p.stmt != nil {
		short.result.Statements = []classify.Statement{brief(p.stmt)}
		p.stmt = &short.result.Statements[0]
	}
	p.text, p.from, p.to, p.short = short, 0, len(raw), true
}

// brief is what can be said of a statement without its text.
func brief(st *classify.Statement) classify.Statement {
	b := classify.Statement{Class: st.Class, Command: st.Command}
	switch st.Form {
	case classify.Utility, classify.Do:
		b.Form = st.Form
	case classify.Execute:
		b.Form, b.Name, b.Args = st.Form, st.Name, st.Args[:min(maxKept, len(st.Args))]
	}
	b.Relations = slices.Clone(st.Relations[:min(maxKept, len(st.Relations))])
	b.Effects = slices.Clone(st.Effects[:min(maxKept, len(st.Effects))])
	return b
}
