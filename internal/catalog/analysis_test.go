package catalog_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/jackc/pgx/v5"
)

const analysed = `
CREATE SCHEMA s;
CREATE FUNCTION vol(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION stab(int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION imm(int) RETURNS int LANGUAGE plpgsql IMMUTABLE STRICT AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION over(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION s.over(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION even(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN true; END $$;
CREATE FUNCTION near(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
CREATE OPERATOR ~~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = near);
CREATE DOMAIN de AS int CHECK (even(VALUE));
CREATE FUNCTION step(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 0; END $$;
CREATE AGGREGATE total(int) (SFUNC = step, STYPE = int, INITCOND = '0');
CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE u (id int DEFAULT vol(1), e de, g int GENERATED ALWAYS AS (imm(2)) STORED, CHECK (stab(id) > 0));
CREATE INDEX ON u (imm(id)) WHERE even(id);
CREATE VIEW vt AS SELECT id, v, stab(id) AS x FROM t;
CREATE VIEW vv AS SELECT id, v FROM vt;
CREATE TABLE p (a int, b int) PARTITION BY LIST (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE al (id int); CREATE RULE al_i AS ON INSERT TO al DO ALSO INSERT INTO t VALUES (NEW.id, 'r');
CREATE TABLE no (id int); CREATE RULE no_i AS ON INSERT TO no DO INSTEAD NOTHING;
CREATE TABLE sec (id int); ALTER TABLE sec ENABLE ROW LEVEL SECURITY; CREATE POLICY sec_p ON sec USING (id IN (SELECT id FROM t));
CREATE TABLE s.t (other int);
GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC`

// summary prints an analysis: queries with ";", relations by access, calls with what is special about them.
func summary(a *catalog.Analysis) string {
	var queries []string
	for _, q := range a.Queries {
		var rels, calls []string
		for _, r := range q.Relations {
			rels = append(rels, fmt.Sprintf("%c:%s.%s", " RIUD"[r.Access], r.Schema, r.Name))
		}
		slices.Sort(rels)
		for i, c := range slices.Concat(q.Calls, q.AfterRow) {
			mark := ""
			if c.Planning {
				mark = "!"
			}
			if i >= len(q.Calls) {
				mark += "+"
			}
			calls = append(calls, c.Schema+"."+c.Name+mark)
		}
		queries = append(queries, strings.TrimSpace(strings.Join(rels, " ")+" "+strings.ReplaceAll(strings.Join(calls, " "), "public.", "")))
	}
	return strings.ReplaceAll(strings.Join(queries, " ; "), "public.", "")
}

// What is wanted here was seen as records of a server with pgaudit.
func TestAnalyze(t *testing.T) {
	old := "" // a rule's action needs no permission for OLD, unless
	if major() >= 16 {
		old = " R:al"
	}
	newDatabase(t, "cat_an", analysed)
	c := start(t, catalog.Config{})
	for _, tt := range []struct{ sql, want string }{
		{"SELECT 1", ""},
		{"SELECT * FROM t", "R:t"},
		{"SELECT * FROM vv", "R:t R:vt R:vv"},
		{"SELECT x FROM vt", "R:t R:vt stab"},
		{"SELECT id FROM vt", "R:t R:vt"},
		{"UPDATE vv SET v = 'x'", "U:t U:vt U:vv"},
		{"SELECT * FROM t a, t b FOR UPDATE", "R:t R:t"},
		{"SELECT over(1)", "over"},
		{"SELECT over('1')", "over"},
		{"SELECT over(id::text) FROM t", ""},
		{"SELECT 1 ~~~~ 2", "near"},
		{"SELECT 2::de", "even"},
		{"SELECT total(id) FROM t", "R:t total step"},
		{"SELECT imm(1), imm(NULL), imm($1)", "imm! imm!"},
		{"SELECT vol(stab(1)), (SELECT stab(2))", "stab vol stab"},
		{"SELECT stab(id) FROM t WHERE vol(id) = 1", "R:t stab vol"},
		{"SELECT CASE WHEN 1 = 1 THEN 1 ELSE (SELECT 1 FROM t) END", ""},
		{"SELECT 1 WHERE false AND EXISTS (SELECT 1 FROM t)", "R:t"},
		{"WITH a AS (SELECT * FROM t) SELECT 1", ""},
		{"WITH a AS (SELECT * FROM t) SELECT * FROM a, a b", "R:t"},
		{"WITH a AS NOT MATERIALIZED (SELECT * FROM t) SELECT * FROM a, a b", "R:t R:t"},
		{"WITH a AS (DELETE FROM t RETURNING id) SELECT 1", "D:t"},
		{"SELECT max(id) FROM t", "R:t R:t"},
		{"SELECT min(id), max(id), count(*) FROM t", "R:t"},
		{"SELECT max(v) FROM t", "R:t"},
		{"INSERT INTO u (e) VALUES (2)", "I:u vol even imm stab+ even+ imm+"},
		{"INSERT INTO u (id) VALUES (2)", "I:u even imm stab+ even+ imm+"},
		{"UPDATE u SET e = 4", "U:u even stab+"},
		{"INSERT INTO t VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET v = excluded.v", "I:t R:t"},
		{"INSERT INTO p VALUES (1, 2)", "I:p"},
		{"INSERT INTO al VALUES (7)", "I:al ; I:al I:t R:al" + old},
		{"INSERT INTO no VALUES (7)", ""},
		{"SELECT $1 = id FROM t WHERE v = $2", "R:t"},
	} {
		s := &catalog.Session{Database: "cat_an", User: "postgres"}
		a, ok := c.Analyze(t.Context(), s, catalog.Statement{SQL: tt.sql})
		if tt.sql == "SELECT over(id::text) FROM t" {
			if ok {
				t.Errorf("%s: %s, want a refusal", tt.sql, summary(a))
			}
			continue
		}
		if !ok {
			t.Errorf("%s: not analysed", tt.sql)
		} else if got := summary(a); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.sql, got, tt.want)
		}
	}
}

