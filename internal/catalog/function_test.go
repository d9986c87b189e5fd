package catalog_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/catalog"
)

// sqlBody is a body as PostgreSQL 14 and later take it.
func sqlBody() string {
	if major() < 14 {
		return "AS 'SELECT 1'"
	}
	return "RETURN 1"
}

func functions() string { return strings.Replace(functionsSchema, "BODY", sqlBody(), 1) }

const functionsSchema = `
CREATE SCHEMA a; CREATE SCHEMA b;
CREATE FUNCTION a.f(int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 * 2';
CREATE FUNCTION a.f(text, int DEFAULT 5, VARIADIC int[] DEFAULT '{}') RETURNS SETOF int LANGUAGE plpgsql SECURITY DEFINER SET work_mem = '1MB' AS $$ BEGIN RETURN; END $$;
CREATE FUNCTION b.f(int) RETURNS int LANGUAGE sql STABLE BODY;
CREATE FUNCTION b.f(bool) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION public.lower(int) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
CREATE PROCEDURE a.p() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE a.agg(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE VIEW a.v AS SELECT f.f, s.relname FROM a.f(1) f, pg_class s;
CREATE TABLE a.t (id int8, name varchar(10), at date);
CREATE TABLE b.t (id uuid);
`

// describe prints candidates as schema.name(types).
func describe(list []catalog.Function) string {
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprintf("%s.%s%d", f.Schema, f.Name, f.ArgTypes))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestFunctions(t *testing.T) {
	newDatabase(t, "cat_fn", functions())
	c := start(t, catalog.Config{})
	multirange := " pg_catalog.lower[4537]"
	if major() < 14 {
		multirange = ""
	}
	for _, tt := range []struct {
		path         []string
		schema, name string
		want         string
	}{
		{[]string{"a"}, "", "f", "a.f[23] a.f[25 23 1007]"},
		{[]string{"a", "b"}, "", "f", "a.f[23] a.f[25 23 1007] b.f[16]"},
		{[]string{"b", "a"}, "", "f", "a.f[25 23 1007] b.f[16] b.f[23]"},
		{[]string{"public"}, "", "f", ""},
		{[]string{"public"}, "b", "f", "b.f[16] b.f[23]"},
		{[]string{"public"}, "", "lower", "pg_catalog.lower[25] pg_catalog.lower[3831]" + multirange + " public.lower[23]"},
		{[]string{"public", "pg_catalog"}, "", "lower", "pg_catalog.lower[3831]" + multirange + " public.lower[23] public.lower[25]"},
		{[]string{"public"}, "nonesuch", "f", ""},
		{[]string{"pg_temp"}, "", "f", ""},
	} {
		s := &catalog.Session{Database: "cat_fn", User: "postgres", SearchPath: tt.path}
		if got := describe(c.Functions(t.Context(), s, tt.schema, tt.name)); got != tt.want {
			t.Errorf("%q %s.%s: %s, want %s", tt.path, tt.schema, tt.name, got, tt.want)
		}
	}
}

func TestFunctionProperties(t *testing.T) {
	newDatabase(t, "cat_prop", functions())
	c := start(t, catalog.Config{})
	s := &catalog.Session{Database: "cat_prop", User: "postgres"}
	find := func(schema, name string, args ...uint32) catalog.Function {
		t.Helper()
		for _, f := range c.Functions(t.Context(), s, schema, name) {
			if slices.Equal(f.ArgTypes, args) {
				return f
			}
		}
		t.Fatalf("no %s.%s%d", schema, name, args)
		return catalog.Function{}
	}
	f := find("a", "f", 23)
	if f.Lang != "sql" || f.Volatile != 'i' || !f.Strict || f.SecDef || f.HasConfig || f.Src != "SELECT $1 * 2" || f.Kind != 'f' || f.ReturnsType != 23 {
		t.Errorf("a.f(int): %+v", f)
	}
	if byOID, ok := c.FunctionByOID(t.Context(), s, f.OID); !ok || byOID.Name != "f" || byOID.Schema != "a" {
		t.Errorf("by OID: %+v", byOID)
	}
	if _, ok := c.FunctionByOID(t.Context(), s, 4294967295); ok {
		t.Error("a function with an OID that is none")
	}
	f = find("a", "f", 25, 23, 1007)
	if f.Lang != "plpgsql" || f.Volatile != 'v' || f.Strict || !f.SecDef || !f.HasConfig || !f.ReturnsSet || f.NDefaults != 2 || f.Variadic != 23 || f.Src != "" {
		t.Errorf("a.f(text, …): %+v", f)
	}
	if f = find("b", "f", 23); f.HasSQLBody != (major() >= 14) || f.Src != "SELECT 1" || f.Volatile != 's' {
		t.Errorf("b.f(int): %+v", f)
	}
	if f = find("a", "p"); f.Kind != 'p' {
		t.Errorf("a.p(): %+v", f)
	}
	if f = find("a", "agg", 23); f.Kind != 'a' {
		t.Errorf("a.agg(int): %+v", f)
	}
	if f = find("pg_catalog", "row_number"); f.Kind != 'w' || f.Lang != "internal" {
		t.Errorf("row_number(): %+v", f)
	}
}

