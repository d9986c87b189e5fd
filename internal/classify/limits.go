package classify

import "strings"

// What may reach the parser. The parser dies at 48,000 tokens of depth on an 8 MB stack and,
// measured with the deepest frames known, at 5,000 on 2 MB.
const (
	maxTreeBytes  = 4 << 20
	maxTreeTokens = 50_000
	maxTreeDepth  = 1500
	// The writer of the tree needs time in proportion to tokens times depth: 36 million took it
	// 2.5 s.
	maxTreeWork = 4_000_000
)

// mayParse says whether the parser survives a text, and in good time.
func mayParse(text string) bool {
	if len(text) > maxTreeBytes || strings.IndexByte(text, 0) >= 0 {
		return false
	}
	if len(text) <= maxTreeDepth {
		return true
	}
	d := depths{s: text}
	lex := lexer{s: text}
	for {
		t := lex.next()
		if t.kind == tokEOF {
			break
		}
		d.add(t)
		if d.tokens > maxTreeTokens || len(d.levels) > maxTreeDepth {
			return false
		}
	}
	depth := d.depth()
	return depth <= maxTreeDepth && depth*d.tokens <= maxTreeWork
}

// depths bounds how deep the tree of a text can be. Between two commas each token adds a level at
// most, and what is in parentheses comes on top; what a comma or semicolon separates stands side by
// side.
type depths struct {
	s      string
	tokens int
	cur    level
	levels []level // of the open parentheses
}

// A level is what was seen within one pair of parentheses.
type level struct {
	tokens int // since the last comma
	inner  int // depth of the deepest parentheses since then
	max    int // of the parts before
}

func (l level) depth() int { return max(l.max, l.tokens+l.inner) }

func (d *depths) add(t token) {
	d.tokens++
	if t.kind != tokPunct {
		d.cur.tokens++
		return
	}
	switch d.s[t.from] {
	case '(', '[':
		d.levels = append(d.levels, d.cur)
		d.cur = level{tokens: 1}
	case ')', ']':
		d.close()
	case ',', ';':
		d.cur = level{max: d.cur.depth()}
	default:
		d.cur.tokens++
	}
}

func (d *depths) close() {
	if len(d.levels) == 0 {
		return
	}
	inner := d.cur.depth()
	d.cur = d.levels[len(d.levels)-1]
	d.levels = d.levels[:len(d.levels)-1]
	d.cur.tokens++
	d.cur.inner = max(d.cur.inner, inner)
}

func (d *depths) depth() int {
	for len(d.levels) > 0 {
		d.close()
	}
	return d.cur.depth()
}

// withoutComments gives the text with blanks for its block comments, byte for byte: the parser
// needs quadratic time for nested ones.
func withoutComments(text string) string {
	if !strings.Contains(text, "/*") {
		return text
	}
	b := []byte(text)
	lex := lexer{s: text}
	for at := 0; ; {
		t := lex.next()
		for i := at; i < t.from; i++ {
			if chars[b[i]]&chSpace == 0 {
				b[i] = ' '
			}
		}
		if t.kind == tokEOF {
			return string(b)
		}
		at = t.to
	}
}
