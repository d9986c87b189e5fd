package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// controls are the names of the control characters of ASCII but DEL, in their order.
var controls = strings.Fields("NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US")

// visible makes a text of the database fit to be looked at: control characters, which
// a browser drops, are shown by their names, and what turns the direction of writing,
// or has no width, by its number, so that no text can pass for another. There are
// pictures of the former, ␛, but not in every font.
func visible(s string) string {
	if !strings.ContainsFunc(s, odd) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !odd(r):
			b.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&b, "⟨%s⟩", controls[r])
		case r == 0x7f:
			b.WriteString("⟨DEL⟩")
		default:
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		}
	}
	return b.String()
}

// showJSON lays JSON out for reading. What visible makes visible stands as an escape, so
// that what is copied is still the same JSON. It is false for what is none.
func showJSON(data []byte) (string, bool) {
	var out bytes.Buffer
	if json.Indent(&out, data, "", "  ") != nil {
		return "", false
	}
	var b strings.Builder
	for _, r := range out.String() {
		switch {
		case r == '\n' || !odd(r):
			b.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, "\\u%04x", unit)
			}
		}
	}
	return b.String(), true
}

func odd(r rune) bool { return r < ' ' || unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) }

// rowText is how many bytes of a text a row has.
const rowText = 300

// shorten cuts a text and makes it visible.
func shorten(s string) string {
	if len(s) <= rowText {
		return visible(s)
	}
	return visible(head(s, rowText)) + "…"
}

// head is the beginning of a text, cut between characters.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}
