package catalog

import (
	"strings"
	"unicode/utf8"
)

// maxName is NAMEDATALEN - 1.
const maxName = 63

// Truncate cuts an identifier to 63 bytes as the server does: never inside a
// character.
func Truncate(name string) string {
	if len(name) <= maxName {
		return name
	}
	if !utf8.ValidString(name) {
		return name[:maxName]
	}
	n := maxName
	for n > 0 && !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n]
}

// ParseSearchPath splits a search_path setting, such as `"$user", public`, into
// unquoted, folded and truncated names. A malformed list gives what was read
// before the fault. The result is never nil.
func ParseSearchPath(setting string) []string {
	path := []string{}
	rest := strings.TrimLeft(setting, pathSpace)
	for rest != "" {
		var name string
		if rest[0] == '"' {
			var ok bool
			if name, rest, ok = quotedName(rest); !ok {
				return path
			}
		} else {
			end := strings.IndexAny(rest, pathSpace+",")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return path
			}
			name, rest = foldCase(rest[:end]), rest[end:]
		}
		path = append(path, Truncate(name))
		rest = strings.TrimLeft(rest, pathSpace)
		if rest == "" || rest[0] != ',' {
			return path
		}
		rest = strings.TrimLeft(rest[1:], pathSpace)
	}
	return path
}

const pathSpace = " \t\n\r\f\v"

// quotedName reads one double-quoted identifier from the head of s.
func quotedName(s string) (name, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			b.WriteByte('"')
			i++
			continue
		}
		return b.String(), s[i+1:], true
	}
	return "", "", false
}

// foldCase lowers ASCII letters only, as the server does in multi-byte
// encodings.
func foldCase(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// formatSearchPath is the inverse of ParseSearchPath.
func formatSearchPath(path []string) string {
	var b strings.Builder
	for i, name := range path {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('"')
		b.WriteString(strings.ReplaceAll(name, `"`, `""`))
		b.WriteByte('"')
	}
	return b.String()
}
