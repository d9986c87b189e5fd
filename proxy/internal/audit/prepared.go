package audit

import (
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/internal/pgtext"
)

// A text is a query string with what it says.
type text struct {
	raw    string // in UTF-8
	result classify.Result
	shown  string // without secrets
	secret bool   // shown differs from raw
	// params are the numbers of the parameters that are secret.
	params map[int]bool
}

// prepared is what a name of a prepared statement stands for.
type prepared struct {
	text *text
	stmt *classify.Statement // nil: the text says nothing
	from int                 // which statement of the text; for Single
	to   int
}

// maxPrepared bounds the names remembered. The server has no limit, and the
// tracker has one of its own.
const maxPrepared = 10000

const textOID = 25

// readText classifies a query string.
func (s *Session) readText(raw string) *text {
	if enc := s.print.ClientEncoding; enc != "" && enc != "UTF8" && !ascii(raw) {
		raw = pgtext.Text(textOID, 0, []byte(raw), &s.print)
	}
	t := &text{raw: raw, result: s.cfg.Classifier.Classify(raw)}
	t.shown, t.secret = classify.Redact(raw)
	t.params = classify.SecretParams(raw)
	return t
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// prepare remembers a statement: the text's only one (Parse), or the one that
// PREPARE holds.
func (s *Session) prepare(name string, t *text, inner *classify.Statement) {
	p := &prepared{text: t, stmt: inner}
	if inner == nil && len(t.result.Statements) > 0 {
		p.stmt = &t.result.Statements[0]
	}
	if len(t.result.Statements) > 0 {
		p.from, p.to = t.result.Range(0)
	}
	if len(s.prepared) >= maxPrepared {
		for old := range s.prepared {
			delete(s.prepared, old)
			break
		}
	}
	s.prepared[name] = p
}

// lookupText gives the text of an executed statement, from the names if it is there.
func (s *Session) lookupText(name, raw string) *text {
	if p := s.prepared[name]; p != nil && (raw == "" || p.text.raw == raw) {
		return p.text
	}
	return s.readText(raw)
}

// show gives commandText for a statement of a text.
func (s *Session) show(t *text, from, to int) string {
	if s.cfg.CommandText == Whole || from == 0 && to == len(t.raw) {
		return t.shown
	}
	if !t.secret {
		return t.raw[from:to]
	}
	one, _ := classify.Redact(t.raw[from:to])
	return one
}
