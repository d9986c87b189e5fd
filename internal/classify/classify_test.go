package classify

import (
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/activity"
)

func classifier(t testing.TB) *Classifier {
	t.Helper()
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCommandAndClass(t *testing.T) {
	for text, want := range map[string]struct {
		command string
		class   activity.Class
	}{
		"SELECT 1": {"SELECT", activity.ClassRead}, "VALUES (1)": {"SELECT", activity.ClassRead},
		"TABLE t":                            {"SELECT", activity.ClassRead},
		"INSERT INTO t VALUES (1)":           {"INSERT", activity.ClassWrite},
		"WITH a AS (SELECT 1) DELETE FROM t": {"DELETE", activity.ClassWrite},
		"TRUNCATE t":                         {"TRUNCATE TABLE", activity.ClassWrite},
		"CREATE USER u":                      {"CREATE ROLE", activity.ClassRole},
		"ALTER GROUP g ADD USER u":           {"ALTER ROLE", activity.ClassRole},
		"DROP USER u":                        {"DROP ROLE", activity.ClassRole},
		"GRANT SELECT ON t TO u":             {"GRANT", activity.ClassRole},
		"GRANT a TO b":                       {"GRANT ROLE", activity.ClassRole},
		"REVOKE ADMIN OPTION FOR a FROM b":   {"REVOKE ROLE", activity.ClassRole},
		"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a": {"ALTER DEFAULT PRIVILEGES", activity.ClassRole},
		"DROP OWNED BY a":                                     {"DROP OWNED", activity.ClassDDL},
		"REASSIGN OWNED BY a TO b":                            {"REASSIGN OWNED", activity.ClassDDL},
		"CREATE UNIQUE INDEX ON t (a)":                        {"CREATE INDEX", activity.ClassDDL},
		"CREATE OR REPLACE TEMP VIEW v AS SELECT 1":           {"CREATE VIEW", activity.ClassDDL},
		"CREATE FOREIGN DATA WRAPPER w":                       {"CREATE FOREIGN DATA WRAPPER", activity.ClassDDL},
		"CREATE USER MAPPING FOR a SERVER s":                  {"CREATE USER MAPPING", activity.ClassDDL},
		"CREATE TABLE a AS SELECT 1":                          {"CREATE TABLE AS", activity.ClassDDL},
		"SELECT 1 INTO a":                                     {"SELECT INTO", activity.ClassDDL},
		"COMMENT ON TABLE t IS 'x'":                           {"COMMENT", activity.ClassDDL},
		"COPY t FROM STDIN":                                   {"COPY", activity.ClassWrite},
		"COPY t TO STDOUT":                                    {"COPY", activity.ClassRead},
		"COPY (DELETE FROM t RETURNING a) TO STDOUT":          {"COPY", activity.ClassRead},
		"PREPARE p AS SELECT 1":                               {"PREPARE", activity.ClassRead},
		"PREPARE p AS UPDATE t SET a = 1":                     {"PREPARE", activity.ClassWrite},
		"EXECUTE p(1)":                                        {"EXECUTE", activity.ClassMisc},
		"EXPLAIN DELETE FROM t":                               {"EXPLAIN", activity.ClassMisc},
		"EXPLAIN ANALYZE DELETE FROM t":                       {"EXPLAIN", activity.ClassWrite},
		"EXPLAIN (ANALYZE true, ANALYZE false) DELETE FROM t": {"EXPLAIN", activity.ClassMisc},
		"EXPLAIN ANALYZE CREATE TABLE a AS SELECT 1":          {"EXPLAIN", activity.ClassDDL},
		"EXPLAIN ANALYZE SELECT 1":                            {"EXPLAIN", activity.ClassMisc},
		"DECLARE c CURSOR FOR SELECT 1":                       {"DECLARE CURSOR", activity.ClassRead},
		"FETCH 1 FROM c":                                      {"FETCH", activity.ClassMisc},
		"CLOSE ALL":                                           {"CLOSE CURSOR ALL", activity.ClassMisc},
		"DO 'x'":                                              {"DO", activity.ClassFunction},
		"CALL p()":                                            {"CALL", activity.ClassMisc},
		"END":                                                 {"COMMIT", activity.ClassMisc},
		"ABORT":                                               {"ROLLBACK", activity.ClassMisc},
		"ROLLBACK TO a":                                       {"ROLLBACK", activity.ClassMisc},
		"PREPARE TRANSACTION 'x'":                             {"PREPARE TRANSACTION", activity.ClassMisc},
		"SET TIME ZONE 'UTC'":                                 {"SET", activity.ClassMisc},
		"SET CONSTRAINTS ALL DEFERRED":                        {"SET CONSTRAINTS", activity.ClassMisc},
		"RESET ROLE":                                          {"RESET", activity.ClassMisc},
		"DISCARD TEMPORARY":                                   {"DISCARD TEMP", activity.ClassMisc},
		"LOCK t":                                              {"LOCK TABLE", activity.ClassMisc},
		"REINDEX TABLE t":                                     {"REINDEX", activity.ClassMisc},
		"REFRESH MATERIALIZED VIEW v":                         {"REFRESH MATERIALIZED VIEW", activity.ClassDDL},
		// Not what the parser knows.
		"CREATE PROPERTY GRAPH g": {"CREATE PROPERTY GRAPH", activity.ClassDDL},
		"SELEC 1":                 {"", activity.ClassMisc},
		"INSERT INTO t VALUE (1)": {"INSERT", activity.ClassWrite},
		"UPDATE t SET a = ":       {"UPDATE", activity.ClassWrite},
	} {
		r := classifier(t).Classify(text)
		if len(r.Statements) != 1 {
			t.Errorf("%q: %d statements", text, len(r.Statements))
			continue
		}
		if s := r.Statements[0]; s.Command != want.command || s.Class != want.class {
			t.Errorf("%q is %s %q, want %s %q", text, s.Class, s.Command, want.class, want.command)
		}
	}
}

// names prints relations: +t for INSERT, =t for UPDATE, -t for DELETE, ~t for EXCLUDED.
func names(rels []Relation) string {
	var out []string
	for _, r := range rels {
		n := r.Name
		if r.Schema != "" {
			n = r.Schema + "." + n
		}
		n = [...]string{"?", "", "+", "=", "-"}[r.Access] + n
		if r.Excluded {
			n = "~" + n
		}
		out = append(out, n)
	}
	return strings.Join(out, " ")
}

func TestRelations(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT * FROM a, s.b JOIN c ON true":                                                           "a s.b c",
		"SELECT * FROM a x, a y WHERE EXISTS (SELECT 1 FROM b)":                                         "a a b",
		"SELECT (SELECT max(i) FROM b) FROM (SELECT * FROM a) z":                                        "a b",
		"SELECT 1 FROM a UNION SELECT 2 FROM a":                                                         "a a",
		"INSERT INTO a SELECT * FROM b":                                                                 "+a b",
		"INSERT INTO a VALUES (1) ON CONFLICT (i) DO UPDATE SET x = excluded.x":                         "+a ~a",
		"INSERT INTO a VALUES (1) ON CONFLICT (i) DO UPDATE SET x = 1":                                  "+a",
		"UPDATE a SET x = 1 FROM b WHERE a.i = b.i":                                                     "=a b",
		"UPDATE a SET (x, y) = (SELECT 1, 2 FROM b)":                                                    "=a b",
		"DELETE FROM a USING b":                                                                         "-a b",
		"MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1)": "+a b",
		"MERGE INTO a USING b ON true WHEN MATCHED THEN DO NOTHING":                                     "a b",
		"WITH c AS (SELECT * FROM a) SELECT * FROM c":                                                   "a",
		"WITH c AS (SELECT * FROM a) SELECT * FROM c, c d":                                              "a",
		"WITH c AS NOT MATERIALIZED (SELECT * FROM a) SELECT * FROM c, c d":                             "a a",
		"WITH c AS (SELECT * FROM a) SELECT 1":                                                          "",
		"WITH c AS (SELECT * FROM a), d AS (SELECT * FROM c) SELECT 1":                                  "",
		"WITH c AS (SELECT * FROM a), d AS (SELECT * FROM c) SELECT * FROM d":                           "a",
		"WITH c AS (DELETE FROM a RETURNING *) SELECT 1":                                                "-a",
		"WITH RECURSIVE c AS (SELECT * FROM a UNION ALL SELECT * FROM c) SELECT * FROM c":               "a",
		"WITH c AS (SELECT * FROM c) SELECT * FROM c":                                                   "c",
		"WITH c AS (SELECT 1) SELECT * FROM s.c":                                                        "s.c",
		"WITH c AS (SELECT 1) INSERT INTO c SELECT * FROM c":                                            "+c",
		"SELECT * FROM a WHERE x IN (WITH a AS (SELECT 1) SELECT * FROM a)":                             "a",
		"SELECT CASE WHEN true THEN 1 ELSE (SELECT 1 FROM a) END":                                       "",
		"SELECT coalesce(1, (SELECT 1 FROM a))":                                                         "",
		"SELECT coalesce(NULL, (SELECT 1 FROM a))":                                                      "a",
		"SELECT true OR EXISTS (SELECT 1 FROM a)":                                                       "",
		"SELECT 1 FROM b WHERE false AND EXISTS (SELECT 1 FROM a)":                                      "b a",
		"SELECT 1 FROM b WHERE true OR EXISTS (SELECT 1 FROM a)":                                        "b",
		"SELECT * FROM a FOR UPDATE OF a":                                                               "a",
		"SELECT * FROM generate_series(1, 2), a TABLESAMPLE system (1)":                                 "a",
		"SELECT * FROM ROWS FROM (f(1), g((SELECT 1 FROM a)))":                                          "a",
		`SELECT * FROM "A b".c.d`:                                                                       "c.d",
		"SELECT * FROM JSON_TABLE((SELECT j FROM a), '$' COLUMNS (x int))":                              "a",
	} {
		r := classifier(t).Classify(text)
		if len(r.Statements) != 1 || r.Statements[0].Form != Query {
			t.Errorf("%q: %+v", text, r.Statements)
			continue
		}
		if got := names(r.Statements[0].Relations); got != want {
			t.Errorf("%q: relations %q, want %q", text, got, want)
		}
	}
}

