package catalog_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/querytree"
)

const planned = `
CREATE TABLE big (id int PRIMARY KEY, a int, b int, v text, f float8);
INSERT INTO big SELECT i, i % 100, i, 'x' || i, i FROM generate_series(1, 5000) i;
CREATE INDEX big_a ON big (a, b); CREATE INDEX big_minus ON big ((1 - b)); CREATE INDEX big_some ON big (f) WHERE a > 0;
CREATE TABLE few (id int PRIMARY KEY, big int, v text); INSERT INTO few SELECT i, i, 'x' FROM generate_series(1, 200) i;
CREATE TABLE never (id int PRIMARY KEY, v text);
CREATE TABLE parted (a int, b int) PARTITION BY LIST (b);
CREATE TABLE parted1 PARTITION OF parted FOR VALUES IN (1); CREATE TABLE parted2 PARTITION OF parted FOR VALUES IN (2);
CREATE INDEX parted1_a ON parted1 (a, b); CREATE INDEX parted2_a ON parted2 (a, b);
CREATE TABLE parent (a int, c int); CREATE TABLE child () INHERITS (parent); CREATE INDEX ON parent (a); CREATE INDEX ON child (a);
CREATE TABLE opt (a int, "B" int); CREATE INDEX ON opt ("B") WHERE "B" IS NOT NULL; CREATE INDEX ON opt (a) WHERE "B" IS NOT NULL;
CREATE TABLE opts (a int, "B" int); CREATE TABLE opts1 (c int) INHERITS (opts); CREATE TABLE opts2 () INHERITS (opts);
CREATE INDEX ON opts ("B"); CREATE INDEX ON opts1 ("B" DESC); CREATE INDEX ON opts2 ("B") WHERE "B" IS NOT NULL;
CREATE TABLE tiny (a int); INSERT INTO tiny VALUES (0), (1), (2), (3), (4);
CREATE TABLE line (c int); CREATE INDEX ON line ((c - 1)); CREATE TABLE lines (c int); CREATE TABLE lines1 () INHERITS (lines);
CREATE INDEX ON lines ((1 - c)); CREATE INDEX ON lines1 ((1 - c));
CREATE TABLE huge (a int, b int) WITH (autovacuum_enabled = off);
INSERT INTO huge SELECT i, i FROM generate_series(1, 400000) i;
CREATE VIEW has AS SELECT id, EXISTS (SELECT FROM few WHERE few.big = big.id) AS few FROM big;
CREATE VIEW ok AS SELECT * FROM never WHERE EXISTS (SELECT FROM few WHERE few.id = never.id) WITH CHECK OPTION;
CREATE VIEW has2 AS SELECT * FROM few;
CREATE TABLE acts (a int); CREATE TABLE log (a int);
CREATE RULE acts_i AS ON INSERT TO acts DO ALSO INSERT INTO log VALUES (NEW.a);
CREATE RULE acts_u AS ON UPDATE TO acts WHERE OLD.a > 1 DO INSTEAD UPDATE log SET a = NEW.a WHERE log.a = OLD.a;
CREATE RULE acts_d AS ON DELETE TO acts DO ALSO DELETE FROM log WHERE a IN (SELECT id FROM few);
ANALYZE big, few, huge, tiny`

