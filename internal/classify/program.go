package classify

import "strings"

// maskCommand takes the passwords out of a shell command, as COPY … PROGRAM has one, beside what
// maskLoose finds: NAME=value with a secret's name, -u user:password, -ppassword, an Authorization
// header.
func maskCommand(v string) string {
	var b strings.Builder
	before, command := "", ""
	for v != "" {
		n := strings.IndexFunc(v, func(c rune) bool { return !shellSpace(c) })
		if n < 0 {
			n = len(v)
		}
		b.WriteString(v[:n])
		v = v[n:]
		n = wordEnd(v)
		if command == "sshpass" && before == "-p" {
			b.WriteString(Redacted)
		} else {
			b.WriteString(maskWord(before, v[:n]))
		}
		command, before, v = before, v[:n], v[n:]
	}
	return b.String()
}

func shellSpace(c rune) bool { return strings.ContainsRune(" \t\r\n;|&()", c) }

// wordEnd is where the word at the beginning ends; quotes hold blanks together.
func wordEnd(v string) int {
	var quote rune
	for i, c := range v {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case shellSpace(c):
			return i
		}
	}
	return len(v)
}

// maskWord masks the secret in a word of a command; before is the word in front of it.
func maskWord(before, word string) string {
	if strings.Contains(word, Redacted) {
		return word
	}
	name, value, pair := strings.Cut(word, "=")
	option := strings.TrimLeft(name, "-")
	switch {
	case pair && value != "" && value[0] != '$' && secretName(strings.ReplaceAll(option, "-", "_")):
		return name + "=" + Redacted
	case before == "-u", before == "--user", before == "-U", before == "--proxy-user":
		if user, _, ok := strings.Cut(word, ":"); ok {
			return user + ":" + Redacted
		}
	case strings.HasPrefix(before, "--") && !strings.Contains(before, "=") && secretName(strings.ReplaceAll(before[2:], "-", "_")):
		return Redacted
	case strings.HasPrefix(word, "-p") && len(word) > 2 && strings.Trim(word[2:], "0123456789") != "" && word[2] != '$':
		return "-p" + Redacted
	case strings.HasPrefix(word, "-u") && strings.Contains(word, ":"):
		return word[:strings.IndexByte(word, ':')+1] + Redacted
	}
	return word
}

// secretHeaders are the headers of HTTP, or what they end in, that hold a secret.
var secretHeaders = [...]string{"authorization", "api-key", "auth-token", "private-token"} //nolint:gochecknoglobals // read-only table

// maskHeaders masks what such a header says, up to a quote or the line's end.
func maskHeaders(v string) string {
	for _, header := range secretHeaders {
		v = maskHeader(v, header)
	}
	return v
}

func maskHeader(v, header string) string {
	if indexFold(v, header) < 0 {
		return v
	}
	var b strings.Builder
	for {
		i := indexFold(v, header)
		if i < 0 {
			b.WriteString(v)
			return b.String()
		}
		i += len(header)
		i += len(v[i:]) - len(strings.TrimLeft(v[i:], "\"' "))
		b.WriteString(v[:i])
		if v = v[i:]; v == "" || v[0] != ':' && v[0] != '=' {
			continue
		}
		b.WriteString(v[:1])
		v = v[1:]
		n := len(v) - len(strings.TrimLeft(v, " \"'"))
		end := n + len(v[n:])
		if j := strings.IndexAny(v[n:], "\"'\r\n"); j >= 0 {
			end = n + j
		}
		if end > n {
			b.WriteString(v[:n] + Redacted)
		}
		v = v[end:]
	}
}
