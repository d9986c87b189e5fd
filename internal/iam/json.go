package iam

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The limits of a file. An account's whole details are some megabytes.
const (
	maxFile  = 16 << 20
	maxDepth = 32
)

// Position is a line of a text, the first being 1, and what is the matter there.
type Position struct {
	Line int
	Text string
}

func (p Position) Error() string { return fmt.Sprintf("line %d: %s", p.Line, p.Text) }

// node is a JSON value that knows its line. encoding/json would not say where a
// member stood whose meaning is wrong.
type node struct {
	line    int
	kind    byte   // '{', '[', '"', '0' (a number), 't' (true or false), 'n' (null)
	text    string // of a string; the source of a number, true, false and null
	list    []*node
	members []member
}

type member struct {
	name  string
	value *node
}

// get finds a member; nil if there is none.
func (n *node) get(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// fail is an error at the node's line.
func (n *node) fail(format string, args ...any) error {
	return Position{n.line, fmt.Sprintf(format, args...)}
}

// reader reads JSON, and commas before a closing bracket, which the Aurora user
// guide (2019) has in a policy: each is a warning.
type reader struct {
	text     string
	at, line int
	warnings []Position
}

// readJSON reads one value and nothing after it.
func readJSON(text string) (*node, []Position, error) {
	switch {
	case len(text) > maxFile:
		return nil, nil, Position{1, fmt.Sprintf("the text is longer than %d bytes", maxFile)}
	case !utf8.ValidString(text):
		return nil, nil, Position{1, "the text is not UTF-8"}
	}
	r := &reader{text: strings.TrimPrefix(text, "\ufeff"), line: 1}
	n, err := r.value(0)
	if err != nil {
		return nil, nil, err
	}
	if r.space(); r.at < len(r.text) {
		return nil, nil, r.fail("there is more after the end: %s", r.near())
	}
	return n, r.warnings, nil
}

func (r *reader) fail(format string, args ...any) error {
	return Position{r.line, fmt.Sprintf(format, args...)}
}

// near shows where the reader is.
func (r *reader) near() string {
	rest, _, _ := strings.Cut(r.text[r.at:], "\n")
	if rest == "" {
		return "the text ends here"
	}
	return fmt.Sprintf("%q", strings.ToValidUTF8(rest[:min(len(rest), 24)], ""))
}

func (r *reader) space() {
	for ; r.at < len(r.text); r.at++ {
		switch r.text[r.at] {
		case '\n':
			r.line++
		case ' ', '\t', '\r':
		default:
			return
		}
	}
}

// next skips space and, if c comes, c.
func (r *reader) next(c byte) bool {
	r.space()
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *reader) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, r.fail("values are nested too deeply")
	}
	r.space()
	n := &node{line: r.line}
	if r.at == len(r.text) {
		return nil, r.fail("a value is missing: the text ends here")
	}
	switch c := r.text[r.at]; {
	case c == '{':
		n.kind = '{'
		return n, r.object(n, depth)
	case c == '[':
		n.kind = '['
		return n, r.array(n, depth)
	case c == '"':
		var err error
		n.kind = '"'
		n.text, err = r.str()
		return n, err
	}
	end := r.at
	for end < len(r.text) && !strings.ContainsRune(" \t\r\n,:{}[]\"", rune(r.text[end])) {
		end++
	}
	n.text = r.text[r.at:end]
	if n.text == "" || !json.Valid([]byte(n.text)) {
		return nil, r.fail("a JSON value was expected, not %s", r.near())
	}
	r.at = end
	switch n.text {
	case "true", "false":
		n.kind = 't'
	case "null":
		n.kind = 'n'
	default:
		n.kind = '0'
	}
	return n, nil
}

func (r *reader) str() (string, error) {
	for end := r.at + 1; end < len(r.text); end++ {
		switch r.text[end] {
		case '\\':
			end++
		case '\n':
			return "", r.fail("a string is not closed: %s", r.near())
		case '"':
			var s string
			if err := json.Unmarshal([]byte(r.text[r.at:end+1]), &s); err != nil {
				return "", r.fail("a string is not valid JSON: %s", r.near())
			}
			r.at = end + 1
			return s, nil
		}
	}
	return "", r.fail("a string is not closed: %s", r.near())
}

// more reports whether another element comes, having read n. Anything but a comma or
// the closing bracket is an error.
func (r *reader) more(n int, closing byte) (bool, error) {
	if r.next(closing) {
		return false, nil
	}
	if n == 0 {
		return true, nil
	}
	line := r.line
	if !r.next(',') {
		return false, r.fail("a comma or %q was expected, not %s", closing, r.near())
	}
	if r.next(closing) {
		r.warnings = append(r.warnings, Position{line, fmt.Sprintf("a stray comma before %q is ignored here; IAM itself refuses it", closing)})
		return false, nil
	}
	return true, nil
}

func (r *reader) object(n *node, depth int) error {
	r.at++
	for {
		more, err := r.more(len(n.members), '}')
		if err != nil || !more {
			return err
		}
		if r.space(); r.at == len(r.text) || r.text[r.at] != '"' {
			return r.fail("a member's name in quotes was expected, not %s", r.near())
		}
		name, err := r.str()
		if err != nil {
			return err
		}
		if n.get(name) != nil {
			return r.fail("%q is given twice", name)
		}
		if !r.next(':') {
			return r.fail("a colon was expected after %q, not %s", name, r.near())
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.members = append(n.members, member{name, v})
	}
}

func (r *reader) array(n *node, depth int) error {
	r.at++
	for {
		more, err := r.more(len(n.list), ']')
		if err != nil || !more {
			return err
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.list = append(n.list, v)
	}
}