// plannedSince has the statements that only PostgreSQL from some version on takes.
var plannedSince = map[int][]string{
	14: {
		"SELECT max(id) FROM big GROUP BY DISTINCT ()",
		"WITH RECURSIVE r(id, n) AS (SELECT id, 1 FROM few UNION ALL SELECT b.id, n + 1 FROM big b JOIN r ON b.a = r.id WHERE n < 2) SEARCH DEPTH FIRST BY id SET o CYCLE id SET c USING p SELECT * FROM r",
	},
	15: {
		"MERGE INTO few USING never ON few.id = never.id WHEN MATCHED THEN DELETE",
		"MERGE INTO few USING never ON few.id = never.id WHEN MATCHED THEN UPDATE SET v = never.v WHEN NOT MATCHED THEN INSERT VALUES (never.id, 1, 'x')",
		"MERGE INTO few USING never ON few.id = never.id AND EXISTS (SELECT FROM big WHERE big.id = few.id) WHEN MATCHED THEN DELETE",
		"MERGE INTO few USING never ON few.id = never.id AND EXISTS (SELECT FROM big WHERE big.id = few.id) WHEN NOT MATCHED THEN DO NOTHING",
		"MERGE INTO few USING never ON few.id = never.id AND EXISTS (SELECT FROM big WHERE big.id = never.id) WHEN NOT MATCHED THEN INSERT VALUES (3)",
		"MERGE INTO few USING (never JOIN big USING (id)) ON few.id = never.id WHEN MATCHED AND EXISTS (SELECT FROM huge WHERE huge.a = few.id) THEN DELETE",
		"MERGE INTO parted USING never ON a = id WHEN MATCHED THEN DELETE",
	},
	16: {"SELECT JSON_OBJECT('a': (SELECT max(id) FROM big))", "SELECT JSON_ARRAYAGG(v) FROM few"},
	17: {
		"MERGE INTO few USING never ON few.id = never.id AND EXISTS (SELECT FROM big WHERE big.id = never.id) WHEN NOT MATCHED BY SOURCE THEN DELETE",
		"MERGE INTO few USING never ON few.id = never.id AND EXISTS (SELECT FROM big WHERE big.id = few.id) WHEN NOT MATCHED BY SOURCE THEN DELETE",
		"MERGE INTO few USING never ON few.id = never.id AND EXISTS (SELECT FROM big WHERE big.id = few.id) WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1)",
		"MERGE INTO has2 USING never ON has2.id = never.id WHEN MATCHED THEN UPDATE SET v = 'x' RETURNING merge_action(), has2.*",
		"WITH m AS (MERGE INTO few USING never ON few.id = never.id WHEN MATCHED THEN DELETE RETURNING few.id) SELECT * FROM m",
		"SELECT * FROM JSON_TABLE('[1]', '$[*]' COLUMNS (id int PATH '$')) j JOIN few USING (id)",
		"SELECT * FROM big WHERE id IN (VALUES (1), (2))",
	},
}

