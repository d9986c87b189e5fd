package classify_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/classify"
)

func TestDisarm(t *testing.T) {
	for _, tt := range []struct {
		sql, want string // want "": refused
		literals  []string
	}{
		{"SELECT 1", "SELECT 1", nil},
		{"SELECT 'a'", "SELECT NULL", []string{"a"}},
		{"SELECT'a'and'b'", "SELECT NULL and NULL", []string{"a", "b"}},
		{"SELECT E'a\\'b', $$x'y$$, $t$z$t$, U&'d!0061' UESCAPE '!', 'a'\n  'b'", "SELECT NULL , NULL , NULL , NULL , NULL", []string{"a'b", "x'y", "z", "da", "ab"}},
		{"SELECT '(x)'::public.comp", "SELECT NULL ::public.comp", []string{"(x)"}},
		{"SELECT public.comp '(x)'", `SELECT CAST(NULL AS "public"."comp")`, []string{"(x)"}},
		{`SELECT "Comp" '(x)'`, `SELECT CAST(NULL AS "Comp")`, []string{"(x)"}},
		{"SELECT numeric(3, 1) '1.5', N'x', char 'x', bit varying(3) '101', timestamp(3) with time zone 'now'",
			`SELECT CAST(NULL AS "pg_catalog"."numeric"(3, 1)) , CAST(NULL AS "pg_catalog"."bpchar") , CAST(NULL AS "pg_catalog"."bpchar") , CAST(NULL AS "pg_catalog"."varbit"(3)) , CAST(NULL AS "pg_catalog"."timestamptz"(3))`,
			[]string{"1.5", "x", "x", "101", "now"}},
		{"SELECT interval '1' day to second(3), interval '1 day', interval(2) '3'", `SELECT interval '0' day to second(3), CAST(NULL AS "pg_catalog"."interval") , interval(2) '0'`, []string{"1", "1 day", "3"}},
		{"SELECT a IS DISTINCT FROM 'x', 'y' IS NOT DISTINCT FROM a FROM t", "SELECT a IS DISTINCT FROM CAST(NULL AS pg_catalog.unknown) , CAST(NULL AS pg_catalog.unknown) IS NOT DISTINCT FROM a FROM t", []string{"x", "y"}},
		{`SELECT EXTRACT('day' FROM a), EXTRACT("(x)" FROM a), EXTRACT(month FROM a), NORMALIZE(a, NFC)`, "SELECT EXTRACT( year FROM a), EXTRACT( year FROM a), EXTRACT(month FROM a), NORMALIZE(a, NFC)", []string{"day", "(x)"}},
		{"SELECT a LIKE 'x' ESCAPE '!', a AT TIME ZONE 'utc', a COLLATE \"C\" FROM t LIMIT '1'", "SELECT a LIKE NULL ESCAPE NULL , a AT TIME ZONE NULL , a COLLATE \"C\" FROM t LIMIT NULL", []string{"x", "!", "utc", "1"}},
		{"INSERT INTO t (c[1], d.e) VALUES ('a', 'b'), (DEFAULT, 'c') ON CONFLICT (id) DO UPDATE SET v = 'd' WHERE t.v = 'e' RETURNING 'f'", "INSERT INTO t (c[1], d.e) VALUES ( NULL , NULL ), (DEFAULT, NULL ) ON CONFLICT (id) DO UPDATE SET v = NULL WHERE t.v = NULL RETURNING NULL", []string{"a", "b", "c", "d", "e", "f"}},
		{"MERGE INTO t USING u ON t.a = 'x' WHEN NOT MATCHED THEN INSERT VALUES ('y') WHEN MATCHED AND t.a > 'z' THEN UPDATE SET a = 'w'", "MERGE INTO t USING u ON t.a = NULL WHEN NOT MATCHED THEN INSERT VALUES ( NULL ) WHEN MATCHED AND t.a > NULL THEN UPDATE SET a = NULL", []string{"x", "y", "z", "w"}},
		{"DECLARE c CURSOR FOR SELECT 'a'", "DECLARE c CURSOR FOR SELECT NULL", []string{"a"}},
		{"EXPLAIN (FORMAT json) SELECT 'a'", "EXPLAIN (FORMAT json) SELECT NULL", []string{"a"}},
		{"CREATE TABLE x AS SELECT 'a'", "CREATE TABLE x AS SELECT NULL", []string{"a"}},
		{"SELECT * FROM XMLTABLE('/a' PASSING b COLUMNS c comp PATH 'd' DEFAULT '(x)')", "SELECT * FROM XMLTABLE( NULL PASSING b COLUMNS c comp PATH NULL DEFAULT NULL )", []string{"/a", "d", "(x)"}},
		{"SELECT $1, x'1F', b'01', 'é', \"it's\" FROM t /* 'c' */ -- 'd'", "SELECT $1, x'1F', b'01', NULL , \"it's\" FROM t", []string{"é"}},
		{"SELECT 'a';", "SELECT NULL ;", []string{"a"}},
		{"SELECT 1; SELECT 2", "", nil},
		{"", "", nil},
		{"SELECT 'a", "", nil},
		{"CALL p('(x)')", "", nil},
		{"CALL p(1)", "", nil},
		{"DO $$x$$", "", nil},
		{"SET search_path = 'a'", "", nil},
		{"CREATE TABLE t (a comp DEFAULT '(x)')", "", nil},
		{"EXPLAIN EXECUTE p('(x)')", "", nil},
		{"EXPLAIN (FORMAT 'json') SELECT 1", "", nil},
		{"PREPARE p AS SELECT '(x)'::comp", "", nil},
		{"SELECT 'a'::geo('x')", "", nil},
		{"SELECT geo('x') 'y'", "", nil},
		{"SELECT x'1g'", "", nil},
		{`SELECT U&"d!0061" UESCAPE '!'`, "", nil},
		{"SELECT JSON_VALUE(a, '$' RETURNING evil DEFAULT '(x)' ON EMPTY)", "", nil},
		{"SELECT * FROM JSON_TABLE(a, '$' COLUMNS (b evil PATH '$'))", "", nil},
		{"SELECT JSON_OBJECT('a' : 1 RETURNING evil)", "", nil},
		{"SELECT JSON_VALUE(a, '$' RETURNING text)", "", nil}, // it may be another one's
		{"SELECT JSON_ARRAYAGG(a RETURNING evil) FROM t", "", nil},
		{"SELECT * FROM JSON_TABLE(a, '$' COLUMNS (NESTED PATH '$' COLUMNS (b evil EXISTS PATH '$')))", "", nil},
		{"SELECT JSON_VALUE(a, '$.b' RETURNING int DEFAULT '1' ON EMPTY), JSON_OBJECT('a' : 1)", "SELECT JSON_VALUE(a, NULL RETURNING int DEFAULT NULL ON EMPTY), JSON_OBJECT( NULL : 1)", []string{"$.b", "1", "a"}},
		{"SELECT * FROM JSON_TABLE(a, '$[*]' COLUMNS (b int PATH '$.c' DEFAULT 'd' ON EMPTY))", "SELECT * FROM JSON_TABLE(a, '$' COLUMNS (b int PATH '$' DEFAULT NULL ON EMPTY))", []string{"$[*]", "$.c", "d"}},
		{"SELECT 'a\x00'", "", nil},
		{"SELECT '\xff'", "", nil},
	} {
		got, ok := classify.Disarm(tt.sql)
		if ok != (tt.want != "") || strings.Join(strings.Fields(got.Text()), " ") != strings.Join(strings.Fields(tt.want), " ") {
			t.Errorf("%s:\n got %q %v\nwant %q", tt.sql, got.Text(), ok, tt.want)
		}
		var literals []string
		for _, l := range got.Literals() {
			literals = append(literals, l.Value)
		}
		if !slices.Equal(literals, tt.literals) {
			t.Errorf("%s: literals %q, want %q", tt.sql, literals, tt.literals)
		}
	}
}

