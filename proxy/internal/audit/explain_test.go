package audit_test

import (
	"context"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/proxy/internal/audit"
)

// The counts are the command tags' of the same statements without EXPLAIN.
func TestExplainedRows(t *testing.T) {
	c, err := dial(t.Context(), "postgres", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := exec(t.Context(), c, `CREATE TEMP TABLE p (id int PRIMARY KEY, v text) PARTITION BY LIST (id);
		CREATE TEMP TABLE p1 PARTITION OF p FOR VALUES IN (1, 2); CREATE TEMP TABLE p2 PARTITION OF p FOR VALUES IN (3, 4);
		INSERT INTO p VALUES (1, 'a'), (2, 'Actual Rows: 7'), (3, 'c'); CREATE TEMP TABLE s (id int PRIMARY KEY, v text);
		INSERT INTO s VALUES (1, 'x'), (5, 'y')`); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"SELECT 1", "SELECT * FROM p", "SELECT * FROM p WHERE false", "SELECT (SELECT count(*) FROM p), v FROM s",
		"INSERT INTO s VALUES (7, 'z'), (8, 'z')", "INSERT INTO s SELECT g, 'i' FROM generate_series(10, 20) g RETURNING id",
		"INSERT INTO s VALUES (1, 'x'), (9, 'x') ON CONFLICT DO NOTHING",
		"INSERT INTO s VALUES (1, 'x'), (9, 'x') ON CONFLICT (id) DO UPDATE SET v = 'u'",
		"INSERT INTO s VALUES (1, 'x'), (5, 'x'), (9, 'x') ON CONFLICT (id) DO UPDATE SET v = 'u' WHERE s.id = 1",
		"UPDATE p SET v = (SELECT max(v) FROM s)", "UPDATE p SET v = 'n' WHERE id > 1 RETURNING *", "DELETE FROM p", "DELETE FROM s WHERE id = 99",
		"WITH d AS (DELETE FROM s RETURNING *) SELECT * FROM d, p", "UPDATE p SET v = s.v FROM s WHERE s.id = p.id",
		"MERGE INTO s USING p ON s.id = p.id WHEN MATCHED THEN UPDATE SET v = 'm' WHEN NOT MATCHED THEN INSERT VALUES (p.id, 'new')",
		"MERGE INTO s USING p ON s.id = p.id WHEN MATCHED THEN DELETE", "MERGE INTO s USING p ON s.id = p.id WHEN MATCHED THEN DO NOTHING",
	} {
		if strings.HasPrefix(sql, "MERGE") && major() < 15 {
			continue
		}
		run := func(prefix string) (int64, string) {
			r := c.Exec(t.Context(), "BEGIN; "+prefix+sql+"; ROLLBACK")
			all, err := r.ReadAll()
			if err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
			var out strings.Builder
			for _, row := range all[1].Rows {
				out.Write(row[0])
				out.WriteByte('\n')
			}
			return all[1].CommandTag.RowsAffected(), out.String()
		}
		want, _ := run("")
		for _, options := range []string{"ANALYZE", "ANALYZE VERBOSE", "(ANALYZE, TIMING off, COSTS off)",
			"(ANALYZE, FORMAT json)", "(ANALYZE, FORMAT xml)", "(ANALYZE, FORMAT yaml, VERBOSE)"} {
			if _, output := run("EXPLAIN " + options + " "); audit.ExplainedRows(output) != want {
				t.Errorf("%s %s: %d rows, want %d:\n%s", options, sql, audit.ExplainedRows(output), want, output)
			}
		}
		if _, output := run("EXPLAIN "); audit.ExplainedRows(output) != activity.NoRows {
			t.Errorf("%s: rows of a plan that was not run", sql)
		}
	}
}
