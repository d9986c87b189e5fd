package catalog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/catalog"
)

const shop = `
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cat_user') THEN CREATE ROLE cat_user LOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cat_other') THEN CREATE ROLE cat_other LOGIN; END IF;
END $$;
CREATE SCHEMA sales; CREATE SCHEMA sales2; CREATE SCHEMA hidden; CREATE SCHEMA cat_user; CREATE SCHEMA "Mixed, ""Case";
GRANT USAGE ON SCHEMA sales, cat_user, "Mixed, ""Case" TO PUBLIC;
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE TABLE sales.customers (id int, region text);
CREATE TABLE hidden.secret (id int); CREATE TABLE hidden.customers (id int);
CREATE TABLE cat_user.mine (id int); CREATE TABLE "Mixed, ""Case"."Odd ""Name" (id int);
CREATE TABLE pg_stat_activity2 (id int);
CREATE TABLE public.pg_class (id int);
CREATE VIEW v AS SELECT c.id, s.region FROM customers c JOIN sales.customers s USING (id);
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one;
CREATE SEQUENCE sq; CREATE TABLE parts (id int) PARTITION BY LIST (id);
CREATE TABLE ` + strings63 + ` (id int);
`

const strings63 = "long_äääääääääääääääääääääääääääää" // 63 bytes

func TestRelation(t *testing.T) {
	newDatabase(t, "cat_rel", shop)
	c := start(t, catalog.Config{})
	pub := []string{"public"}
	tests := []struct {
		path         []string
		user         string
		schema, name string
		want         string // schema.name:kind
	}{
		{pub, "postgres", "", "customers", "public.customers:r"},
		{[]string{"sales", "public"}, "postgres", "", "customers", "sales.customers:r"},
		{[]string{"nonesuch", "public"}, "postgres", "", "customers", "public.customers:r"},
		{pub, "postgres", "sales", "customers", "sales.customers:r"},
		{pub, "postgres", "nonesuch", "customers", ""},
		{pub, "postgres", "", "nonesuch", ""},
		{[]string{"hidden", "sales"}, "postgres", "", "customers", "hidden.customers:r"},
		{[]string{"hidden", "sales"}, "cat_user", "", "customers", "sales.customers:r"},
		{nil, "cat_user", "", "mine", "cat_user.mine:r"},
		{nil, "postgres", "", "mine", ""},
		{nil, "cat_user", "", "customers", "public.customers:r"},
		{[]string{"$user"}, "cat_user", "", "mine", "cat_user.mine:r"},
		{[]string{}, "postgres", "", "customers", ""},
		{[]string{}, "postgres", "", "pg_proc", "pg_catalog.pg_proc:r"},
		{nil, "postgres", "", "pg_class", "pg_catalog.pg_class:r"},
		{[]string{"public", "pg_catalog"}, "postgres", "", "pg_class", "public.pg_class:r"},
		{pub, "postgres", `Mixed, "Case`, `Odd "Name`, `Mixed, "Case.Odd "Name:r`},
		{pub, "postgres", "", "v", "public.v:v"},
		{pub, "postgres", "", "mv", "public.mv:m"},
		{pub, "postgres", "", "sq", "public.sq:S"},
		{pub, "postgres", "", "parts", "public.parts:p"},
		{pub, "postgres", "information_schema", "tables", "information_schema.tables:v"},
		{pub, "postgres", "", "customers_pkey", "public.customers_pkey:i"},
		{pub, "postgres", "", strings63 + "_and_more", "public." + catalog.Truncate(strings63) + ":r"},
	}
	for _, tt := range tests {
		s := &catalog.Session{Database: "cat_rel", User: tt.user, SearchPath: tt.path}
		for range 2 { // from the server, then from the cache
			r, ok := c.Relation(t.Context(), s, tt.schema, tt.name)
			got := ""
			if ok {
				got = fmt.Sprintf("%s.%s:%c", r.Schema, r.Name, r.Kind)
			}
			if got != tt.want {
				t.Errorf("%s %q %s.%s = %q, want %q", tt.user, tt.path, tt.schema, tt.name, got, tt.want)
			}
		}
	}
}

