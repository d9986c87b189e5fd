package classify

import (
	"bufio"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// corpus gives every text of the audit corpus.
func corpus(t testing.TB) []string {
	t.Helper()
	f, err := os.Open("../../testdata/oracle/public.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var c struct {
			SQL        string                 `json:"sql"`
			Setup      []string               `json:"setup"`
			AdminSetup []string               `json:"admin_setup"`
			Ops        []struct{ SQL string } `json:"ops"`
			Records    []struct{ Statement string }
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		out = append(append(append(out, c.SQL), c.Setup...), c.AdminSetup...)
		for _, o := range c.Ops {
			out = append(out, o.SQL)
		}
		for _, r := range c.Records {
			out = append(out, r.Statement)
		}
	}
	setup, err := os.ReadFile("../../testdata/oracle/setup.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scan(string(setup)) {
		out = append(out, string(setup[s.from:s.to]))
	}
	return out
}

// sameAsTree says whether the cached, blanked way to an answer gives that of the tree.
func sameAsTree(t *testing.T, c *Classifier, text string) {
	t.Helper()
	for range 2 { // the second time from the cache
		got := c.Classify(text)
		want := Result{Statements: read(text)}
		if len(got.Statements) != len(want.Statements) {
			t.Errorf("%q: %d statements, want %d", text, len(got.Statements), len(want.Statements))
			return
		}
		for i := range got.Statements {
			gf, gt := got.Range(i)
			wf, wt := want.Range(i)
			if gf != wf || gt != wt {
				t.Errorf("%q: statement %d is %q, want %q", text, i, text[gf:gt], text[wf:wt])
			}
			g, w := got.Statements[i], want.Statements[i]
			w.Key = g.Key // only a shape has one
			g.from, g.to, w.from, w.to = 0, 0, 0, 0
			if !reflect.DeepEqual(g, w) {
				t.Errorf("%q:\n got %+v\nwant %+v", text, g, w)
			}
		}
	}
}

func TestShapeChangesNothing(t *testing.T) {
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range corpus(t) {
		sameAsTree(t, c, text)
	}
	for _, text := range []string{
		"SELECT 'a'\n'b', 1", "SELECT U&'d!0061t' UESCAPE '!'", "SELECT $$x$$, $a$y;$a$ -- c\n;",
		"SELECT * FROM t WHERE a IN (1, 2, -3, 'x', NULL, 4.5, 5) AND b = ANY (ARRAY[1,2,3])",
		"INSERT INTO t VALUES (1, f(2)), (3, 4), (5, g(6)), (7, (SELECT max(a) FROM u)) RETURNING h(1)",
		"INSERT INTO t VALUES (1, 2), (3, 4), (DEFAULT, NULL), (-1, +2), ($1, true) ON CONFLICT DO NOTHING",
		"VALUES (1), (f(1)), (1)", "SELECT * FROM (VALUES (1), (2), (3)) v(a), t WHERE f(1, 2) > 3",
		"((SELECT 1)) ;; ", "SELECT 99999999999, 1e10, 0x1F, 1_000, .5, 5., 1", "SELECT 1 /* x */ + /* y */ 2",
		"SELECT a::varchar(10), b->>'k', c #>> '{a,b}', d ? 'x' FROM t", "SELECT e'\\'', E'x', B'101', X'1F', N'n'",
		"SELECT set_config('search_path', 'x', false)", `SELECT "set_config"('search_path', 'x', false)`,
		"SELECT 1; SELECT 2", "TABLE t", "WITH a AS (VALUES (1), (2)) INSERT INTO t SELECT * FROM a, b",
		"SELECT * INTO x FROM y WHERE z = 1", "SELECT f(1), f('a'), f(1.5), f(x, 1), f(VARIADIC '{1}')",
		"SELECT CASE WHEN true THEN 1 ELSE (SELECT 1 FROM t) END", "SELECT interval '1' day, date '2024-01-01'",
	} {
		sameAsTree(t, c, text)
	}
}

// TestShapesAreShared checks that texts that differ in literals only have one entry.
func TestShapesAreShared(t *testing.T) {
	for _, pair := range [][2]string{
		{"UPDATE t SET a = a + 123 WHERE id = 77", "UPDATE t SET a = a + 5 WHERE id = 1"},
		{"SELECT a FROM t WHERE b = 'x' -- 1", "SELECT a FROM t WHERE b = 'it''s'"},
		{"SELECT a FROM t WHERE b IN (1,2,3)", "SELECT a FROM t WHERE b IN (4)"},
		{"INSERT INTO t VALUES (1,'a')", "INSERT INTO t VALUES (2,'b'),(3,'c'),(NULL,'d');"},
	} {
		a, ok := makeShape(pair[0], nil)
		b, ok2 := makeShape(pair[1], nil)
		if !ok || !ok2 || string(a.key) != string(b.key) {
			t.Errorf("%q and %q have shapes %q, %q", pair[0], pair[1], a.key, b.key)
		}
	}
	for _, pair := range [][2]string{
		{"SELECT f(1)", "SELECT f('1')"}, {"SELECT f(1)", "SELECT f(1, 2)"}, {"SELECT f(1)", "SELECT f(1.0)"},
		{"SELECT f(1)", "SELECT f(5000000000)"}, {`SELECT * FROM "a"`, "SELECT * FROM a"},
	} {
		a, _ := makeShape(pair[0], nil)
		b, _ := makeShape(pair[1], nil)
		if string(a.key) == string(b.key) {
			t.Errorf("%q and %q have one shape %q", pair[0], pair[1], a.key)
		}
	}
}

func FuzzShape(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 || !mayParse(text) || strings.ContainsRune(text, 0) {
			return
		}
		v, ok := parse(text)
		if !ok || len(v) != 1 {
			return
		}
		c, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		got := c.Classify(text)
		g, w := got.Statements[0], v[0]
		w.Key = g.Key // only a shape has one
		g.from, g.to, w.from, w.to = 0, 0, 0, 0
		if !reflect.DeepEqual(g, w) {
			t.Errorf("%q:\n got %+v\nwant %+v", text, g, w)
		}
	})
}