func TestViewDefinition(t *testing.T) {
	newDatabase(t, "cat_view", functions())
	c := start(t, catalog.Config{})
	s := &catalog.Session{Database: "cat_view", User: "postgres", SearchPath: []string{"a"}}
	r, ok := c.Relation(t.Context(), s, "", "v")
	if !ok {
		t.Fatal("no view")
	}
	def, ok := c.ViewDefinition(t.Context(), s, r.OID)
	if !ok || !strings.Contains(def, "a.f(1)") {
		t.Errorf("definition %q", def)
	}
	if def, ok := c.ViewDefinition(t.Context(), s, 1); ok {
		t.Errorf("a definition of nothing: %q", def)
	}
	other := newClient(t, "cat_view", "postgres")
	other.exec("CREATE OR REPLACE VIEW a.v AS SELECT f.f, s.relname FROM b.f(true) f, pg_class s")
	c.Invalidate("cat_view")
	if def, _ := c.ViewDefinition(t.Context(), s, r.OID); !strings.Contains(def, "b.f(true)") {
		t.Errorf("after a change: %q", def)
	}
}

func TestParameterTypes(t *testing.T) {
	newDatabase(t, "cat_par", functions())
	c := start(t, catalog.Config{})
	for _, tt := range []struct {
		path  []string
		sql   string
		given []uint32
		want  string
	}{
		{[]string{"a"}, "SELECT * FROM t WHERE id = $1 AND name = $2 AND at > $3", nil, "[20 25 1082]"},
		{[]string{"b"}, "SELECT * FROM t WHERE id = $1", nil, "[2950]"},
		{[]string{"b", "a"}, "INSERT INTO t VALUES ($1)", nil, "[2950]"},
		{[]string{"a"}, "SELECT $1 + $2", []uint32{23, 0}, "[23 23]"},
		{[]string{"a"}, "SELECT $1 + $2", []uint32{20, 0}, "[20 20]"},
		{[]string{"a"}, "SELECT 1", nil, "[]"},
		{[]string{"a"}, "DELETE FROM t WHERE id = $1 /* " + strings.Repeat("x", 8000) + " */", nil, "[20]"},
		{[]string{"a"}, "SELECT 1; SELECT 2", nil, "none"},
		{[]string{"a"}, "SELEC", nil, "none"},
		{[]string{"public"}, "SELECT * FROM t WHERE id = $1", nil, "none"},
		{nil, "SELECT $1::int", nil, "[23]"},
	} {
		s := &catalog.Session{Database: "cat_par", User: "postgres", SearchPath: tt.path}
		for range 2 {
			oids, ok := c.ParameterTypes(t.Context(), s, tt.sql, tt.given...)
			got := "none"
			if ok {
				got = fmt.Sprint(oids)
			}
			if got != tt.want {
				t.Errorf("%q %.60s: %s, want %s", tt.path, tt.sql, got, tt.want)
			}
		}
	}
	// The side connection's own path is back.
	s := &catalog.Session{Database: "cat_par", User: "postgres", SearchPath: []string{"a"}}
	r, _ := c.Relation(t.Context(), s, "", "v")
	if def, ok := c.ViewDefinition(t.Context(), s, r.OID); !ok || !strings.Contains(def, "a.f(1)") {
		t.Errorf("definition %q", def)
	}
}

func TestType(t *testing.T) {
	newDatabase(t, "cat_type", `CREATE DOMAIN dom AS numeric CHECK (VALUE > 0); CREATE DOMAIN dom2 AS dom; CREATE TYPE mood AS ENUM ('sad');
		CREATE TYPE pair AS (a int, b text); CREATE TYPE span AS RANGE (subtype = int8)`)
	cl := newClient(t, "cat_type", "postgres")
	c := start(t, catalog.Config{})
	s := &catalog.Session{Database: "cat_type", User: "postgres"}
	oidOf := func(name string) (oid uint32) {
		fmt.Sscan(cl.one("SELECT '"+name+"'::regtype::oid"), &oid)
		return oid
	}
	for name, want := range map[string]catalog.Type{
		"dom": {Like: 1700}, "dom2": {Like: oidOf("dom")}, "mood": {Like: 25}, "pair": {Like: 2249, Fields: []uint32{23, 25}}, "span": {Range: 20},
		"int4range": {}, // it has a canonical form
		"mood[]":    {Element: oidOf("mood")}, "pair[]": {Element: oidOf("pair")}, "point": {},
	} {
		if got, ok := c.Type(t.Context(), s, oidOf(name)); !reflect.DeepEqual(got, want) || ok != !reflect.DeepEqual(want, catalog.Type{}) {
			t.Errorf("%s: %+v %v, want %+v", name, got, ok, want)
		}
	}
}

func TestRegName(t *testing.T) {
	newDatabase(t, "cat_reg", `CREATE SCHEMA a; CREATE TABLE a.here (i int); CREATE SCHEMA "B b"; CREATE TYPE "B b"."T" AS ENUM ('x')`)
	c := start(t, catalog.Config{})
	const regclass, regtype, regconfig = 2205, 2206, 3734
	for _, tt := range []struct {
		path  []string
		typ   uint32
		value string
		want  string
	}{
		{nil, regclass, "a.here", "a.here"}, {[]string{"a"}, regclass, "a.here", "here"}, {[]string{"a"}, regclass, "1259", "pg_class"},
		{nil, regclass, "nothing", ""}, {nil, regclass, "4000000000", "4000000000"}, {nil, regclass, "'; DROP TABLE a.here", ""}, {nil, regtype, "INT4[]", "integer[]"},
		{nil, regtype, `"B b"."T"`, `"B b"."T"`}, {[]string{"B b"}, regtype, `"B b"."T"`, `"T"`}, {nil, regconfig, "english", ""}, {nil, 23, "5", ""},
	} {
		s := &catalog.Session{Database: "cat_reg", User: "postgres", SearchPath: tt.path}
		if got, ok := c.RegName(t.Context(), s, tt.typ, tt.value); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%v %d %q: %q %v, want %q", tt.path, tt.typ, tt.value, got, ok, tt.want)
		}
	}
}
