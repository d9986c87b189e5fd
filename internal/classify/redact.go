package classify

import "strings"

// Redacted stands where a secret was.
const Redacted = "<REDACTED>"

const (
	passwordWord = "password"
	// maxNesting is how deep literals that hold statements are followed; what is
	// deeper is taken out whole.
	maxNesting = 6
)

// Redact takes passwords out of a query string, whether it parses or not.
//
// A string with CREATE or ALTER ROLE, USER or GROUP (options, not SET or RENAME) ends
// after its first "password", wherever that stands, with " <REDACTED>"; so does pgaudit.
// Elsewhere the literal alone is replaced: OPTIONS (password '…'), connection strings and
// URLs with a password, SET and set_config of a parameter named so, and literals
// that hold such statements: bodies of DO and functions, arguments of EXECUTE and format.
func Redact(text string) (shown string, changed bool) {
	if !suspicious(text) {
		return text, false
	}
	r := redactor{s: text}
	return r.run()
}

// RedactValue takes passwords out of a value: a bound parameter, or a literal's
// content.
func RedactValue(v string) (shown string, changed bool) {
	if !suspicious(v) {
		return v, false
	}
	shown, changed, _ = redactValue(v, 0)
	return shown, changed
}

// SecretParams gives the numbers of the parameters that a text uses as a password;
// nil if there are none.
func SecretParams(text string) map[int]bool {
	if !suspicious(text) || strings.IndexByte(text, '$') < 0 {
		return nil
	}
	r := redactor{s: text}
	r.run()
	return r.params
}

// RedactMessage takes a text's secrets out of an error message about it.
func RedactMessage(text, message string) string {
	if !suspicious(text) {
		return maskQuoted(maskLoose(message))
	}
	r := redactor{s: text, collect: true}
	shown, changed := r.run()
	if changed {
		message = MaskUnshown(message, shown) // first: a secret may have a quote in it
		for _, secret := range r.secrets {
			message = strings.ReplaceAll(message, secret, Redacted)
		}
	}
	return maskQuoted(maskLoose(message))
}

// suspicious says whether a text can hold a secret at all: it is what ordinary
// statements pay.
func suspicious(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case 'p', 'P':
			if i+4 < len(s) && s[i+1]|0x20 == 'a' && s[i+2]|0x20 == 's' && s[i+3]|0x20 == 's' &&
				(s[i+4]|0x20 == 'w' || s[i+4]|0x20 == 'p' || s[i+4]|0x20 == 'c' || s[i+4] == '\'') {
				return true
			}
			if i+2 < len(s) && s[i+1]|0x20 == 'w' && s[i+2]|0x20 == 'd' {
				return true
			}
			if hasFold(s[i:], "program") || hasFold(s[i:], "private_key") {
				return true
			}
		case 's', 'S':
			if i+5 < len(s) && (equalFold(s[i:i+6], "secret") || i+9 < len(s) && equalFold(s[i:i+10], "set_config")) {
				return true
			}
		case '&':
			if i > 0 && s[i-1]|0x20 == 'u' && i+1 < len(s) && (s[i+1] == '\'' || s[i+1] == '"') {
				return true
			}
		case ':':
			if strings.HasPrefix(s[i:], "://") {
				return true
			}
		case '\\':
			return true
		case '\'':
			if joinsLiteral(s[i+1:]) {
				return true
			}
		case 'a', 'A':
			if hasFold(s[i:], "alter") || hasFold(s[i:], "api") || hasFold(s[i:], "authorization") {
				return true
			}
		case 'c', 'C':
			if hasFold(s[i:], "create") || hasFold(s[i:], "crypt") {
				return true
			}
		case 'h', 'H':
			if hasFold(s[i:], "hmac") {
				return true
			}
		case 'i', 'I':
			if hasFold(s[i:], "identified") {
				return true
			}
		case 't', 'T':
			if hasFold(s[i:], "token") {
				return true
			}
		}
	}
	return false
}

// joinsLiteral says whether a literal follows that continues the one before, by a line's end, a
// comment, or ||: a word may be divided between them.
func joinsLiteral(s string) bool {
	rest := strings.TrimLeft(s, " \t\r\n\f\v")
	switch {
	case rest == "":
		return false
	case strings.HasPrefix(rest, "--"):
		return true
	case strings.HasPrefix(rest, "||"):
		rest = strings.TrimLeft(rest[2:], " \t\r\n\f\v")
		return strings.HasPrefix(rest, "'")
	}
	return rest[0] == '\'' && strings.ContainsAny(s[:len(s)-len(rest)], "\r\n")
}

// hasFold is strings.HasPrefix without case, for a lower-case ASCII word.
func hasFold(s, lower string) bool { return len(s) >= len(lower) && equalFold(s[:len(lower)], lower) }

// secretName says whether a parameter or option of that name holds a secret:
// password, sslpassword, app.db_password, but not password_encryption.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, suffix := range [...]string{
		passwordWord, "passwd", "passphrase", "passcode", "secret", "secrets", "secret_key", "secret_access_key", "ssl_passphrase_command",
		"api_key", "apikey", "private_key", "token",
	} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return name == "pwd" || strings.HasSuffix(name, "_pwd") || strings.HasSuffix(name, ".pwd")
}

// optionName is secretName for what stands in OPTIONS, where it may be misspelt.
func optionName(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "pass") && name != "password_required" && name != "passfile"
}

// indexFold is strings.Index without case, for a lower-case ASCII word.
func indexFold(s, lower string) int {
	for i := 0; i+len(lower) <= len(s); i++ {
		if s[i]|0x20 == lower[0] && equalFold(s[i:i+len(lower)], lower) {
			return i
		}
	}
	return -1
}
