package catalog

import (
	"context"
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/querytree"
)

// tree is a statement as rewritten, with what its identifiers stand for.
type tree struct {
	root    querytree.Value
	version int
	byText  bool // literals were compared
	indexed bool // the session reads tables by index where it can

	relations map[uint32]*treeRelation
	functions map[uint32]*Function
	operators map[uint32]uint32 // functions by operator, where the tree does not say
	aggs      map[uint32]aggregate
	domains   map[uint32][]querytree.Value // CHECKs, by domain, those of the base domains first

	// byIndex are operators that an index of one of the relations can answer.
	byIndex map[uint32]bool

	// What the planner goes by that plans EXISTS; loaded if there is one.
	hashable   map[uint32]bool    // operators
	sizes      map[uint32]float64 // rows of relations, at most
	hashMemory float64            // in bytes
}

// treeRelation is a relation that a tree names.
type treeRelation struct {
	Relation
	secured   bool           // has row-level security
	few       bool           // has so few rows that costs hardly differ
	open      bool           // it is open whether the planner would use an index
	columns   map[int]uint32 // domains, by attribute number
	checks    []querytree.Value
	generated []generated
	indexes   []index
	leaves    map[uint32][]index // those of the relations that inherit from it, and its own, by relation; columns as it numbers them
}

// generated is a stored generated column.
type generated struct{ expr querytree.Value }

// index is one of a relation's indexes.
type index struct {
	keys  []int // attribute numbers; 0 for an expression
	btree bool
	pred  querytree.Value
	exprs querytree.Value
}

// aggregate is a row of pg_aggregate.
type aggregate struct {
	trans, final, sort uint32
}

func newTree(v querytree.Value, version int) *tree {
	return &tree{
		root: v, version: version,
		relations: map[uint32]*treeRelation{}, functions: map[uint32]*Function{},
		operators: map[uint32]uint32{}, aggs: map[uint32]aggregate{}, domains: map[uint32][]querytree.Value{},
		byIndex: map[uint32]bool{}, hashable: map[uint32]bool{}, sizes: map[uint32]float64{},
	}
}

// treeRelationsSQL: the planner takes a table that was never analysed for one of ten pages.
const treeRelationsSQL = `
WITH few AS (SELECT oid, reltuples > 0 AND reltuples < 50 OR reltuples = 0 AND (relpages > 0 OR $2) AS open FROM pg_class)
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relrowsecurity, CASE c.relkind
  WHEN 'p' THEN EXISTS (SELECT FROM pg_partition_tree(c.oid) p JOIN few ON few.oid = p.relid AND few.open AND p.isleaf)
  ELSE (SELECT open FROM few WHERE few.oid = c.oid) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::oid[])`

const (
	// treeExprsSQL gives the expressions that belong to types and relations; attgenerated is of version 12.
	treeExprsSQL = `
WITH RECURSIVE dom(top, oid, depth) AS (
  SELECT oid, oid, 0 FROM pg_type WHERE oid = ANY ($1::oid[]) AND typtype = 'd'
  UNION ALL SELECT d.top, t.typbasetype, d.depth + 1 FROM dom d JOIN pg_type t ON t.oid = d.oid WHERE t.typtype = 'd'
)
(SELECT 'd', d.top, c.conbin::text, NULL, NULL, NULL FROM dom d JOIN pg_constraint c ON c.contypid = d.oid AND c.contype = 'c'
  ORDER BY d.depth DESC, c.conname)
UNION ALL
(SELECT 'c', conrelid, conbin::text, NULL, NULL, NULL FROM pg_constraint
  WHERE conrelid = ANY ($2::oid[]) AND contype = 'c' ORDER BY conname)
UNION ALL
(SELECT 'g', d.adrelid, d.adbin::text, NULL, NULL, NULL
  FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  WHERE d.adrelid = ANY ($2::oid[]) AND a.attgenerated = 's' ORDER BY d.adnum)
UNION ALL
(SELECT 't', a.attrelid, NULL, a.attnum::text, a.atttypid::text, NULL
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = ANY ($2::oid[]) AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'd')
UNION ALL
(SELECT 'i', i.indrelid, i.indexprs::text, i.indpred::text, i.indkey::text, (am.amname = 'btree')::text
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
  WHERE i.indrelid = ANY ($3::oid[]) AND i.indisvalid ORDER BY i.indexrelid)`

	// leavesSQL gives the indexes of what inherits from relations, and those that have none.
	leavesSQL = `
WITH RECURSIVE part(top, oid) AS (
  SELECT c.oid, c.oid FROM pg_class c WHERE c.oid = ANY ($1::oid[]) AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid)
  UNION SELECT p.top, i.inhrelid FROM part p JOIN pg_inherits i ON i.inhparent = p.oid
)
SELECT p.top, p.oid, coalesce(am.amname = 'btree', false)::text,
  i.indpred IS NOT NULL AND pg_get_expr(i.indpred, i.indrelid) IS DISTINCT FROM (
    SELECT format('(%I IS NOT NULL)', attname) FROM pg_attribute WHERE attrelid = p.oid AND attnum = i.indkey[0]), (
    SELECT string_agg(coalesce(a.attnum, CASE k.n WHEN 0 THEN 0 ELSE -99 END)::text, ' ' ORDER BY k.at)
    FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(n, at)
      LEFT JOIN pg_attribute own ON own.attrelid = p.oid AND own.attnum = k.n
      LEFT JOIN pg_attribute a ON a.attrelid = p.top AND a.attname = own.attname AND NOT a.attisdropped), i.indexprs::text
FROM part p JOIN pg_class r ON r.oid = p.oid AND r.relkind <> 'p'
  LEFT JOIN pg_index i ON i.indrelid = p.oid AND i.indisvalid
  LEFT JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_am am ON am.oid = c.relam`
)

