package track

import "strings"

const (
	// maxOutput is what is kept of a plan: its top is what counts.
	maxOutput = 64 << 10
	// rowHead is a row's count of columns and the length of the first.
	rowHead = 6
)

// explains says whether the statement that now sends its first row may be an EXPLAIN: the rows of no other
// are looked at.
func (t *Tracker) explains() bool {
	if e := t.head('Q'); e != nil {
		if e.explain == 0 {
			e.explain = 'n'
			if containsFold(e.text, "explain") {
				e.explain = 'y'
			}
		}
		return e.explain == 'y' && !e.quiet
	}
	e := t.head('E')
	if e == nil || e.quiet {
		return false
	}
	p := t.ports.get(e.name)
	if p == nil || p.stmt == nil {
		return false
	}
	rest := skipBlanks(p.stmt.text)
	return len(rest) >= 7 && strings.EqualFold(rest[:7], "explain")
}

// containsFold is for a word in lower case.
func containsFold(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// explained keeps a row's first column.
func (t *Tracker) explained(body []byte) {
	r := reader{b: body}
	if r.uint16() != 1 {
		return
	}
	n := int(int32(r.uint32()))
	if n < 0 || r.bad || len(t.output) >= maxOutput {
		return
	}
	t.output = append(append(t.output, r.b[:min(n, len(r.b))]...), '\n')
}

// takeOutput gives what was kept of EXPLAIN's rows.
func (t *Tracker) takeOutput(tag string) string {
	if !t.explaining {
		return ""
	}
	out := ""
	if tag == "EXPLAIN" {
		out = string(t.output)
	}
	t.explaining, t.output = false, nil
	return out
}
