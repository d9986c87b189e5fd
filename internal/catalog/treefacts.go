package catalog

import (
	"context"
	"strconv"
)

const (
	// hashableSQL leaves out the equality of arrays and of rows: it depends on what they hold.
	hashableSQL = `
SELECT o.oid FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
  JOIN pg_operator c ON c.oid = o.oprcom JOIN pg_proc cp ON cp.oid = c.oprcode
WHERE o.oid = ANY ($1::oid[]) AND o.oprcanhash AND p.proisstrict AND c.oprcanhash AND cp.proisstrict AND o.oid NOT IN (1070, 2988)`

	// sizesSQL: a table that was never analysed is taken for one of ten pages, of rows as wide as its columns.
	sizesSQL = `
WITH RECURSIVE part(top, oid) AS (
  SELECT oid, oid FROM pg_class WHERE oid = ANY ($1::oid[]) AND relkind IN ('r', 'p', 'm')
  UNION SELECT p.top, i.inhrelid FROM part p JOIN pg_inherits i ON i.inhparent = p.oid
), page(top, tuples, before, pages) AS (
  SELECT p.top, c.reltuples, c.relpages, coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::float8
  FROM part p JOIN pg_class c ON c.oid = p.oid
)
SELECT top, sum(greatest(1, CASE WHEN tuples >= 0 AND before > 0 THEN tuples / before * pages ELSE 300 * greatest(pages, 10) END))
FROM page GROUP BY top`

	// hashMemorySQL: the multiplier is of version 13.
	hashMemorySQL = `
SELECT 1024 * setting::float8 * coalesce((SELECT setting::float8 FROM pg_settings WHERE name = 'hash_mem_multiplier'), 1)
FROM pg_settings WHERE name = 'work_mem'`
)

// hashing looks up what decides whether an EXISTS is planned for a hash table.
func (t *tree) hashing(ctx context.Context, d *database, found *ids) error {
	rows, err := d.query(ctx, hashableSQL, oidArray(found.compares))
	if err != nil {
		return err
	}
	for _, r := range rows {
		t.hashable[oid(r[0])] = true
	}
	// A relation that is locked has no size: then it is open what the planner does.
	if rows, err = d.query(ctx, sizesSQL, oidArray(found.relations)); err != nil && d.side.conn.IsClosed() {
		return err
	}
	for _, r := range rows {
		if n, err := strconv.ParseFloat(string(r[1]), 64); err == nil {
			t.sizes[oid(r[0])] = n
		}
	}
	if rows, err = d.query(ctx, hashMemorySQL); err == nil && len(rows) == 1 {
		t.hashMemory, err = strconv.ParseFloat(string(rows[0][0]), 64)
	}
	return err
}

// firstUser is the first OID of objects that users make, FirstNormalObjectId.
const firstUser = 16384

const byIndexSQL = `
SELECT DISTINCT a.amopopr FROM pg_amop a JOIN pg_opclass c ON c.opcfamily = a.amopfamily JOIN pg_index i ON c.oid = ANY (i.indclass::oid[])
WHERE a.amopopr = ANY ($1::oid[]) AND i.indrelid = ANY ($2::oid[])`

// indexable looks up which of the users' operators an index may answer instead of their functions.
func (t *tree) indexable(ctx context.Context, d *database, found *ids) error {
	own := map[uint32]bool{}
	for id := range found.compares {
		if id >= firstUser {
			own[id] = true
		}
	}
	if len(own) == 0 {
		return nil
	}
	rows, err := d.query(ctx, byIndexSQL, oidArray(own), oidArray(found.relations))
	for _, r := range rows {
		t.byIndex[oid(r[0])] = true
	}
	return err
}

const (
	operatorsSQL = `SELECT oid, oprcode::oid FROM pg_operator WHERE oid = ANY ($1::oid[])`
	aggsSQL      = `SELECT aggfnoid::oid, aggtransfn::oid, aggfinalfn::oid, aggsortop FROM pg_aggregate WHERE aggfnoid::oid = ANY ($1::oid[])`
)

// callees looks up the functions behind operators and aggregates, and all of them.
func (t *tree) callees(ctx context.Context, d *database, found *ids) error {
	if len(found.operators) > 0 {
		rows, err := d.query(ctx, operatorsSQL, oidArray(found.operators))
		if err != nil {
			return err
		}
		for _, r := range rows {
			t.operators[oid(r[0])] = oid(r[1])
			found.functions[oid(r[1])] = true
		}
	}
	if len(found.aggs) > 0 {
		rows, err := d.query(ctx, aggsSQL, oidArray(found.aggs))
		if err != nil {
			return err
		}
		for _, r := range rows {
			a := aggregate{oid(r[1]), oid(r[2]), oid(r[3])}
			t.aggs[oid(r[0])] = a
			found.functions[a.trans], found.functions[a.final] = true, true
		}
		for id := range found.aggs {
			found.functions[id] = true
		}
	}
	delete(found.functions, 0)
	if len(found.functions) == 0 {
		return nil
	}
	v, _, err := d.functions(ctx, "p.oid = ANY ($1::oid[])", oidArray(found.functions))
	if err != nil {
		return err
	}
	if list, ok := v.(*functionList); ok {
		for i := range list.all {
			t.functions[list.all[i].OID] = &list.all[i]
		}
	}
	if len(t.functions) < len(found.functions) {
		return errGone
	}
	return nil
}

// secured says whether row-level security decides what is read.
func (t *tree) secured() bool {
	for _, r := range t.relations {
		if r.secured {
			return true
		}
	}
	return false
}