// TestOperatorOfAnIndex: whether an index answers a condition or its operator's function is the planner's choice.
func TestOperatorOfAnIndex(t *testing.T) {
	newDatabase(t, "cat_opclass", `CREATE TABLE plain (id int); CREATE TABLE indexed (id int);
		CREATE FUNCTION same(int, int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN true; END $$;
		CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = same, COMMUTATOR = ===, HASHES);
		CREATE OPERATOR CLASS same_ops FOR TYPE int USING hash AS OPERATOR 1 ===, FUNCTION 1 hashint4(int);
		CREATE INDEX ON indexed USING hash (id same_ops)`)
	c := start(t, catalog.Config{})
	for _, tt := range []struct{ sql, want string }{
		{"SELECT * FROM plain WHERE id === 1", "R:plain same"},
		{"SELECT * FROM indexed WHERE id === 1", "R:indexed"},
		{"SELECT * FROM plain, indexed WHERE plain.id === indexed.id AND plain.id > 1", "R:indexed R:plain"},
		{"SELECT id === 1 FROM indexed", "R:indexed same"},
	} {
		a, ok := c.Analyze(t.Context(), &catalog.Session{Database: "cat_opclass", User: "postgres"}, catalog.Statement{SQL: tt.sql})
		if !ok {
			t.Errorf("%s: not analysed", tt.sql)
		} else if got := summary(a); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.sql, got, tt.want)
		}
	}
}