func TestFunctions(t *testing.T) {
	for text, want := range map[string][]string{
		"SELECT f(g(x)), s.h(1) FROM t WHERE k() > 1 ORDER BY f(g(x))": {"f1", "g1", "s.h1c", "k0c"},
		"SELECT * FROM f(1) WHERE g(2)":                                {"g1c", "f1cF"},
		"SELECT CASE WHEN false THEN f(1) ELSE g(1) END":               {"g1c"},
		"SELECT pg_catalog.lower('x')":                                 nil,
		"SELECT f(a => 1, b => x)":                                     {"f2"},
		"INSERT INTO t VALUES (f(1)) RETURNING g(i)":                   {"f1c", "g1"},
	} {
		var got []string
		for _, f := range classifier(t).Classify(text).Statements[0].Functions {
			n := f.Name + string(rune('0'+f.Args))
			if f.Schema != "" {
				n = f.Schema + "." + n
			}
			if f.Const {
				n += "c"
			}
			if f.From {
				n += "F"
			}
			got = append(got, n)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: functions %v, want %v", text, got, want)
		}
	}
}

func TestEffects(t *testing.T) {
	for text, want := range map[string]Effect{
		"SET search_path = a, \"B\"":                         {Kind: SetParameter, Name: "search_path", Values: []string{"a", "B"}},
		"SET LOCAL bytea_output TO escape":                   {Kind: SetParameter, Name: "bytea_output", Values: []string{"escape"}, Local: true},
		"SELECT set_config('search_path', 'a, b', true)":     {Kind: SetParameter, Name: "search_path", Values: []string{"a, b"}, Local: true, List: true},
		"RESET search_path":                                  {Kind: ResetParameter, Name: "search_path"},
		"SET search_path TO DEFAULT":                         {Kind: ResetParameter, Name: "search_path"},
		"RESET ALL":                                          {Kind: ResetAll},
		"DISCARD ALL":                                        {Kind: DiscardAll},
		"DEALLOCATE p":                                       {Kind: Deallocate, Name: "p"},
		"BEGIN":                                              {Kind: Begin},
		"ROLLBACK TO SAVEPOINT x":                            {Kind: RollbackTo, Name: "x"},
		"CREATE TEMP TABLE t (a int)":                        {Kind: CreateRelation, Name: "t", RelKind: 'r', Temp: true},
		"CREATE TABLE s.t (a int) PARTITION BY LIST (a)":     {Kind: CreateRelation, Schema: "s", Name: "t", RelKind: 'p'},
		"CREATE MATERIALIZED VIEW v AS SELECT 1":             {Kind: CreateRelation, Name: "v", RelKind: 'm'},
		"SELECT 1 INTO TEMP t":                               {Kind: CreateRelation, Name: "t", RelKind: 'r', Temp: true},
		"DROP VIEW s.v":                                      {Kind: DropRelation, Schema: "s", Name: "v"},
		"ALTER TABLE t RENAME TO u":                          {Kind: RenameRelation, Name: "t", Values: []string{"u"}},
		"ALTER TABLE t SET SCHEMA s":                         {Kind: MoveRelation, Name: "t", Values: []string{"s"}},
		"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''": {Kind: Catalog},
	} {
		e := classifier(t).Classify(text).Statements[0].Effects
		if len(e) == 0 {
			t.Errorf("%q has no effect", text)
			continue
		}
		g := e[0]
		if !slices.Equal(g.Values, want.Values) {
			t.Errorf("%q: values %q, want %q", text, g.Values, want.Values)
		}
		g.Values, want.Values = nil, nil
		if g.Kind != want.Kind || g.Name != want.Name || g.Schema != want.Schema || g.RelKind != want.RelKind ||
			g.Local != want.Local || g.Temp != want.Temp || g.List != want.List {
			t.Errorf("%q: %+v, want %+v", text, g, want)
		}
	}
}