// load looks up what the tree names. The expressions that this brings in name more.
func (t *tree) load(ctx context.Context, d *database) error {
	found := newIDs()
	found.value(t.root)
	if len(found.relations) > 0 {
		rows, err := d.query(ctx, treeRelationsSQL, oidArray(found.relations), strconv.FormatBool(t.version >= 140000))
		if err != nil {
			return err
		}
		for _, r := range rows {
			t.relations[oid(r[0])] = &treeRelation{
				Relation: Relation{OID: oid(r[0]), Schema: string(r[1]), Name: string(r[2]), Kind: char(r[3])},
				secured:  yes(r[4]), few: yes(r[5]), open: yes(r[5]) && !t.indexed, columns: map[int]uint32{},
			}
		}
		if len(t.relations) < len(found.relations) {
			return errGone
		}
	}
	if len(found.aggs) > 0 {
		if err := t.inherited(ctx, d, found.relations); err != nil {
			return err
		}
	}
	if found.exists {
		if err := t.hashing(ctx, d, found); err != nil {
			return err
		}
	}
	if err := t.indexable(ctx, d, found); err != nil {
		return err
	}
	for depth := 0; depth < 4 && (len(found.domains) > 0 || depth == 0 && len(found.relations) > 0); depth++ {
		targets, indexed := found.targets, found.relations
		if depth > 0 {
			targets, indexed = nil, nil
		}
		next := newIDs()
		if err := t.expressions(ctx, d, found.domains, targets, indexed, next); err != nil {
			return err
		}
		for id := range next.functions {
			found.functions[id] = true
		}
		for id := range next.operators {
			found.operators[id] = true
		}
		for id := range t.domains {
			delete(next.domains, id)
		}
		found.domains = next.domains
	}
	return t.callees(ctx, d, found)
}

func (t *tree) expressions(ctx context.Context, d *database, domains, targets, indexed map[uint32]bool, next *ids) error {
	for id := range domains {
		t.domains[id] = nil
	}
	rows, err := d.query(ctx, treeExprsSQL, oidArray(domains), oidArray(targets), oidArray(indexed))
	if err != nil {
		return err
	}
	for _, r := range rows {
		expr, err := readTree(r[2])
		if err != nil {
			return err
		}
		id := oid(r[1])
		rel := t.relations[id]
		switch kind := char(r[0]); {
		case kind == 'd':
			t.domains[id] = append(t.domains[id], expr)
		case rel == nil:
			continue
		case kind == 'c':
			rel.checks = append(rel.checks, expr)
		case kind == 'g':
			rel.generated = append(rel.generated, generated{expr})
		case kind == 't':
			column, _ := strconv.Atoi(string(r[3]))
			rel.columns[column] = oid(r[4])
			next.domains[oid(r[4])] = true
		case kind == 'i':
			pred, err := readTree(r[3])
			if err != nil {
				return err
			}
			var keys []int
			for _, k := range oids(string(r[4])) {
				keys = append(keys, int(k))
			}
			rel.indexes = append(rel.indexes, index{keys: keys, btree: string(r[5]) == "true", pred: pred, exprs: expr})
			next.value(pred)
		}
		next.value(expr)
	}
	return nil
}

// inherited looks up the indexes of what inherits from relations.
func (t *tree) inherited(ctx context.Context, d *database, relations map[uint32]bool) error {
	rows, err := d.query(ctx, leavesSQL, oidArray(relations))
	if err != nil {
		return err
	}
	for _, r := range rows {
		rel := t.relations[oid(r[0])]
		if rel == nil {
			continue
		}
		if rel.leaves == nil {
			rel.leaves = map[uint32][]index{}
		}
		exprs, err := readTree(r[5])
		if err != nil {
			return err
		}
		i := index{btree: string(r[2]) == "true" && !yes(r[3]), exprs: exprs}
		for k := range strings.FieldsSeq(string(r[4])) {
			n, _ := strconv.Atoi(k)
			i.keys = append(i.keys, n)
		}
		rel.leaves[oid(r[1])] = append(rel.leaves[oid(r[1])], i)
	}
	return nil
}

func readTree(b []byte) (querytree.Value, error) {
	if len(b) == 0 {
		return querytree.Value{}, nil
	}
	return querytree.Read(string(b))
}
