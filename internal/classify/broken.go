package classify

import "strings"

// RedactBroken is Redact for a text in which the server found a syntax error: quotes may not be where
// they should, so that nothing in it can be trusted to be what it seems. If a quote follows the word
// password anywhere, the text ends after that word; constants with escapes in them go whole.
func RedactBroken(text string) (shown string, changed bool) {
	shown, changed = Redact(text)
	if i := indexFold(shown, passwordWord); i >= 0 {
		i += len(passwordWord)
		if strings.ContainsAny(shown[i:], "'\"$") {
			return shown[:i] + " " + Redacted, true
		}
	}
	var b strings.Builder
	at := 0
	lex := lexer{s: shown}
	for t := lex.next(); t.kind != tokEOF; t = lex.next() {
		if t.kind != tokString {
			continue
		}
		from, to := t.body(shown)
		if raw := shown[from:to]; strings.Contains(raw, `\`) || indexFold(raw, "u&") >= 0 || t.form == 'u' && valueOf(shown, t) != raw {
			b.WriteString(shown[at:t.from] + "'" + Redacted + "'")
			at = t.to
		}
	}
	if at == 0 {
		return shown, changed
	}
	return b.String() + shown[at:], true
}
