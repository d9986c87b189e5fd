package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/catalog"
	"github.com/jackc/pgx/v5"
)

// hostile has a client's functions that leave a trace wherever they run: an advisory lock of the session, which stays
// after an error and in a read-only transaction.
const hostile = `
CREATE FUNCTION pub_f(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
	PERFORM pg_catalog.pg_advisory_lock_shared(4711); RETURN true; END $$;
CREATE FUNCTION pub_i(v int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
	PERFORM pg_catalog.pg_advisory_lock_shared(4711); RETURN true; END $$;
CREATE DOMAIN evil AS text CHECK (public.pub_f(VALUE));
CREATE DOMAIN folds AS text CHECK (public.pub_f('x') OR VALUE = '');
CREATE DOMAIN evil_int AS int CHECK (public.pub_i(VALUE));
CREATE TYPE comp AS (a evil);
CREATE TYPE outer_comp AS (c comp, n int);
CREATE TYPE evil_range AS RANGE (SUBTYPE = evil_int);
CREATE TABLE tc (id int, c comp, l evil[], r evil_range);
CREATE VIEW vc AS SELECT id, c FROM tc;
CREATE FUNCTION takes(c comp, n int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE poly(a anyelement, b anyelement DEFAULT '(x)') LANGUAGE plpgsql AS 'BEGIN END';`

// noTrace fails if a function of hostile ran in another session than the control's.
func noTrace(t *testing.T, watch *client, what string) {
	t.Helper()
	if who := watch.one("SELECT coalesce(string_agg(a.usename || ' ' || a.query, '; '), '') FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.objid = 4711"); who != "" {
		t.Errorf("%s: a client's function ran on the side connection, as %s", what, who)
	}
}

// bites says whether a text runs a function of hostile when the server analyses it.
func bites(t *testing.T, c *client, sql string) bool {
	t.Helper()
	_, err := c.PgConn().Prepare(t.Context(), "", sql, nil)
	n := c.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND pid = pg_backend_pid()")
	c.exec("SELECT pg_advisory_unlock_all()")
	if err != nil {
		t.Logf("%s: %v", sql, err)
	}
	return n != "0"
}