// TestDisarmLarge: what is too large for the parser is inert only if it can have no literal.
func TestDisarmLarge(t *testing.T) {
	rows := strings.Repeat(", ($1, $2)", 20000)
	for sql, want := range map[string]bool{
		"INSERT INTO t VALUES ($1, $2)" + rows:                               true,
		"insert into t (a, \"b\") values (1, 2.5e3)" + rows:                  true,
		"INSERT INTO t VALUES ($1, 'x')" + rows:                              false,
		"INSERT INTO t VALUES ($1, $$x$$)" + rows:                            false,
		"INSERT INTO t VALUES ($1, $a$x$a$)" + rows:                          false,
		"INSERT INTO t VALUES (JSON_VALUE($1, $2 RETURNING evil), 1)" + rows: false,
		"CALL p($1, $2)" + rows:                                              false,
		"EXPLAIN INSERT INTO t VALUES ($1, $2)" + rows:                       false,
	} {
		if got, ok := classify.Disarm(sql); ok != want || ok && got.Text() != sql {
			t.Errorf("%.60s…: %v, want %v", sql, ok, want)
		}
	}
}

// stringLiteral begins a string literal or dollar quote outside of names and bit strings.
var stringLiteral = regexp.MustCompile(`(?s)"(?:[^"]|"")*"|[bBxX]'[0-9a-fA-F]*'|--[^\n\r]*|[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*|'0'|'\$'|'|\$[A-Za-z_\x80-\xff]*[A-Za-z0-9_\x80-\xff]*\$`)

// armed is the first string literal of a text, told apart by no parser, but for the '0' of an interval.
func armed(text string) string {
	for _, m := range stringLiteral.FindAllString(text, -1) {
		if m == "'" || m[0] == '$' {
			return m
		}
	}
	return ""
}

func FuzzDisarm(f *testing.F) {
	for _, sql := range []string{
		"SELECT 'a', E'b\\'', $x$c$x$, U&'d' UESCAPE '!', N'e', public.comp '(x)'", "SELECT a IS DISTINCT FROM 'x'",
		"SELECT interval '1' day, timestamp 'now', EXTRACT('day' FROM a)", "INSERT INTO t VALUES ('a', 'b'), ('c', DEFAULT)",
		"SELECT 1$$a$$, $1$$b$$, 0x'c', \"it's\" /* ' */ -- '", "SELECT 'a'\n'b'::comp[]", "SELECT '\\', 'x\\'", "VALUES (b'1', x'f')",
	} {
		f.Add(sql)
	}
	for _, file := range must(filepath.Glob("../../testdata/oracle/*.json")) {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b[:min(len(b), 2000)]))
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := classify.Disarm(text)
		if !ok {
			if got.Text() != "" {
				t.Fatalf("a refused text is given: %q", got.Text())
			}
			return
		}
		if rest := armed(got.Text()); rest != "" {
			t.Fatalf("%q has %s left: %q", text, rest, got.Text())
		}
		for _, l := range got.Literals() {
			if at := got.Text()[l.At:]; !strings.HasPrefix(at, "NULL") && !strings.HasPrefix(at, "'0'") && !strings.HasPrefix(at, "'$'") && !strings.HasPrefix(at, "year") {
				t.Fatalf("%q: no constant at %d of %q", text, l.At, got.Text())
			}
		}
		again, ok := classify.Disarm(got.Text())
		if !ok || armed(again.Text()) != "" {
			t.Fatalf("%q: not inert: %q", text, got.Text())
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
