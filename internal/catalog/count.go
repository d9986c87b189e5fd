package catalog

import (
	"context"
	"fmt"
	"strconv"
)

// Count is how many rows a materialised view has now, 0 for a relation without a page; false if they cannot be counted
// in a second, or not be seen, or if the view is of somebody whose code must not run here: planning a query evaluates
// constants in the relation's index expressions and statistics. So it, its schema and who may rename that must belong to
// a superuser or to the user of the side connection.
func (c *Catalog) Count(ctx context.Context, s *Session, oid uint32) (int64, bool) {
	n, ok := c.lookup(ctx, &key{kind: kindCount, database: s.Database, num: uint64(oid)}).(int64)
	return n, ok
}

// countSQL names the view as the server quotes it; anything else is refused.
const countSQL = `
WITH trusted AS (SELECT oid FROM pg_roles WHERE rolsuper OR rolname = current_user)
SELECT CASE WHEN pg_relation_size(c.oid) > 0 THEN format('SELECT pg_catalog.count(*) FROM %I.%I', n.nspname, c.relname) ELSE 'SELECT 0' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = $1::pg_catalog.oid AND c.relkind IN ('m', 'r') AND (pg_relation_size(c.oid) = 0 OR c.relkind = 'm'
  AND c.relowner IN (SELECT oid FROM trusted)
  AND coalesce((SELECT d.datdba FROM pg_database d JOIN pg_roles r ON r.rolname = 'pg_database_owner'
    WHERE d.datname = current_database() AND r.oid = n.nspowner), n.nspowner) IN (SELECT oid FROM trusted))`

func (d *database) count(ctx context.Context, oid uint64) (any, int, error) {
	rows, err := d.query(ctx, countSQL, strconv.FormatUint(oid, 10))
	if err != nil || len(rows) != 1 {
		return nil, 0, err
	}
	if rows, err = d.query(ctx, string(rows[0][0])); err != nil || len(rows) != 1 {
		return nil, 0, err
	}
	n, err := strconv.ParseInt(string(rows[0][0]), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("count rows: %w", err)
	}
	return n, 0, nil
}
