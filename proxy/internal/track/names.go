package track

import "strings"

// nameLen is what PostgreSQL keeps of a statement's or portal's name
// (NAMEDATALEN - 1): longer names with the same beginning are the same name.
const nameLen = 63

// A statement is what a Parse made.
type statement struct {
	name    string
	text    string
	textLen int
	types   []uint32
	gone    bool // no longer in the map; its place in the order is stale
	held    int  // what it counts among the statements
	portals int  // how many named portals have it
	pinned  int  // what it counts among these
}

func (s *statement) size() int { return len(s.text) + 4*len(s.types) + 256 }

// maxTypes is how many types a shortened statement keeps.
const maxTypes = 64

// short says whether there is nothing to gain by shortened.
func (s *statement) short() bool { return len(s.text) <= shortText && len(s.types) <= maxTypes }

// shortened is the statement with the beginning of its text. Who has the statement
// itself keeps it.
func (s *statement) shortened() *statement {
	c := &statement{name: s.name, text: s.text, textLen: s.textLen, types: s.types}
	if len(c.text) > shortText {
		c.text = strings.Clone(c.text[:shortText])
	}
	if len(c.types) > maxTypes {
		c.types = nil
	}
	return c
}

// statements are a session's prepared statements. When they hold too much, the oldest
// keep the beginning of their text; when there are too many, the oldest are forgotten.
// The unnamed one is not counted.
type statements struct {
	unnamed  *statement
	named    map[string]*statement
	order    []*statement // oldest first, with stale ones among them
	whole    int          // those before are short or stale
	bytes    int
	maxCount int
	maxBytes int
}

func (m *statements) get(name string) *statement {
	if name == "" {
		return m.unnamed
	}
	return m.named[name]
}

func (m *statements) put(s *statement) {
	if s.name == "" {
		m.unnamed = s
		return
	}
	m.drop(s.name)
	if m.named == nil {
		m.named = make(map[string]*statement)
	}
	m.named[s.name] = s
	m.order = append(m.order, s)
	m.count(s)
	m.trim()
}

// trim makes the oldest short, or forgets them, until what is left is not too much.
func (m *statements) trim() {
	for m.bytes > m.maxBytes && m.shorten() {
	}
	for (len(m.named) > m.maxCount || m.bytes > m.maxBytes) && len(m.named) > 1 {
		m.drop(m.oldest().name)
	}
}

// count takes note of what s holds now.
func (m *statements) count(s *statement) {
	if s.name == "" || s.gone {
		return
	}
	size := s.size()
	m.bytes += size - s.held
	s.held = size
}

// grown takes note that s has other types.
func (m *statements) grown(s *statement) {
	m.count(s)
	if !s.short() {
		m.whole = 0
	}
	m.trim()
}

// shorten shortens the oldest that can be, but the last. It reports false if there is none.
func (m *statements) shorten() bool {
	for ; m.whole < len(m.order)-1; m.whole++ {
		s := m.order[m.whole]
		if s.gone || s.short() {
			continue
		}
		c := s.shortened()
		m.bytes -= s.held
		s.gone = true
		m.named[c.name], m.order[m.whole] = c, c
		m.count(c)
		return true
	}
	return false
}

// oldest is the first in the order; there is one.
func (m *statements) oldest() *statement {
	for m.order[0].gone {
		m.order[0] = nil
		m.order, m.whole = m.order[1:], max(m.whole-1, 0)
	}
	return m.order[0]
}

func (m *statements) drop(name string) {
	if name == "" {
		m.unnamed = nil
		return
	}
	s := m.named[name]
	if s == nil {
		return
	}
	delete(m.named, name)
	m.bytes -= s.held
	s.gone = true
	if len(m.order) > 2*len(m.named)+16 {
		m.compact()
	}
}

// compact takes the stale ones out of the order.
func (m *statements) compact() {
	kept := m.order[:0]
	for _, s := range m.order {
		if !s.gone {
			kept = append(kept, s)
		}
	}
	clear(m.order[len(kept):])
	m.order, m.whole = kept, 0
}

func (m *statements) clear() {
	*m = statements{maxCount: m.maxCount, maxBytes: m.maxBytes}
}

// startsLikeQuery says whether a text begins with SELECT, VALUES, TABLE or WITH: the executor of such
// a statement starts with Bind, not with Execute.
func startsLikeQuery(s *statement) bool {
	if s == nil {
		return false
	}
	rest := skipBlanks(s.text)
	for _, w := range [...]string{"select", "values", "table", "with"} {
		if len(rest) > len(w) && strings.EqualFold(rest[:len(w)], w) && !isWord(rest[len(w)]) {
			return true
		}
	}
	return false
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// skipBlanks takes blanks, comments and parentheses off the front, as far as a short look goes.
func skipBlanks(s string) string {
	s = s[:min(len(s), shortText)]
	for {
		s = strings.TrimLeft(s, " \t\r\n\f\v(")
		end := ""
		switch {
		case strings.HasPrefix(s, "--"):
			end = "\n"
		case strings.HasPrefix(s, "/*"):
			end = "*/"
		default:
			return s
		}
		i := strings.Index(s, end)
		if i < 0 {
			return ""
		}
		s = s[i+len(end):]
	}
}
