package pgtext_test

import (
	"testing"

	"github.com/das-local/das-local/internal/pgtext"
)

// TestUnknownType: what no rule is for prints as hexadecimal in binary format, and as it came in text
// format; a type that a later server adds, too.
func TestUnknownType(t *testing.T) {
	nothing := &pgtext.Settings{TypeOf: func(uint32) (pgtext.Type, bool) { return pgtext.Type{}, false }}
	for _, oid := range []uint32{1, 9999, 8000, 16000, 70000, 4294967295} {
		for _, set := range []*pgtext.Settings{nil, {}, nothing} {
			if got := pgtext.Text(oid, 1, []byte("\x00\x01text"), set); got != `\x000174657874` {
				t.Errorf("binary of %d: %q", oid, got)
			}
			if got := pgtext.Text(oid, 0, []byte(" 01 "), set); got != " 01 " {
				t.Errorf("text of %d: %q", oid, got)
			}
		}
	}
}

// TestCustomText has spellings of composites, and of ranges over any type, that the server prints in
// another way.
func TestCustomText(t *testing.T) {
	s := newSession(t, pgtext.Settings{DateStyle: "SQL, DMY"})
	if _, err := s.conn.Exec(t.Context(), `
		DROP SCHEMA IF EXISTS spelled CASCADE; CREATE SCHEMA spelled; SET search_path = spelled;
		CREATE TYPE row3 AS (a int, b text, c date); CREATE TYPE one AS (a bool);
		CREATE TYPE words AS RANGE (subtype = text); CREATE TYPE reals AS RANGE (subtype = float8); CREATE TYPE ints AS RANGE (subtype = int4)`).ReadAll(); err != nil {
		t.Fatal(err)
	}
	types := map[uint32]pgtext.Type{
		s.oid("row3"): {Like: 2249, Fields: []uint32{23, 25, 1082}}, s.oid("one"): {Like: 2249, Fields: []uint32{16}},
		s.oid("words"): {Range: 25}, s.oid("reals"): {Range: 701}, s.oid("ints"): {Range: 23},
		s.oid("row3[]"): {Element: s.oid("row3")},
	}
	s.s.TypeOf = func(oid uint32) (pgtext.Type, bool) { ty, ok := types[oid]; return ty, ok }
	compared := 0
	for typ, values := range map[string][]string{
		"row3":   {"(01,x,2024-02-01)", `( +1 ,"x y",)`, "(,,)", `(1,"",infinity)`, `(1,a"b"c,2024-02-01)`, `(1,"a""b\\c",)`, ` (1, x ,) `, "(1,x)", "(1,x,,)", "1,x,", "(1,(,)", `(1,\x,)`, `("1",x,2024-02-01`},
		"one":    {"(yes)", "()", "( off )", `("")`, "(1", "(t))"},
		"row3[]": {`{"(01,x,2024-02-01)",NULL}`},
		"words":  {"[a,b)", "[ a , b )", "[a,a)", "[a,a]", `["a,b",)`, "empty", `["",z]`, "(,)", "[a"},
		"reals":  {"[1e0,2.50]", "(1,1.0)", "[1,infinity)"},
		"ints":   {"[1,5]", "(1,2)", "(1,1]", "[01,+5)"},
	} {
		for _, v := range values {
			got := pgtext.Text(s.oid(typ), 0, []byte(v), &s.s)
			want, ok := s.print(typ, 0, []byte(v))
			if !ok {
				continue
			}
			if compared++; got != string(want) {
				t.Errorf("%s %q: %q, want %q", typ, v, got, want)
			}
		}
	}
	if compared < 25 {
		t.Errorf("only %d compared", compared)
	}
}

func TestBeginning(t *testing.T) {
	latin := &pgtext.Settings{ClientEncoding: "SJIS"}
	for _, c := range []struct {
		oid    uint32
		format int16
		value  string
		set    *pgtext.Settings
		want   string
		lost   int
	}{
		{25, 0, "aü", nil, "aü", 0}, {25, 0, "aü\xe2\x82", nil, "aü", 2}, {25, 1, "a\xf0\x9d\x84", nil, "a", 3}, {25, 0, "\xff\xff", nil, "\xff\xff", 0},
		{23, 0, "123", nil, "123", 0}, {1700, 1, "\x00\x01", nil, `\x0001`, 0}, {3802, 1, "\x01{\"a", nil, `{"a`, 0}, {3802, 1, "\x02{", nil, `\x027b`, 0},
		{17, 1, "\x00\xff", nil, `\x00ff`, 0}, {17, 0, `\x0`, nil, `\x0`, 0}, {25, 1, "\x93\xfa\x93", latin, "日", 1}, {99999, 1, "a", nil, `\x61`, 0}, {25, 1, "", nil, "", 0},
	} {
		if got, lost := pgtext.Beginning(c.oid, c.format, []byte(c.value), c.set); got != c.want || lost != c.lost {
			t.Errorf("%d %d %q: %q %d, want %q %d", c.oid, c.format, c.value, got, lost, c.want, c.lost)
		}
	}
}
