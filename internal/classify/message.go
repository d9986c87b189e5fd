package classify

import (
	"strings"
	"unicode/utf8"
)

// quotes are those of the server's messages in its languages.
const quotes = "\"«»„“”‘’"

// quotedIn gives the bounds of what a message quotes, from its first quote to its last: what stands
// there may have quotes of its own.
func quotedIn(message string) (from, to int, ok bool) {
	from, to = strings.IndexAny(message, quotes), strings.LastIndexAny(message, quotes)
	if from < 0 || to <= from {
		return 0, 0, false
	}
	_, n := utf8.DecodeRuneInString(message[from:])
	return from + n, to, to > from+n
}

// maskQuoted takes secrets out of what a message quotes, such as a value that is not a number.
func maskQuoted(message string) string {
	from, to, ok := quotedIn(message)
	if !ok {
		return message
	}
	if shown, changed := RedactValue(message[from:to]); changed {
		return message[:from] + shown + message[to:]
	}
	return message
}

// MaskQuoted hides what a message quotes: for one about a text that is not known in full.
func MaskQuoted(message string) string {
	from, to, ok := quotedIn(message)
	if !ok {
		return message
	}
	return message[:from] + Redacted + message[to:]
}

// MaskUnshown hides what a message quotes unless it is told anyway, in what is shown of the statement
// and its parameters: for one about a statement with a secret, of which a message may quote any part.
func MaskUnshown(message string, shown ...string) string {
	from, to, ok := quotedIn(message)
	if !ok {
		return message
	}
	quoted := strings.ToLower(message[from:to])
	for _, s := range shown {
		if strings.Contains(strings.ToLower(s), quoted) {
			return message
		}
	}
	return message[:from] + Redacted + message[to:]
}

// Executes gives the names after each EXECUTE of a text, whether it parses or not.
func Executes(text string) (names []string) {
	lex := lexer{s: text}
	for t := lex.next(); t.kind != tokEOF; {
		is := t.is(text, "execute")
		if t = lex.next(); is && (t.kind == tokWord || t.kind == tokQuoted) {
			names = append(names, t.name(text))
		}
	}
	return names
}