// Each of these texts, sent as it is, runs a client's code when it is analysed.
func TestAnalysisRunsNoClientCode(t *testing.T) {
	newDatabase(t, "cat_hostile", hostile+`; DO $$ BEGIN CREATE ROLE cat_hostile_plain LOGIN; EXCEPTION WHEN duplicate_object THEN END $$; GRANT ALL ON tc, vc TO cat_hostile_plain`)
	attacks := []string{
		"SELECT '(x)'::public.comp", "SELECT '(y)'::public.comp, 1", "SELECT CAST('(x)' AS comp)", "SELECT comp '(x)'", "SELECT public.comp '(x)'",
		"SELECT '{x}'::evil[]", "SELECT '[1,2)'::evil_range", `SELECT '("(x)",1)'::outer_comp`, `SELECT '{"(x)"}'::comp[]`,
		"SELECT E'(\\x78)'::comp", "SELECT $$(x)$$::comp", "SELECT $a$(x)$a$::comp", "SELECT U&'(!0078)' UESCAPE '!'::comp", "SELECT '('\n'x)'::comp",
		"SELECT takes('(x)')", "SELECT takes(n => 1, c => '(x)')", "SELECT * FROM takes('(x)')",
		"INSERT INTO tc (c) VALUES ('(x)')", "INSERT INTO tc (c) VALUES (NULL), ('(x)')", "INSERT INTO tc SELECT 1, '(x)'", "INSERT INTO vc VALUES (1, '(x)')",
		"INSERT INTO tc (l) VALUES ('{x}')", "INSERT INTO tc (r) VALUES ('[1,2)')",
		"UPDATE tc SET c = '(x)'", "UPDATE tc SET (id, c) = (1, '(x)')", "DELETE FROM tc WHERE l = '{x}' RETURNING '{x}'::evil[]",
		"SELECT * FROM tc WHERE l = '{x}'", "SELECT * FROM vc WHERE c IN ('(x)', '(y)')", "SELECT * FROM tc WHERE l BETWEEN '{x}' AND '{y}'", "SELECT * FROM tc WHERE r @> '[1,2)'",
		"SELECT l IS DISTINCT FROM '{x}' FROM tc", "SELECT nullif(l, '{x}') FROM tc", "SELECT coalesce(c, '(x)'), greatest(c, '(x)') FROM tc", "SELECT ARRAY[c, '(x)'] FROM tc",
		"SELECT CASE WHEN id = 1 THEN '(x)' ELSE c END FROM tc", "SELECT CASE l WHEN '{x}' THEN 1 END FROM tc", "SELECT c FROM tc UNION SELECT '(x)'", "VALUES ('(x)'::comp)",
		"WITH a AS (SELECT '(x)'::comp) SELECT * FROM a", "SELECT 1 WHERE EXISTS (SELECT '(x)'::comp)", "SELECT ROW(1, '{x}') = ROW(id, l) FROM tc",
		"SELECT lag(c, 1, '(x)') OVER () FROM tc", "SELECT * FROM XMLTABLE('/a' PASSING xmlparse(content '<a/>') COLUMNS c comp DEFAULT '(x)')",
		"SELECT '(x)'::comp, $1", "SELECT '(z)'::comp, 1/0", "INSERT INTO tc (c) VALUES ('(x)') ON CONFLICT DO NOTHING RETURNING $1",
		"DECLARE c CURSOR FOR SELECT '(x)'::comp", "EXPLAIN SELECT '(x)'::comp", "CREATE TABLE z AS SELECT '(x)'::comp",
	}
	if major() >= 14 {
		attacks = append(attacks, "CALL poly(NULL::comp)")
	}
	if major() >= 15 {
		attacks = append(attacks, "MERGE INTO tc USING vc ON tc.id = vc.id WHEN NOT MATCHED THEN INSERT (l) VALUES ('{x}')")
	}
	if major() >= 17 {
		attacks = append(attacks, "SELECT JSON_VALUE(jsonb '1', '$' RETURNING folds)", "SELECT JSON_VALUE(jsonb '1', '$' RETURNING int DEFAULT length(('(x)'::comp)::text) ON EMPTY)")
	}
	for _, user := range []string{"postgres", "cat_hostile_plain"} {
		c := start(t, catalog.Config{Connect: func(ctx context.Context, database string) (*pgx.Conn, error) { return connect(ctx, database, user) }})
		control, watch := newClient(t, "cat_hostile", user), newClient(t, "cat_hostile", "postgres")
		s := &catalog.Session{Database: "cat_hostile", User: user}
		for _, sql := range attacks {
			if !bites(t, control, sql) {
				t.Errorf("%s: no attack", sql)
			}
			for _, secured := range []string{sql, sql + " -- '"} {
				c.Analyze(t.Context(), s, catalog.Statement{SQL: secured})
				c.Analyze(t.Context(), s, catalog.Statement{SQL: secured, Key: "k" + secured, TypeNames: []string{"comp", "evil[]"}})
				c.ParameterTypes(t.Context(), s, secured)
			}
			noTrace(t, watch, user+": "+sql)
		}
		// The side connection lives, and gives the same answers.
		if types, ok := c.ParameterTypes(t.Context(), s, "SELECT '(x)'::comp WHERE 1 = $1"); ok != (user == "postgres" || major() > 12) || ok && fmt.Sprint(types) != "[23]" {
			t.Errorf("%s: parameters %v %v", user, types, ok)
		}
		if a, ok := c.Analyze(t.Context(), s, catalog.Statement{SQL: "INSERT INTO tc (c) SELECT '(x)' WHERE takes('(x)') = 1"}); user == "postgres" && (!ok || summary(a) != "I:tc takes") {
			t.Errorf("analysis %v", a)
		}
	}
}