// plannedAlways are statements that every version takes.
var plannedAlways = []string{
	// EXISTS that is a join
	"SELECT * FROM big WHERE EXISTS (SELECT FROM few WHERE few.big = big.id)",
	"SELECT * FROM big WHERE NOT EXISTS (SELECT FROM few WHERE few.big = big.id) AND a = 1",
	"SELECT * FROM big WHERE EXISTS (SELECT FROM few WHERE few.big < big.id)",
	"SELECT * FROM big JOIN few ON EXISTS (SELECT FROM never WHERE never.id = few.id)",
	"SELECT * FROM big LEFT JOIN few ON EXISTS (SELECT FROM never WHERE never.id = few.id)",
	"SELECT * FROM big WHERE EXISTS (SELECT FROM few WHERE few.big = big.id AND EXISTS (SELECT FROM never WHERE never.id = few.id))",
	"SELECT * FROM big WHERE EXISTS (SELECT FROM few WHERE few.big = big.id AND EXISTS (SELECT FROM never WHERE never.id = big.id))",
	"SELECT * FROM big WHERE EXISTS (SELECT 1 FROM few WHERE few.big = big.id ORDER BY v LIMIT 1)",
	// that is not
	"SELECT * FROM big WHERE EXISTS (SELECT FROM few WHERE few.big = big.id) OR a = 1",
	"SELECT EXISTS (SELECT FROM few WHERE few.big = big.id) FROM big",
	"SELECT NOT EXISTS (SELECT FROM few WHERE big.id = few.big AND few.v = 'x'), a FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE few.big < big.id) FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE few.big = big.id AND few.id < big.a) FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE few.big = 1) FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE few.big = big.id OFFSET 1) FROM big",
	"SELECT EXISTS (SELECT count(*) FROM few WHERE few.big = big.id) FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE few.big = big.id LIMIT 1) FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE few.big = big.id LIMIT 0) FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE few.big = big.id AND random() > 0.5) FROM big",
	"SELECT EXISTS (SELECT FROM few, LATERAL (SELECT big.id) x WHERE few.big = big.id) FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE few.big + big.id = 3) FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE false AND few.big = big.id) FROM big",
	"SELECT EXISTS (SELECT (SELECT 1 FROM never) FROM few WHERE few.big = big.id) FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE few.big = big.id AND few.v IN (SELECT v FROM never)) FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE few.big = big.id AND (few.id = 1 OR EXISTS (SELECT FROM never WHERE never.id = few.id))) FROM big",
	"SELECT EXISTS (SELECT FROM few a, few b WHERE a.big = big.id AND a.id = b.id) FROM big",
	"SELECT EXISTS (SELECT FROM (SELECT id FROM few UNION ALL SELECT id FROM never) x WHERE x.id = big.id) FROM big",
	"SELECT EXISTS (SELECT FROM few WHERE few.v = big.v) FROM big",
	"SELECT EXISTS (SELECT FROM huge WHERE huge.a = big.id) FROM big",
	"SELECT EXISTS (SELECT FROM parted WHERE parted.a = big.id) FROM big",
	"SELECT * FROM big LEFT JOIN few ON EXISTS (SELECT FROM never WHERE never.id = big.id)",
	"SELECT * FROM big FULL JOIN few ON big.id = few.id WHERE EXISTS (SELECT FROM never WHERE never.id = big.id)",
	"SELECT * FROM big WHERE EXISTS (WITH w AS MATERIALIZED (SELECT 1) SELECT FROM few, w WHERE few.big = big.id)",
	"SELECT * FROM big WHERE EXISTS (SELECT FROM few WHERE few.big = big.id AND EXISTS (SELECT FROM never WHERE never.id = few.id AND never.id = big.a))",
	"SELECT * FROM big WHERE NOT EXISTS (SELECT FROM few WHERE few.big = big.id AND EXISTS (SELECT FROM never WHERE never.id = big.id))",
	"SELECT few FROM has", "SELECT id FROM has", "SELECT * FROM has WHERE few", "SELECT * FROM has a, has b",
	"SELECT count(*) FROM big GROUP BY a HAVING EXISTS (SELECT FROM few WHERE few.big = max(big.b))",
	"SELECT count(*) FROM big GROUP BY a HAVING EXISTS (SELECT FROM few WHERE few.big = a)",
	"INSERT INTO ok VALUES (1)", "UPDATE ok SET v = 'x'", "DELETE FROM ok", "SELECT * FROM ok",
	"INSERT INTO few VALUES (1) ON CONFLICT (id) DO UPDATE SET v = excluded.v WHERE EXISTS (SELECT FROM never WHERE never.id = excluded.id)",
	"UPDATE few SET v = 'y' WHERE EXISTS (SELECT FROM never WHERE never.id = few.id) OR v = 'z'",
	"SELECT table_name, is_trigger_updatable, is_trigger_deletable FROM information_schema.views",
	"SELECT i.indisunique, NOT i.indimmediate AND EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = i.indrelid AND conindid = i.indexrelid AND contype IN ('p','u','x') AND condeferrable) FROM pg_index i",
	"SELECT (SELECT few) FROM has",
	// min() and max()
	"SELECT max(id) FROM big", "SELECT min(id), max(id) FROM big", "SELECT min(id), max(v) FROM big", "SELECT max(f) FROM big",
	"SELECT max(b) FROM big", "SELECT max(b) FROM big WHERE a = 3", "SELECT max(5) FROM big", "SELECT max(v) FROM big",
	"SELECT id, (SELECT min(a) FROM big WHERE a = few.id) FROM few",
	"SELECT min(1 - b) FROM big", "SELECT max(1 - b), min(a + b) FROM big", "SELECT max(2 - b) FROM big", "SELECT min(1 - b), min(id) FROM big b",
	"SELECT min(1 - x.b) FROM few, big x", "SELECT min(c - 1) FROM line", "SELECT min(1 - c) FROM line", "SELECT min(1 - c) FROM lines",
	"SELECT a, (SELECT min(t.a) FROM tiny t WHERE t.a = tiny.a) FROM tiny", "SELECT (SELECT DISTINCT max(7) FROM tiny t WHERE t.a > big.a) FROM big",
	"SELECT id, (SELECT min(b) FROM big WHERE few.id = a) FROM few",
	"SELECT max(id) FROM big WHERE EXISTS (SELECT FROM few WHERE few.big = big.id)",
	"SELECT max(id) FROM big WHERE EXISTS (SELECT FROM few WHERE few.big = 1)",
	"SELECT max(id) FROM big WHERE NOT EXISTS (SELECT FROM few WHERE few.big = 1000)",
	"SELECT max(id) FROM big WHERE id IN (SELECT big FROM few)",
	"SELECT max(id) FROM big WHERE a < (SELECT max(id) FROM few)",
	"SELECT (SELECT max(id) FROM big WHERE a = (SELECT big FROM few WHERE few.id = never.id)) FROM never",
	"SELECT (SELECT max((SELECT v FROM few WHERE few.id = big.id))) FROM big",
	"SELECT min(a), max(a) FROM parted", "SELECT min(b) FROM parted", "SELECT min(a) FROM ONLY parent",
	"SELECT min(a) FROM parent", "SELECT max(c) FROM parent",
	"SELECT min(x) FROM (SELECT id AS x FROM big UNION ALL SELECT a FROM big) s",
	"SELECT min(x) FROM (SELECT id AS x FROM big UNION SELECT a FROM big) s",
	"SELECT min(x) FROM (SELECT id AS x FROM big UNION ALL SELECT a FROM big ORDER BY 1 LIMIT 5) s",
	"SELECT max(id) FROM big GROUP BY ()", "SELECT max(id) FROM big GROUP BY a", "SELECT max(id) FROM big GROUP BY GROUPING SETS ((), (a))",
	`SELECT min("B") FROM opt`, "SELECT min(a) FROM opt", `SELECT min("B"), max("B") FROM opts`, "SELECT max(a) FROM opts",
	"SELECT max(id) FROM has", "SELECT max(id) FROM ok",
	// UNION ALL of which a part is not wanted
	"SELECT * FROM (SELECT 'a'::text AS k, id FROM few WHERE id IN (1, (SELECT max(b) FROM big)) UNION ALL SELECT 'b', id FROM never) x WHERE k = 'b'",
	"SELECT * FROM (SELECT 'a'::text AS k, id FROM few WHERE id IN (1, (SELECT max(b) FROM big)) UNION ALL SELECT 'b', id FROM never) x WHERE k = 'a'",
	"SELECT * FROM (SELECT 'a'::text AS k, id FROM few WHERE id IN (1, (SELECT max(b) FROM big)) UNION ALL SELECT 'b', id FROM never) x WHERE k LIKE 'b%' AND id = 3",
	"SELECT * FROM (SELECT 'a'::text AS k, id FROM few WHERE id IN (1, (SELECT max(b) FROM big)) UNION ALL SELECT 'b', id FROM never) x WHERE k LIKE 'a%'",
	"SELECT * FROM (SELECT 'a'::text AS k, (SELECT max(b) FROM big) FROM few UNION ALL SELECT 'b', id FROM never) x WHERE k = 'b'",
	"SELECT * FROM (SELECT 'a'::varchar AS k, id FROM few WHERE id IN (1, (SELECT max(b) FROM big)) UNION ALL SELECT 'b'::text, id FROM never) x WHERE k = 'b'",
	"SELECT * FROM (SELECT 'a'::text AS k, id FROM few WHERE EXISTS (SELECT FROM big WHERE b = few.id) AND id IN (1, (SELECT max(v::int) FROM never)) UNION ALL SELECT 'b', id FROM never) x WHERE k = 'b'",
	"SELECT id FROM (SELECT id, k AS key FROM (SELECT 'a'::text AS k, id FROM few WHERE id IN (1, (SELECT max(b) FROM big)) UNION ALL SELECT 'b', id FROM never) x WHERE id > 1) y WHERE key = 'b'",
	"SELECT grantor FROM information_schema.usage_privileges WHERE object_type LIKE 'FOREIGN%'",
	"SELECT grantor FROM information_schema.usage_privileges WHERE object_type LIKE '%ION'",
	"SELECT grantor FROM information_schema.role_usage_grants WHERE object_type LIKE 'FOREIGN%' AND object_name IN ('s6', 'foo')",
	"INSERT INTO acts VALUES (1)", "UPDATE acts SET a = 2", "DELETE FROM acts WHERE a = 1", "INSERT INTO acts SELECT id FROM few",
	"INSERT INTO few VALUES (1) ON CONFLICT (id) DO UPDATE SET v = 'x'",
	"INSERT INTO few VALUES (1) ON CONFLICT (id) DO UPDATE SET v = excluded.v RETURNING *",
}

