package audit

import (
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/internal/pgtext"
	"github.com/das-local/das-local/proxy/internal/track"
)

// A text is a query string with what it says.
type text struct {
	sent   string // as received, or its beginning
	full   int    // how many bytes it had
	raw    string // in UTF-8
	cut    int    // how many bytes of it were not received at all
	result classify.Result
	shown  string // without secrets
	secret bool   // shown differs from raw
	// params are the numbers of the parameters that are secret.
	params map[int]bool
	// settings gives the number of the parameter that names the setting whose value another
	// parameter is.
	settings map[int]int
	// executes are the names that EXECUTE statements in the text run.
	executes []string
}

// maxRepeated bounds what the events of one string may repeat of it. Beyond, each
// has its statement alone, or the beginning if the string could not be split:
// n statements of n bytes would make n² bytes of events.
const maxRepeated = 16 << 20

// beginning is what is kept of a string that could not be split, in bytes.
const beginning = 1024

// secretArguments says whether the text runs a prepared statement that takes a secret.
func (s *Session) secretArguments(t *text) bool {
	for _, name := range t.executes {
		p := s.prepared.get(name)
		if p == nil && s.cfg.Foreseeing {
			return true // nobody knows what it takes
		}
		if len(t.params) > 0 || len(t.settings) > 0 || p != nil && (len(p.text.params) > 0 || len(p.text.settings) > 0) {
			return true
		}
	}
	return false
}

// prepared is what a name of a prepared statement stands for.
type prepared struct {
	text *text
	stmt *classify.Statement // nil: the text says nothing
	from int                 // which statement of the text; for Single
	to   int
	runs int // by EXECUTE

	name  string
	gone  bool // no longer known
	short bool // see names
}

// replans says whether the server plans the statement when it is executed next: with parameters for the first
// five times, as long as it does not know what a plan for all values costs; else once.
func (p *prepared) replans(params bool) bool {
	const customPlans = 5
	return p.runs == 0 || params && p.runs < customPlans
}

// maxExecutes bounds the names that are looked for in one text.
const maxExecutes = 100

const textOID = 25

// readText classifies the query string of an item. It remembers the last one: the statements
// of one string come one after another.
func (s *Session) readText(it *track.Item) *text {
	if s.last == nil || s.last.sent != it.Text || (s.last.cut > 0) != (missing(it) > 0) {
		s.last, s.spent = s.read(it), 0
	}
	return s.last
}

// missing is how many bytes of an item's text were not kept.
func missing(it *track.Item) int { return max(it.TextLen-len(it.Text), 0) }

func (s *Session) read(it *track.Item) *text {
	raw, cut := it.Text, missing(it)
	if enc := s.print.ClientEncoding; enc != "" && enc != "UTF8" && !ascii(raw) {
		raw = pgtext.Text(textOID, 0, []byte(raw), &s.print)
	}
	if cut > 0 {
		part := 0
		raw, part = pgtext.TrimPart(raw)
		cut += part
	}
	t := &text{sent: it.Text, full: max(it.TextLen, len(it.Text)), raw: raw, cut: cut, result: s.cfg.Classifier.Classify(raw)}
	t.shown, t.secret = classify.Redact(raw)
	t.params = classify.SecretParams(raw)
	t.settings = classify.SettingParams(raw)
	for i := range t.result.Statements {
		if e := executed(&t.result.Statements[i]); e != nil {
			t.execute(e.Name)
		}
	}
	if !t.result.Parsed() {
		for _, name := range classify.Executes(raw) {
			t.execute(name)
		}
	}
	return t
}

// execute notes that the text runs a prepared statement.
func (t *text) execute(name string) {
	if len(t.executes) < maxExecutes && !slices.Contains(t.executes, name) {
		t.executes = append(t.executes, name)
	}
}

// hides says whether parameter n, from 1, is secret; value gives the text of the others.
func (t *text) hides(n int, value func(int) string) bool {
	if t.params[n] {
		return true
	}
	name := t.settings[n]
	return name > 0 && classify.SecretSetting(value(name))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// prepare makes what a name stands for: the text's only statement (Parse), or the one
// that PREPARE holds.
func prepare(t *text, inner *classify.Statement) *prepared {
	p := &prepared{text: t, stmt: inner}
	if inner == nil && len(t.result.Statements) > 0 {
		p.stmt = &t.result.Statements[0]
	}
	if len(t.result.Statements) > 0 {
		p.from, p.to = t.result.Range(0)
	}
	return p
}

// named is what an executed statement's name stands for, or its portal's, if that is a
// cursor's; nil if nothing is known of it.
func (s *Session) named(it *track.Item) *prepared {
	if it.Portal != "" {
		return s.cursors.get(it.Portal)
	}
	return s.prepared.get(it.Name)
}

// lookupText gives the text of an executed statement, from the names if it is there.
func (s *Session) lookupText(it *track.Item) *text {
	if p := s.named(it); p != nil && p.text.covers(it) {
		return p.text
	}
	return s.readText(it)
}

// covers says whether the item's text is this one, or what is left of it.
func (t *text) covers(it *track.Item) bool {
	return it.Text == "" || t.sent == it.Text || t.full == it.TextLen && len(t.sent) > len(it.Text) && strings.HasPrefix(t.sent, it.Text)
}

// unknown says whether a statement ran whose text nobody remembers: not one of a name that
// stands for nothing.
func unknown(t *text, it *track.Item) bool {
	if t.raw != "" || it.Source != track.Execute {
		return false
	}
	if it.Err == nil {
		return true
	}
	return (it.Name != "" || it.Portal != "") && it.Err.SQLState != "26000" && it.Err.SQLState != "34000"
}

// show gives commandText for a statement of a text, with a mark if the text was cut; a role
// statement ends with its mark of redaction instead.
func (s *Session) show(t *text, from, to int) string {
	return s.finish(t, s.shown(t, from, to), to)
}

// showBroken is show for a text with a syntax error.
func (s *Session) showBroken(t *text, from, to int) string {
	if s.cfg.CommandText == Whole {
		from, to = 0, len(t.raw)
	}
	shown, _ := classify.RedactBroken(t.raw[from:to])
	return s.finish(t, shown, to)
}

func (s *Session) finish(t *text, shown string, to int) string {
	if s.secretArguments(t) {
		shown = classify.MaskLiterals(shown)
	}
	if t.cut == 0 || to < len(t.raw) && s.cfg.CommandText == Single || strings.HasSuffix(shown, " "+classify.Redacted) {
		return shown
	}
	return activity.Cut(shown, len(shown), t.cut)
}

func (s *Session) shown(t *text, from, to int) string {
	single := from > 0 || to < len(t.raw)
	if s.cfg.CommandText == Whole || !single {
		if t != s.last {
			return t.shown
		}
		if s.spent += len(t.shown); s.spent <= maxRepeated || s.spent == len(t.shown) {
			return t.shown
		}
	}
	switch {
	case !single:
		return activity.Cut(t.shown, beginning, 0)
	case !t.secret:
		return t.raw[from:to]
	}
	one, _ := classify.Redact(t.raw[from:to])
	return one
}