func TestDefaultSearchPath(t *testing.T) {
	newDatabase(t, "cat_path", shop)
	admin := newClient(t, "cat_path", "postgres")
	t.Cleanup(func() {
		admin, err := connect(t.Context(), "postgres", "postgres")
		if err == nil {
			_, _ = admin.PgConn().Exec(t.Context(), `ALTER ROLE cat_user RESET ALL`).ReadAll()
			_ = admin.Close(t.Context())
		}
	})
	c := start(t, catalog.Config{})
	check := func(step, sql string) {
		t.Helper()
		admin.exec(sql)
		c.Invalidate("cat_path")
		s := &catalog.Session{Database: "cat_path", User: "cat_user"}
		want := catalog.ParseSearchPath(newClient(t, "cat_path", "cat_user").one("SHOW search_path"))
		if got, ok := c.DefaultSearchPath(t.Context(), s); !ok || strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %q, want %q", step, got, want)
		}
	}
	check("server default", "SELECT 1")
	check("database", `ALTER DATABASE cat_path SET search_path = sales, public`)
	check("role", `ALTER ROLE cat_user SET search_path = hidden, "$user", "Mixed, ""Case"`)
	check("role in database", `ALTER ROLE cat_user IN DATABASE cat_path SET search_path = ''`)
	check("role in database, reset", `ALTER ROLE cat_user IN DATABASE cat_path RESET search_path`)
	check("all reset", `ALTER ROLE cat_user RESET search_path; ALTER DATABASE cat_path RESET search_path`)

	// A setting of the side connection's own role is not everybody's default.
	admin.exec(`ALTER ROLE postgres IN DATABASE cat_path SET search_path = hidden`)
	c2 := start(t, catalog.Config{})
	s := &catalog.Session{Database: "cat_path", User: "cat_user"}
	if got, _ := c2.DefaultSearchPath(t.Context(), s); strings.Join(got, "|") != "$user|public" {
		t.Errorf("with a setting of the side role: %q", got)
	}
}

func TestDDLByOthersIsNoticed(t *testing.T) {
	newDatabase(t, "cat_ddl", shop)
	c := start(t, catalog.Config{CheckInterval: 20 * time.Millisecond, NegativeTTL: time.Hour})
	other := newClient(t, "cat_ddl", "postgres")
	s := &catalog.Session{Database: "cat_ddl", User: "cat_user"}
	noticed := func(step, want string) {
		t.Helper()
		await.Equal(t, "the schema when "+step, want, func() string {
			r, _ := c.Relation(t.Context(), s, "", "customers")
			return r.Schema
		})
	}
	noticed("start", "public")
	other.exec("CREATE TABLE cat_user.customers (id int)")
	noticed("created nearer", "cat_user")
	other.exec("ALTER TABLE cat_user.customers RENAME TO renamed")
	noticed("renamed", "public")
	other.exec("ALTER TABLE public.customers SET SCHEMA sales2")
	noticed("moved", "")
}

func TestTruncate(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"short", "short"},
		{strings.Repeat("a", 64), strings.Repeat("a", 63)},
		{strings.Repeat("ä", 32), strings.Repeat("ä", 31)},
		{"a" + strings.Repeat("ä", 32), "a" + strings.Repeat("ä", 31)},
		{strings.Repeat("漢", 22), strings.Repeat("漢", 21)},
		{strings.Repeat("\xff", 70), strings.Repeat("\xff", 63)},
	} {
		if got := catalog.Truncate(tt.in); got != tt.want {
			t.Errorf("Truncate(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestParseSearchPath(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{`"$user", public`, []string{"$user", "public"}},
		{``, []string{}},
		{`""`, []string{""}},
		{` A , "B c" ,d"`, []string{"a", "B c", `d"`}},
		{`"a""b"`, []string{`a"b`}},
		{`"open`, []string{}},
		{`a,,b`, []string{"a"}},
		{`Ünder`, []string{"Ünder"}},
	} {
		if got := catalog.ParseSearchPath(tt.in); got == nil || strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("ParseSearchPath(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