// The planner's own list of relations is what a server's audit goes by.
func TestRelationsOfPlans(t *testing.T) {
	newDatabase(t, "cat_plan", planned)
	c := start(t, catalog.Config{})
	client := newClient(t, "cat_plan", "postgres")
	newer := []string{}
	for since, list := range plannedSince {
		if major() >= since {
			newer = append(newer, list...)
		}
	}
	for _, sql := range append(newer, plannedAlways...) {
		a, ok := c.Analyze(t.Context(), &catalog.Session{Database: "cat_plan", User: "postgres"}, catalog.Statement{SQL: sql})
		if !ok {
			t.Errorf("%s: not analysed", sql)
			continue
		}
		var got []string
		for _, q := range a.Queries {
			for _, r := range q.Relations {
				got = append(got, fmt.Sprint(r.OID))
			}
		}
		slices.Sort(got)
		if want := planRelations(t, client, sql); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", sql, got, want)
		}
	}
}

// TestRelationsOfPlansByIndex: a session that has sequential scans off reads few rows by index too.
func TestRelationsOfPlansByIndex(t *testing.T) {
	newDatabase(t, "cat_plan_index", planned+"; CREATE INDEX ON tiny (a)")
	c := start(t, catalog.Config{})
	client := newClient(t, "cat_plan_index", "postgres")
	for _, off := range []bool{false, true} {
		if off {
			client.exec("SET enable_seqscan = off")
		}
		for _, sql := range []string{"SELECT max(id) FROM big", "SELECT max(v) FROM big", "SELECT min(a), max(a) FROM tiny", "SELECT max(a) FROM tiny WHERE a < 2"} {
			s := catalog.Statement{SQL: sql, Indexed: off}
			a, ok := c.Analyze(t.Context(), &catalog.Session{Database: "cat_plan_index", User: "postgres"}, s)
			if !ok || len(a.Queries) != 1 {
				t.Errorf("%s: not analysed", sql)
				continue
			}
			got, want := len(a.Queries[0].Relations), len(planRelations(t, client, sql))
			if got != want && (off || !strings.Contains(sql, "tiny")) { // else it is open
				t.Errorf("%s: %d relations, want %d", sql, got, want)
			}
		}
	}
}