// What the owner of a database sets for its new sessions, and what is in the schemas of a path, changes no query of the
// side connection's own.
func TestSearchPathRunsNoClientCode(t *testing.T) {
	var evil strings.Builder
	evil.WriteString(hostile + "; CREATE SCHEMA evil;")
	for i, typ := range []string{"text", "name", "oid", `"char"`, "boolean", "int4", "int2", "int8", "float4", "float8", "xid", "regproc", "oid[]", "text[]"} {
		fmt.Fprintf(&evil, `CREATE FUNCTION evil.eq%d(a %[2]s, b %[2]s) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
			PERFORM pg_catalog.pg_advisory_lock_shared(4711); RETURN true; END $$;`, i, typ)
		for _, op := range []string{"=", "<>", "<", ">", "~~", "!~~", "<=", ">="} {
			fmt.Fprintf(&evil, "CREATE OPERATOR evil.%s (LEFTARG = %[2]s, RIGHTARG = %[2]s, FUNCTION = evil.eq%[3]d);", op, typ, i)
		}
	}
	for _, sig := range []string{"current_setting(text)", "set_config(text, text, boolean)", "format_type(oid, int4)", "to_regtype(text)", "to_regclass(text)",
		"pg_get_viewdef(oid)", "pg_relation_size(regclass)", "starts_with(text, text)", "substr(text, int4)", "txid_current_snapshot()", "length(text)"} {
		fmt.Fprintf(&evil, "CREATE FUNCTION evil.%s RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_catalog.pg_advisory_lock_shared(4711); RETURN ''; END $$;", sig)
	}
	newDatabase(t, "cat_paths", evil.String()+`
		ALTER DATABASE cat_paths SET search_path = evil, pg_catalog, public;
		ALTER DATABASE cat_paths SET default_transaction_read_only = off;
		ALTER DATABASE cat_paths SET standard_conforming_strings = off;
		ALTER DATABASE cat_paths SET transform_null_equals = on`)
	control, watch := newClient(t, "cat_paths", "postgres"), newClient(t, "postgres", "postgres")
	for _, sql := range []string{"SELECT 'a'::text = 'b'::text", "SELECT current_setting('x')", "SELECT 1::oid = 2::oid", "SELECT 'a'::name = 'b'"} {
		control.exec(sql)
		if control.one("SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype OPERATOR(pg_catalog.=) 'advisory' AND objid OPERATOR(pg_catalog.=) 4711::pg_catalog.oid") == "0" {
			t.Errorf("%s: no attack", sql)
		}
		control.exec("SELECT pg_catalog.pg_advisory_unlock_all()")
	}
	c := start(t, catalog.Config{})
	for _, path := range [][]string{nil, {"evil", "pg_catalog", "public"}} {
		s := &catalog.Session{Database: "cat_paths", User: "postgres", PID: control.pid(), SearchPath: path}
		view, ok := c.Relation(t.Context(), s, "", "vc")
		c.ViewDefinition(t.Context(), s, view.OID)
		c.Functions(t.Context(), s, "", "takes")
		c.TempSchema(t.Context(), s)
		c.Type(t.Context(), s, 16500)
		c.Count(t.Context(), s, view.OID)
		c.DefaultSearchPath(t.Context(), s)
		c.RegName(t.Context(), s, 2205, "vc")
		c.RegName(t.Context(), s, 2205, "1259")
		c.RegName(t.Context(), s, 2206, "evil[]")
		_, typed := c.ParameterTypes(t.Context(), s, "SELECT id FROM vc WHERE id = $1")
		a, analysed := c.Analyze(t.Context(), s, catalog.Statement{SQL: "SELECT max(id) FROM vc WHERE id = 1 AND EXISTS (SELECT FROM tc WHERE 'a'::text = 'b')", TypeNames: []string{"evil[]"}})
		if !ok || !typed || !analysed || !strings.Contains(summary(a), "evil.eq5") {
			t.Errorf("%v: view %v, types %v, analysis %v %v", path, ok, typed, analysed, a)
		}
		noTrace(t, watch, fmt.Sprint(path))
	}
	// A backslash ends no literal and begins none, and NULL compares as other values do.
	s := &catalog.Session{Database: "cat_paths", User: "postgres", SearchPath: []string{"public"}}
	for sql, want := range map[string]string{
		`SELECT '\', interval '\'::comp, ' day, '(x)'::comp, ' '`: "refused",
		`SELECT takes('\', 2)`:                    "takes",
		"SELECT takes(c) FROM tc WHERE c = '(x)'": "R:tc takes",
	} {
		got := "refused"
		if a, ok := c.Analyze(t.Context(), s, catalog.Statement{SQL: sql}); ok {
			got = summary(a)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
		noTrace(t, watch, sql)
	}
}

// Planning a query evaluates constants in the relation's indexes and partition keys.
func TestOpeningRunsNoClientCode(t *testing.T) {
	newDatabase(t, "cat_open", hostile+`; DO $$ BEGIN CREATE ROLE cat_mallory LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;
		CREATE TABLE plain (a text);
		CREATE MATERIALIZED VIEW theirs AS SELECT 'a'::text AS a; CREATE MATERIALIZED VIEW ours AS SELECT 'a'::text AS a; CREATE MATERIALIZED VIEW none AS SELECT 1 WHERE false;
		CREATE INDEX ON theirs ((a || pub_f('x')::text)); CREATE UNIQUE INDEX ON ours (a); ALTER MATERIALIZED VIEW ours OWNER TO cat_mallory; ALTER MATERIALIZED VIEW theirs OWNER TO cat_mallory; ALTER MATERIALIZED VIEW none OWNER TO cat_mallory;
		CREATE SCHEMA hers AUTHORIZATION cat_mallory; CREATE MATERIALIZED VIEW hers.placed AS SELECT 1`)
	watch := newClient(t, "cat_open", "postgres")
	c := start(t, catalog.Config{})
	s := &catalog.Session{Database: "cat_open", User: "postgres"}
	for name, want := range map[string]string{"theirs": "0 false", "ours": "1 true", "none": "0 true", "placed": "1 true"} {
		rel, ok := c.Relation(t.Context(), s, map[bool]string{true: "hers", false: "public"}[name == "placed"], name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		n, counted := c.Count(t.Context(), s, rel.OID)
		if got := fmt.Sprint(n, counted); got != want {
			t.Errorf("rows of %s: %s, want %s", name, got, want)
		}
		noTrace(t, watch, name)
	}
	control := newClient(t, "cat_open", "postgres")
	control.exec("SELECT count(*) FROM theirs")
	if control.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711") == "0" {
		t.Error("the view's index is no attack")
	}
	control.exec("SELECT pg_advisory_unlock_all()")
	control.exec("CREATE TABLE parted (a text) PARTITION BY LIST ((a || pub_f('x')::text)); CREATE VIEW above AS SELECT * FROM parted; SELECT pg_advisory_unlock_all()")
	if opener := newClient(t, "cat_open", "postgres"); bites(t, opener, "SELECT * FROM above") != (major() == 12) {
		t.Errorf("PostgreSQL %d: the key of a partitioned table is not evaluated when it is expected", major())
	}
	for _, name := range []string{"parted", "above"} {
		c.Invalidate("cat_open")
		if rel, ok := c.Relation(t.Context(), s, "public", name); ok {
			c.ViewDefinition(t.Context(), s, rel.OID)
			c.Count(t.Context(), s, rel.OID)
		}
		c.Analyze(t.Context(), s, catalog.Statement{SQL: "SELECT max(a) FROM " + name})
		c.ParameterTypes(t.Context(), s, "SELECT $1 FROM "+name)
		noTrace(t, watch, name)
	}
}