func TestMultiStatement(t *testing.T) {
	c := classifier(t)
	for _, text := range []string{
		" SELECT 1;\n-- c\nINSERT INTO t VALUES (';') ;; COMMIT ", // parsed
		" SELECT 1;\n-- c\nINSERT INTO t VALUE (';') ;; COMMIT ",  // not
	} {
		r := c.Classify(text)
		var got []string
		for i := range r.Statements {
			from, to := r.Range(i)
			got = append(got, text[from:to])
		}
		if len(got) != 3 || got[0] != "SELECT 1" || !strings.HasPrefix(got[1], "INSERT") ||
			!strings.HasSuffix(got[1], ")") || got[2] != "COMMIT" {
			t.Errorf("%q: %q", text, got)
		}
	}
	fn := "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELEC 1"
	if n := len(scan(fn)); n != 2 {
		t.Errorf("a function with a body of statements is %d statements, want 1 and another one", n-1)
	}
}

func TestHostileBytes(t *testing.T) {
	c := classifier(t)
	for _, text := range []string{
		"SELECT 1\x00; DROP TABLE t", "SELECT '\xff\xfe'", "\xff", "SELECT * FROM \"a\xe4\"", "'", "\"", "$$", "/*", "--", "",
		"E'\\", "U&'", "$a$", "$", "$1", "::", ";;;", "(((", ")))", "SELECT", strings.Repeat("\x00", 100),
	} {
		c.Classify(text)
		Redact(text + " password")
	}
	if r := c.Classify("SELECT * FROM a\xe4, b"); len(r.Statements[0].Relations) != 2 {
		t.Errorf("Latin-1 text: %+v", r.Statements)
	}
	if r := c.Classify("DELETE FROM t\x00"); r.Parsed() {
		t.Error("a text with a zero byte was parsed")
	}
}

func TestCacheIsBounded(t *testing.T) {
	c, err := New(Config{CacheBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		c.Classify("SELECT a" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + " FROM t")
		c.Classify("SET a.b" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + " = 1")
	}
	for _, cache := range []*cache{c.texts, c.shapes} {
		if cache.bytes > cache.limit || len(cache.young) > 400 || len(cache.old) > 400 {
			t.Errorf("%d bytes, %d and %d entries", cache.bytes, len(cache.young), len(cache.old))
		}
	}
}

func FuzzClassify(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	c := classifier(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 20000 {
			return
		}
		r := c.Classify(text)
		for i := range r.Statements {
			if from, to := r.Range(i); from < 0 || from > to || to > len(text) {
				t.Fatalf("statement %d of %q is %d to %d", i, text, from, to)
			}
		}
	})
}