// planRelations are the OIDs of the relations in the range table of a statement's plan that need a permission.
func planRelations(t *testing.T, c *client, sql string) (out []string) {
	t.Helper()
	c.exec("SET client_min_messages = log; SET debug_print_plan = on; SET debug_pretty_print = off")
	defer c.exec("SET debug_print_plan = off; SET client_min_messages = notice")
	c.logged = nil
	c.exec("EXPLAIN " + sql)
	for _, n := range c.logged {
		text := querytree.Unwrap(n.Detail)
		if !strings.HasPrefix(text, "{PLANNEDSTMT :commandType ") || strings.HasPrefix(text, "{PLANNEDSTMT :commandType 6") {
			continue
		}
		re := entry
		if strings.Contains(text, "{RTEPERMISSIONINFO ") { // from version 16 on
			re = permission
		}
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			if m[2] != "0" {
				out = append(out, m[1])
			}
		}
	}
	slices.Sort(out)
	return out
}

// What a printed plan says of its relations and the permissions that they need.
var (
	entry      = regexp.MustCompile(`:rtekind 0 :relid (\d+) .*? :requiredPerms (\d+)`)
	permission = regexp.MustCompile(`\{RTEPERMISSIONINFO :relid (\d+) .*? :requiredPerms (\d+)`)
)
