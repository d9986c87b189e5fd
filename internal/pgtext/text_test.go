package pgtext_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/das-local/das-local/internal/pgtext"
)

// settings under which every value is compared.
func settings() []pgtext.Settings {
	return []pgtext.Settings{
		{},
		{TimeZone: "Europe/Berlin", DateStyle: "SQL, DMY", IntervalStyle: "postgres_verbose", ByteaOutput: "escape", ExtraFloatDigits: 3},
		{TimeZone: "America/New_York", DateStyle: "Postgres, MDY", IntervalStyle: "sql_standard", ExtraFloatDigits: pgtext.NoExtraFloatDigits},
		{TimeZone: "Asia/Kolkata", DateStyle: "German, DMY", IntervalStyle: "iso_8601", ExtraFloatDigits: -5},
		{TimeZone: "<-03>+03", DateStyle: "SQL, MDY", ExtraFloatDigits: -15},
		{TimeZone: "America/Sao_Paulo", DateStyle: "Postgres, DMY"},
		{TimeZone: "Australia/Lord_Howe", DateStyle: "ISO, YMD"},
	}
}

func TestTextFormat(t *testing.T) {
	compared := 0
	for _, set := range settings() {
		s := newSession(t, set)
		for _, typ := range known(maps.Keys(values)) {
			oid, unsure := s.oid(typ), rawText[typ]
			for _, v := range values[typ] {
				if v == "…" {
					unsure = true
					continue
				}
				got := pgtext.Text(oid, 0, []byte(v), &s.s)
				want, ok := s.print(typ, 0, []byte(v))
				if !ok || unsure && got == v {
					continue
				}
				if compared++; got != string(want) {
					t.Errorf("%s %q with %+v: %q, want %q", typ, v, set, got, want)
				}
			}
		}
	}
	t.Logf("%d values compared", compared)
}

func TestBinaryFormat(t *testing.T) {
	compared := 0
	for _, set := range settings() {
		s := newSession(t, set)
		for _, typ := range known(maps.Keys(values)) {
			oid := s.oid(typ)
			var array uint32
			if typ[len(typ)-1] != ']' && typ != `"char"` && typ != "int2vector" && typ != "oidvector" {
				array = s.oid(typ + "[]")
			}
			for _, v := range values[typ] {
				want, ok := s.print(typ, 0, []byte(v))
				if !ok {
					continue
				}
				b, ok := s.binary("SELECT $1::"+typ, []byte(v))
				if !ok {
					t.Errorf("no binary form of %s %q", typ, v)
					continue
				}
				if compared++; pgtext.Text(oid, 1, b, &s.s) != string(want) {
					t.Errorf("%s %q %x with %+v: %q, want %q", typ, v, b, set, pgtext.Text(oid, 1, b, &s.s), want)
				}
				if array == 0 {
					continue
				}
				expr := fmt.Sprintf("ARRAY[$1::%s, NULL]", typ)
				b, ok = s.binary("SELECT "+expr, []byte(v))
				r := s.conn.ExecParams(t.Context(), "SELECT "+expr, [][]byte{[]byte(v)}, nil, nil, nil).Read()
				if !ok || r.Err != nil {
					t.Fatal(typ, v, r.Err)
				}
				if compared++; pgtext.Text(array, 1, b, &s.s) != string(r.Rows[0][0]) {
					t.Errorf("%s[] %q: %q, want %q", typ, v, pgtext.Text(array, 1, b, &s.s), r.Rows[0][0])
				}
			}
		}
	}
	t.Logf("%d values compared", compared)
}

func TestRecord(t *testing.T) {
	s := newSession(t, pgtext.Settings{})
	for _, expr := range []string{
		"ROW()", "ROW(1)", "ROW(1, NULL, 'a b', '', 'c\"d\\', ARRAY[1,2], ROW(1,'x y'))", "ROW(true, 1.50::numeric, date '2024-02-29')",
		"ROW(ARRAY[ROW(1,2),ROW(3,NULL)])",
	} {
		b, ok := s.binary("SELECT " + expr)
		r := s.conn.ExecParams(t.Context(), "SELECT "+expr, nil, nil, nil, nil).Read()
		if !ok || r.Err != nil {
			t.Fatal(expr, r.Err)
		}
		if got := pgtext.Text(2249, 1, b, nil); got != string(r.Rows[0][0]) {
			t.Errorf("%s: %q, want %q", expr, got, r.Rows[0][0])
		}
	}
}

func TestClientEncoding(t *testing.T) {
	for _, tt := range []struct{ encoding, bytes, want string }{
		{"LATIN1", "gr\xfc\xdfe", "grüße"},
		{"WIN1251", "\xcf\xf0\xe8", "При"},
		{"SJIS", "\x93\xfa", "日"},
		{"UTF8", "grüße", "grüße"},
		{"SQL_ASCII", "\xff", "\xff"},
	} {
		set := pgtext.Settings{ClientEncoding: tt.encoding}
		for _, format := range []int16{0, 1} {
			if got := pgtext.Text(25, format, []byte(tt.bytes), &set); got != tt.want {
				t.Errorf("%s %q: %q, want %q", tt.encoding, tt.bytes, got, tt.want)
			}
		}
	}
}

func TestCustomTypes(t *testing.T) {
	s := newSession(t, pgtext.Settings{})
	if _, err := s.conn.Exec(t.Context(), `
		DROP SCHEMA IF EXISTS custom CASCADE; CREATE SCHEMA custom; SET search_path = custom;
		CREATE DOMAIN dom AS numeric; CREATE DOMAIN dom2 AS dom; CREATE TYPE mood AS ENUM ('sad', 'very happy');
		CREATE TYPE pair AS (a mood, b dom); CREATE TYPE span AS RANGE (subtype = numeric)`).ReadAll(); err != nil {
		t.Fatal(err)
	}
	types := map[uint32]pgtext.Type{
		s.oid("dom"): {Like: 1700}, s.oid("dom2"): {Like: s.oid("dom")}, s.oid("mood"): {Like: 25}, s.oid("pair"): {Like: 2249},
		s.oid("span"): {Range: 1700}, s.oid("mood[]"): {Element: s.oid("mood")}, s.oid("dom2[]"): {Element: s.oid("dom2")}, 99999999: {Like: 99999999},
	}
	s.s.TypeOf = func(oid uint32) (pgtext.Type, bool) { ty, ok := types[oid]; return ty, ok }
	for typ, v := range map[string]string{
		"dom": "1e3", "dom2": "007.50", "mood": "very happy", "pair": `("very happy",1.50)`, "span": "[1.5,2)", "mood[]": `{sad,"very happy"}`, "dom2[]": "{1e2,NULL}",
	} {
		want, ok := s.print(typ, 0, []byte(v))
		b, ok2 := s.binary("SELECT $1::"+typ, []byte(v))
		if !ok || !ok2 {
			t.Fatal(typ)
		}
		// The wire has the element's type, not the domain over it: as declared above.
		if got := pgtext.Text(s.oid(typ), 1, b, &s.s); got != string(want) {
			t.Errorf("%s binary %x: %q, want %q", typ, b, got, want)
		}
		if got := pgtext.Text(s.oid(typ), 0, []byte(v), &s.s); got != string(want) {
			t.Errorf("%s text %q: %q, want %q", typ, v, got, want)
		}
	}
	if got := pgtext.Text(99999999, 1, []byte{1, 2}, &s.s); got != `\x0102` {
		t.Errorf("a type like itself: %q", got)
	}
}
