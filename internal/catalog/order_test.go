package catalog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/catalog"
	"github.com/jackc/pgx/v5/pgconn"
)

const ordered = analysed + `;
DO $$ BEGIN CREATE ROLE cat_order_user LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;
INSERT INTO t VALUES (1, 'a'), (2, 'b');
GRANT ALL ON ALL TABLES IN SCHEMA public TO cat_order_user;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC`

// The server tells itself in which order it meets functions: one that the session may not execute is refused the
// moment that it is met.
func TestOrderOfCalls(t *testing.T) {
	newDatabase(t, "cat_order", ordered)
	c := start(t, catalog.Config{})
	owner, user := newClient(t, "cat_order", "postgres"), newClient(t, "cat_order", "cat_order_user")
	for _, tt := range []struct {
		since int // version
		sql   string
	}{
		{12, "SELECT stab(1), vol(2), over(3)"},
		{12, "SELECT vol(stab(1)), (SELECT over(2))"},
		{12, "SELECT vol(imm(1)), stab(imm(NULL)), even(id) FROM t"},
		{12, "SELECT stab(id) FROM t WHERE vol(id) = 1"},
		{12, "SELECT stab(id) FROM t WHERE vol(id) = 1 ORDER BY over(id)"},
		{12, "SELECT stab(id), over(id) FROM t ORDER BY 1 LIMIT 1"},
		{12, "SELECT stab(id), count(*) FROM t WHERE over(id) = 1 GROUP BY 1 HAVING vol(count(*)::int) > 0"},
		{12, "SELECT sum(stab(id)) OVER (ORDER BY vol(id)) FROM t"},
		{12, "WITH a AS (SELECT id, stab(id) AS x, over(id) AS y FROM t) SELECT (SELECT vol(x) FROM a LIMIT 1) FROM t"},
		{12, "WITH a AS NOT MATERIALIZED (SELECT stab(id) AS x FROM t) SELECT (SELECT max(over(x)) FROM a), (SELECT vol(x) FROM a LIMIT 1)"},
		{12, "SELECT a FROM XMLTABLE('//x' PASSING (xmlelement(name x, stab(1))) COLUMNS a int PATH 'a' DEFAULT over(1)) x WHERE vol(a) = 1"},
		{12, "SELECT x, over(id) FROM vt"},
		{12, "WITH a AS MATERIALIZED (SELECT stab(id) AS x FROM t) SELECT over(x) FROM a"},
		{12, "WITH a AS (SELECT stab(id) AS x FROM t) SELECT over(x) FROM a"},
		{12, "SELECT 1 ~~~~ vol(2), NULLIF(stab(1), 3), over(4) IN (1, 2)"},
		{12, "SELECT CASE WHEN stab(1) = 1 THEN vol(2) ELSE over(3) END, coalesce(stab(1), over(2))"},
		{12, "SELECT ARRAY[stab(1), over(2)], ROW(vol(3)), (vol(4) IS NULL)"},
		{12, "SELECT vol(2)::de, stab(1)::text"},
		{12, "SELECT id FROM t WHERE even(id) AND EXISTS (SELECT FROM t b WHERE stab(b.id) = t.id)"},
		{12, "SELECT max(stab(id)) FILTER (WHERE even(id)) FROM t"},
		{12, "SELECT vol(id) FROM t UNION ALL SELECT over(id) FROM t"},
		{12, "VALUES (vol(1)), (stab(2))"},
		{12, "SELECT vol(id) FROM t WHERE false AND stab(id) = 1"},
		{12, "SELECT x FROM (SELECT vol(id) AS x, id FROM t WHERE stab(id) = 1) s WHERE false"},
		{12, "SELECT x, over(1) FROM (SELECT vol(id) AS x, id FROM t WHERE false) s WHERE stab(x) = 1"},
		{12, "SELECT id FROM (SELECT id FROM t WHERE 1 = 2) s WHERE stab(id) = 1"},
		{12, "SELECT id, over(id) FROM (SELECT id FROM t WHERE 1 = 2) s"},
		{12, "SELECT id, over(id) FROM (SELECT t.id FROM t, u WHERE 1 = 2) s WHERE stab(id) = 1"},
		{12, "SELECT id FROM (SELECT id FROM t WHERE false) s JOIN u USING (id) WHERE stab(id) = vol(e)"},
		{12, "SELECT t.id FROM t LEFT JOIN (SELECT id FROM t WHERE false) s ON stab(s.id) = 1 WHERE vol(t.id) = 1"},
		{12, "SELECT count(*), over(count(*)::int) FROM (SELECT vol(id) FROM t WHERE false) s WHERE stab(1) = 1"},
		{12, "SELECT id FROM (SELECT count(*) AS id FROM t WHERE false AND vol(id) = 1) s WHERE stab(id::int) = 1"},
		{12, "SELECT id FROM t JOIN (SELECT vol(2) AS v FROM u) s ON false WHERE stab(id) = 1"},
		{12, "SELECT id FROM t JOIN (SELECT 1 AS v WHERE (SELECT vol(3)) = 1) s ON true WHERE false"},
		{12, "SELECT id FROM (SELECT id FROM t WHERE (SELECT vol(3)) = id) s WHERE false"},
		{12, "UPDATE t SET v = over(id)::text WHERE false AND stab(id) = 1"},
		{12, "INSERT INTO u (e) VALUES (2)"},
		{12, "INSERT INTO u (id, e) SELECT over(id), 4 FROM t"},
		{12, "INSERT INTO t VALUES (over(1), 'a') ON CONFLICT (id) DO UPDATE SET v = stab(2)::text WHERE vol(excluded.id) = 1"},
		{12, "UPDATE t SET v = vol(id)::text WHERE stab(id) = 1 RETURNING over(id)"},
		{12, "DELETE FROM t USING t b WHERE stab(t.id) = over(b.id) RETURNING vol(t.id)"},
		{15, "MERGE INTO t USING t b ON t.id = stab(b.id) WHEN MATCHED AND vol(t.id) = 1 THEN UPDATE SET v = over(t.id)::text"},
		{15, "MERGE INTO t USING t b ON t.id = stab(b.id) WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (over(b.id), 'x')"},
		{17, "MERGE INTO t USING t b ON t.id = stab(b.id) WHEN NOT MATCHED BY SOURCE AND vol(t.id) = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET v = 'x' RETURNING over(t.id)"},
		{16, "SELECT JSON_ARRAY(vol(1), stab(2)), JSON_OBJECT('a': over(1))"},
		{17, "SELECT * FROM JSON_TABLE('[1]'::jsonb, '$[*]' PASSING stab(1) AS x COLUMNS (id int PATH '$' DEFAULT vol(1) ON EMPTY)) j WHERE over(id) = 1"},
		{17, "SELECT JSON_VALUE('[1]'::jsonb, '$[*]' PASSING stab(1) AS x RETURNING int DEFAULT vol(1) ON ERROR), JSON_SERIALIZE(over(1)::text::json)"},
		{16, "SELECT over(1)::text IS JSON, JSON_OBJECTAGG('k': stab(id)) FROM t WHERE vol(id) = 1"},
		{14, "SELECT over(id) FROM t GROUP BY DISTINCT ROLLUP (id), ROLLUP (id) HAVING stab(1) = 1"},
	} {
		if major() < tt.since {
			continue
		}
		a, ok := c.Analyze(t.Context(), &catalog.Session{Database: "cat_order", User: "cat_order_user"}, catalog.Statement{SQL: tt.sql})
		if !ok {
			t.Errorf("%s: not analysed", tt.sql)
			continue
		}
		if got, want := callOrder(a), refusals(t, owner, user, tt.sql); !slices.Equal(got, want) {
			t.Errorf("%s: %s, want %s", tt.sql, got, want)
		}
	}
}

