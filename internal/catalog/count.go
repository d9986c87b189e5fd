package catalog

import (
	"context"
	"fmt"
	"strconv"
)

// Count is how many rows a materialised view has now, 0 for a table without a page;
// false if they cannot be counted in a second, or not be seen.
func (c *Catalog) Count(ctx context.Context, s *Session, oid uint32) (int64, bool) {
	n, ok := c.lookup(ctx, &key{kind: kindCount, database: s.Database, num: uint64(oid)}).(int64)
	return n, ok
}

// countSQL names the view as the server quotes it; anything else is refused.
const countSQL = `
SELECT CASE c.relkind WHEN 'm' THEN format('SELECT count(*) FROM %I.%I', n.nspname, c.relname) ELSE 'SELECT 0' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = $1::pg_catalog.oid AND (c.relkind = 'm' OR c.relkind = 'r' AND pg_relation_size(c.oid) = 0)`

func (d *database) count(ctx context.Context, oid uint64) (any, int, error) {
	rows, err := d.query(ctx, countSQL, strconv.FormatUint(oid, 10))
	if err != nil || len(rows) != 1 {
		return nil, 0, err
	}
	if rows, err = d.queryOnce(ctx, string(rows[0][0]), nil); err != nil || len(rows) != 1 {
		return nil, 0, err
	}
	n, err := strconv.ParseInt(string(rows[0][0]), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("count rows: %w", err)
	}
	return n, 0, nil
}
