package activity

import "unicode/utf8"

// plain marks the ASCII bytes that stand for themselves in a JSON string.
// <, > and & do: consumers compare SQL text, browsers never see it raw.
var plain = func() (t [256]bool) {
	for b := ' '; b < utf8.RuneSelf; b++ {
		t[b] = b != '"' && b != '\\'
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// appendText appends s as a JSON string, or null if it is empty.
func appendText(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, s)
}

// appendStrings appends an array of strings; none make [], never null.
func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}

// appendString appends s as a JSON string. Runs of bytes that need no escape
// are copied whole.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		b := s[i]
		if plain[b] {
			i++
			continue
		}
		if b < utf8.RuneSelf {
			dst = appendEscape(append(dst, s[start:i]...), b)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(append(dst, s[start:i]...), "\uFFFD"...)
			i++
			start = i
			continue
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// Fit is how many bytes of s, ending at a character's end, take at most limit bytes inside a JSON
// string, and how many they take there.
func Fit(s string, limit int) (n, size int) {
	for n < len(s) {
		width, takes := 1, 1
		switch b := s[n]; {
		case plain[b]:
		case b < utf8.RuneSelf:
			takes = escapeSize(b)
		default:
			var r rune
			if r, width = utf8.DecodeRuneInString(s[n:]); r == utf8.RuneError {
				takes = len("\uFFFD")
			} else {
				takes = width
			}
		}
		if size+takes > limit {
			break
		}
		n, size = n+width, size+takes
	}
	return n, size
}

// escapeSize is how many bytes appendEscape appends.
func escapeSize(b byte) int {
	switch b {
	case '"', '\\', '\b', '\f', '\n', '\r', '\t':
		return len(`\n`)
	}
	return len(`\u0000`)
}

// appendEscape appends the shortest escape of a quote, a backslash or a
// control character.
func appendEscape(dst []byte, b byte) []byte {
	switch b {
	case '"', '\\':
		return append(dst, '\\', b)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&0xf])
}