// callOrder lists the functions that a statement calls, each where it is met first.
func callOrder(a *catalog.Analysis) (out []string) {
	for _, q := range a.Queries {
		calls := slices.Concat(q.Calls, q.AfterRow)
		slices.SortStableFunc(calls, func(a, b catalog.Call) int { // the planner comes first
			if a.Planning == b.Planning {
				return 0
			} else if a.Planning {
				return -1
			}
			return 1
		})
		for _, c := range calls {
			if c.Schema != "pg_catalog" && !slices.Contains(out, c.Name) {
				out = append(out, c.Name)
			}
		}
	}
	return out
}

// refusals runs a statement again and again, each time with one more of the functions allowed that it was
// refused for.
func refusals(t *testing.T, owner, user *client, sql string) (out []string) {
	t.Helper()
	defer owner.exec("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM cat_order_user")
	for range 20 {
		_, err := user.PgConn().Exec(t.Context(), "BEGIN; "+sql).ReadAll()
		user.exec("ROLLBACK")
		var refused *pgconn.PgError
		if !errors.As(err, &refused) {
			if err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
			return out
		}
		name, ok := strings.CutPrefix(refused.Message, "permission denied for function ")
		if !ok {
			t.Fatalf("%s: %v", sql, err)
		}
		out = append(out, name)
		owner.exec("GRANT EXECUTE ON FUNCTION " + name + " TO cat_order_user")
	}
	t.Fatalf("%s: refused for ever: %s", sql, out)
	return nil
}
