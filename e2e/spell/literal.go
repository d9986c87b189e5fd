package spell

import (
	"fmt"
	"strings"
)

func quote(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }

// literal writes a value as a string constant, in one of the ways there are.
func (s *speller) literal(v string) string {
	share := s.pick("none", "some", "all")
	switch s.IntN(8) {
	case 0:
		return s.pick("E", "e") + "'" + s.spelled(v, func(v string) string { return s.escapes(v, share) }) + "'"
	case 1:
		return s.pick("U&", "u&") + "'" + s.spelled(v, func(v string) string { return s.unicode(v, share, '\\') }) + "'"
	case 2:
		return "U&'" + s.spelled(v, func(v string) string { return s.unicode(v, share, '!') }) + "'" + s.gap() + s.word("UESCAPE") + s.gap() + "'!'"
	case 3:
		tag := s.dollar(v)
		return tag + v + tag
	case 4:
		i := s.IntN(len(v) + 1)
		for i > 0 && i < len(v) && v[i]&0xc0 == 0x80 {
			i--
		}
		return quote(v[:i]) + s.pick("\n", " \n\t", " -- c'\n ", "\n\n") + quote(v[i:])
	}
	return s.pick("", "", "", "N") + quote(v)
}

// spelled encodes v, and notes what becomes of the secret in it.
func (s *speller) spelled(v string, encode func(string) string) string {
	before, after, found := strings.Cut(v, Secret)
	if !found {
		return encode(v)
	}
	form := encode(Secret)
	s.st.Spelled = append(s.st.Spelled, form)
	return encode(before) + form + encode(after)
}

// dollar gives a tag that v does not have.
func (s *speller) dollar(v string) string {
	for {
		s.tag++
		tag := s.pick("$$", fmt.Sprintf("$t%d$", s.tag), "$_é$", "$PASSWORD$")
		if !strings.Contains(v+"$", tag) && !strings.HasSuffix(v, "$") {
			return tag
		}
		if s.tag > 20 {
			return fmt.Sprintf("$long%d$", s.tag)
		}
	}
}

// escapes writes characters of an E constant, some as escapes.
func (s *speller) escapes(v, share string) string {
	var b strings.Builder
	for _, c := range v {
		switch {
		case c == '\'':
			b.WriteString(s.pick("''", `\'`, `\047`, `\x27`))
		case c == '\\':
			b.WriteString(`\\`)
		case c < 0x80 && (share == "all" || share == "some" && s.IntN(4) == 0):
			b.WriteString(s.pick(fmt.Sprintf(`\x%02x`, c), fmt.Sprintf(`\%03o`, c), fmt.Sprintf(`\u%04X`, c), fmt.Sprintf(`\U%08x`, c)))
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// unicode writes characters of a U& constant, some as escapes.
func (s *speller) unicode(v, share string, escape rune) string {
	var b strings.Builder
	for _, c := range v {
		switch {
		case c == '\'':
			b.WriteString("''")
		case c == escape:
			b.WriteRune(c)
			b.WriteRune(c)
		case share == "all" || share == "some" && s.IntN(4) == 0:
			fmt.Fprintf(&b, s.pick("%c%04x", "%c+%06X"), escape, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// wrap puts a statement into another one.
func (s *speller) wrap(text string) string {
	body := func() string {
		return s.literal(s.pick("", "BEGIN ", "DECLARE i int; BEGIN ", "\nBEGIN IF true THEN ") + text + s.pick("", "; END", ";\nEND IF; END;"))
	}
	switch s.IntN(8) {
	case 0:
		return s.word("EXPLAIN") + s.pick(" ", " (ANALYZE) ", " VERBOSE ") + text
	case 1:
		return s.word("PREPARE") + " q AS " + text
	case 2:
		return s.word("DO") + s.gap() + s.maybe(func() string { return "LANGUAGE plpgsql " }) + body()
	case 3:
		return s.word("CREATE FUNCTION") + " f() RETURNS void LANGUAGE sql AS " + s.literal(text)
	case 4:
		return s.word("CREATE OR REPLACE PROCEDURE") + " f() AS " + body() + " LANGUAGE plpgsql"
	case 5:
		return s.word("SELECT") + " dblink_exec('c', " + s.literal(text) + ")"
	case 6:
		return s.word("DO") + s.gap() + s.literal("BEGIN EXECUTE "+s.literal(text)+"; END")
	}
	return "n := (" + text + ")"
}
