package pgtext

import (
	"strings"
	"unicode/utf8"
)

// Beginning is Text for the beginning of a value that was cut: text stays as it is, up to the last
// whole character, and what is binary and no text prints as hexadecimal. lost is how many bytes of the
// value are not in out.
func Beginning(oid uint32, format int16, value []byte, s *Settings) (out string, lost int) {
	if s == nil {
		s = &Settings{}
	}
	p := &printer{s: s}
	if format == 0 {
		return TrimPart(p.decode(value))
	}
	for range maxDepth {
		switch oid {
		case oidText, oidVarchar, oidBpchar, oidJSON, oidXML, oidUnknown, oidCstring, oidRefcursor, oidName:
			return TrimPart(p.decode(value))
		case oidJSONB, oidJSONPath:
			if len(value) > 0 && value[0] == 1 {
				return TrimPart(p.decode(value[1:]))
			}
		case oidBytea:
			return string(p.bytea(nil, value)), 0
		}
		t, ok := p.custom(oid)
		if !ok || t.Like == 0 {
			break
		}
		oid = t.Like
	}
	return string(appendHex(nil, value)), 0
}

// TrimPart takes the part of a character off the end of a text that was cut, also what a converter
// of encodings made of it. lost is how many bytes that were.
func TrimPart(s string) (out string, lost int) {
	if out, found := strings.CutSuffix(s, string(utf8.RuneError)); found {
		return out, 1
	}
	for n := 1; n < utf8.UTFMax && n <= len(s); n++ {
		if tail := s[len(s)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRuneInString(tail) {
				return s[:len(s)-n], n
			}
			break
		}
	}
	return s, 0
}