func TestAnalyzeForTheSession(t *testing.T) {
	newDatabase(t, "cat_an2", analysed+"; DO $$ BEGIN CREATE ROLE cat_an_user; EXCEPTION WHEN duplicate_object THEN END $$")
	owner := newClient(t, "cat_an2", "postgres")
	owner.exec("CREATE TEMP TABLE t (mine int)")
	temp := owner.one("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")
	c := start(t, catalog.Config{})
	ask := func(s catalog.Session, st catalog.Statement) string {
		s.Database = "cat_an2"
		a, ok := c.Analyze(t.Context(), &s, st)
		if !ok {
			return "refused"
		}
		return fmt.Sprint(summary(a), a.Params)
	}
	for _, tt := range []struct {
		name    string
		session catalog.Session
		st      catalog.Statement
		want    string
	}{
		{"path", catalog.Session{User: "postgres", SearchPath: []string{"s"}}, catalog.Statement{SQL: "SELECT over('1'), other FROM t"}, "R:s.t s.over[]"},
		{"temporary", catalog.Session{User: "postgres"}, catalog.Statement{SQL: "SELECT mine FROM t", TempSchema: temp}, "R:" + temp + ".t[]"},
		{"policy", catalog.Session{User: "cat_an_user"}, catalog.Statement{SQL: "SELECT * FROM sec"}, "R:sec R:t[]"},
		{"no policy", catalog.Session{User: "postgres"}, catalog.Statement{SQL: "SELECT * FROM sec"}, "R:sec[]"},
		{"types", catalog.Session{User: "postgres"}, catalog.Statement{SQL: "SELECT over($1)", Given: []uint32{21}}, "over[21]"},
		{"type names", catalog.Session{User: "postgres"}, catalog.Statement{SQL: "SELECT $1", TypeNames: []string{"de"}}, "[" + owner.one("SELECT 'de'::regtype::oid") + "]"},
		{"syntax", catalog.Session{User: "postgres"}, catalog.Statement{SQL: "SELEC"}, "refused"},
		{"two statements", catalog.Session{User: "postgres"}, catalog.Statement{SQL: "SELECT 1; DROP TABLE t"}, "refused"},
		{"too long", catalog.Session{User: "postgres"}, catalog.Statement{SQL: "SELECT '" + strings.Repeat("x", 100000) + "'"}, "refused"},
	} {
		if got := ask(tt.session, tt.st); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	// Nothing was run, and the side connection is what it was.
	if got := ask(catalog.Session{User: "postgres"}, catalog.Statement{SQL: "SELECT id FROM t"}); got != "R:t[]" {
		t.Errorf("afterwards: %s", got)
	}
}

func TestAnalyzeKey(t *testing.T) {
	newDatabase(t, "cat_an3", "CREATE TABLE t (id int); CREATE TABLE u (id int)")
	c := start(t, catalog.Config{})
	s := &catalog.Session{Database: "cat_an3", User: "postgres"}
	for sql, want := range map[string]string{"SELECT 1 WHERE 1 = 1 OR EXISTS (SELECT 1 FROM t)": "", "SELECT 1 WHERE 1 = 2 OR EXISTS (SELECT 1 FROM t)": "R:t"} {
		if a, ok := c.Analyze(t.Context(), s, catalog.Statement{SQL: sql, Key: "literals"}); !ok || summary(a) != want {
			t.Errorf("%s: %v %v", sql, a, ok)
		}
	}
	for _, sql := range []string{"SELECT * FROM t WHERE id = 1", "no longer asked"} {
		if a, ok := c.Analyze(t.Context(), s, catalog.Statement{SQL: sql, Key: "k"}); !ok || summary(a) != "R:t" {
			t.Errorf("%s: %v %v", sql, a, ok)
		}
	}
}

// Without a superuser's rights the trees would go to the server's log.
func TestAnalyzeNeedsASuperuser(t *testing.T) {
	newDatabase(t, "cat_an4", "CREATE TABLE t (id int); DO $$ BEGIN CREATE ROLE cat_an_plain LOGIN; EXCEPTION WHEN duplicate_object THEN END $$; GRANT SELECT ON t TO cat_an_plain")
	c := start(t, catalog.Config{Connect: func(ctx context.Context, database string) (*pgx.Conn, error) {
		return connect(ctx, database, "cat_an_plain")
	}})
	s := &catalog.Session{Database: "cat_an4", User: "cat_an_plain"}
	if a, ok := c.Analyze(t.Context(), s, catalog.Statement{SQL: "SELECT * FROM t WHERE id = $1"}); ok {
		t.Errorf("analysed: %s", summary(a))
	}
	if types, ok := c.ParameterTypes(t.Context(), s, "SELECT * FROM t WHERE id = $1"); ok != (major() > 12) || ok && !slices.Equal(types, []uint32{23}) {
		t.Errorf("parameter types %v %v", types, ok) // of version 12 see partitionkeys.go
	}
}

// DDL of a session that nobody told of is noticed by the fingerprint.
func TestAnalyzeNoticesForeignDDL(t *testing.T) {
	newDatabase(t, "cat_an5", analysed)
	c := start(t, catalog.Config{CheckInterval: 10 * time.Millisecond})
	other := newClient(t, "cat_an5", "postgres")
	s := &catalog.Session{Database: "cat_an5", User: "postgres"}
	for _, tt := range []struct{ ddl, sql, want string }{
		{"SELECT 1", "INSERT INTO u (e) VALUES (2)", "I:u vol even imm stab+ even+ imm+"},
		{"ALTER TABLE u ALTER id SET DEFAULT stab(3)", "INSERT INTO u (e) VALUES (2)", "I:u stab even imm stab+ even+ imm+"},
		{"ALTER TABLE u ADD CHECK (vol(id) > 0)", "INSERT INTO u (e) VALUES (2)", "I:u stab even imm stab+ vol+ even+ imm+"},
		{"CREATE INDEX ON u (even(id))", "INSERT INTO u (e) VALUES (2)", "I:u stab even imm stab+ vol+ even+ imm+ even+"},
		{"ALTER DOMAIN de ADD CHECK (stab(VALUE) > 0)", "SELECT 2::de", "even stab"},
		{"DROP OPERATOR ~~~~ (int, int); CREATE OPERATOR ~~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = step)", "SELECT 1 ~~~~ 2", "step!"},
		{"CREATE OR REPLACE VIEW vv AS SELECT id, v FROM t", "SELECT * FROM vv", "R:t R:vv"},
		{"ALTER TABLE t RENAME TO tt", "SELECT * FROM vv", "R:tt R:vv"},
	} {
		other.exec(tt.ddl)
		await.Equal(t, "what "+tt.ddl+" changed", tt.want, func() string { // the check comes by time alone
			a, ok := c.Analyze(t.Context(), s, catalog.Statement{SQL: tt.sql})
			if !ok {
				return "no answer"
			}
			return summary(a)
		})
	}
}
