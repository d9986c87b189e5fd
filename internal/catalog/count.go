package catalog

import (
	"context"
	"fmt"
	"strconv"
)

// Count is how many rows a materialised view has now, 0 for a relation without a page; false if they cannot be counted
// in a second, or not be seen, or if counting would run a client's code: planning a query evaluates constants in the
// expressions of the relation's indexes and statistics. Only a superuser's side connection counts rows.
func (c *Catalog) Count(ctx context.Context, s *Session, oid uint32) (int64, bool) {
	n, ok := c.lookup(ctx, &key{kind: kindCount, database: s.Database, num: uint64(oid)}).(int64)
	return n, ok
}

const emptySQL = `SELECT pg_relation_size(oid) = 0, relkind FROM pg_class WHERE oid = $1::pg_catalog.oid AND relkind IN ('m', 'r')`

// countLocks keep what countSQL has seen as it is until the query is planned: no name comes to mean another relation, no
// index or statistics appear.
const countLocks = `LOCK TABLE pg_catalog.pg_class, pg_catalog.pg_namespace, pg_catalog.pg_index, pg_catalog.pg_statistic_ext IN SHARE MODE`

// otherLocksSQL finds who has changed the relation and not committed: they keep their locks till then. It is asked before
// countSQL, which sees what was committed meanwhile.
const otherLocksSQL = `
SELECT FROM pg_locks WHERE locktype = 'relation' AND relation = $1::pg_catalog.oid AND pid <> pg_backend_pid()
  AND mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock') LIMIT 1`

// countSQL names the view as the server quotes it. A schema whose row has an xmax is being renamed, perhaps.
const countSQL = `
SELECT format('SELECT pg_catalog.count(*) FROM %I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = $1::pg_catalog.oid AND c.relkind = 'm' AND n.xmax::text = '0'
  AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))`

// statisticsSQL is what countSQL asks besides, from version 14 on.
const statisticsSQL = `
  AND NOT EXISTS (SELECT FROM pg_statistic_ext s WHERE s.stxrelid = c.oid AND s.stxexprs IS NOT NULL)`

func (d *database) count(ctx context.Context, id uint64) (value any, cost int, err error) {
	oid := strconv.FormatUint(id, 10)
	rows, err := d.query(ctx, emptySQL, oid)
	switch {
	case err != nil || len(rows) != 1:
		return nil, 0, err
	case yes(rows[0][0]):
		return int64(0), 0, nil
	case char(rows[0][1]) != 'm':
		return nil, 0, nil
	}
	sql := countSQL
	if d.side.version >= 140000 {
		sql += statisticsSQL
	}
	defer d.rollback(ctx)
	for _, before := range []string{"BEGIN", countLocks} {
		if _, err := d.query(ctx, before); err != nil {
			return nil, 0, err
		}
	}
	if rows, err = d.query(ctx, otherLocksSQL, oid); err != nil || len(rows) > 0 {
		return nil, 0, err
	}
	if rows, err = d.query(ctx, sql, oid); err != nil || len(rows) != 1 {
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

// rollback ends a transaction of the side connection, and the connection if that fails.
func (d *database) rollback(ctx context.Context) {
	if d.side.conn.IsClosed() {
		return
	}
	if _, err := d.query(ctx, "ROLLBACK"); err != nil {
		_ = d.side.conn.Close(ctx)
	}
}
