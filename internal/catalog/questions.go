package catalog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

const (
	maxCandidates = 20000 // relations or functions of one name
	maxSource     = 64 << 10
)

// question asks the server what f's key stands for. A nil value is "not found"; cost is
// the value's size in bytes.
func (d *database) question(ctx context.Context, f *flight) (value any, cost int, err error) {
	switch f.key.kind {
	case kindView, kindParams, kindAnalysis:
		if d.side.version < lazyKeys {
			return d.withoutPartitionKeys(ctx, func() (any, int, error) { return d.answer(ctx, f) })
		}
	}
	return d.answer(ctx, f)
}

// answer asks the question.
func (d *database) answer(ctx context.Context, f *flight) (value any, cost int, err error) {
	switch k := &f.key.key; k.kind {
	case kindRelation:
		return d.relations(ctx, k.name)
	case kindFunction:
		return d.functions(ctx, "p.proname = $1", k.name)
	case kindFunctionOID:
		return d.functions(ctx, "p.oid = $1::pg_catalog.oid", strconv.FormatUint(k.num, 10))
	case kindView:
		return d.view(ctx, k.num)
	case kindType:
		return d.typeInfo(ctx, k.num)
	case kindRole:
		return d.role(ctx, k.name, k.aux)
	case kindTemp:
		return d.temp(ctx, int32(k.num))
	case kindParams:
		return d.params(ctx, f.more)
	case kindRegName:
		return d.regName(ctx, f.more)
	case kindAnalysis:
		return d.analyse(ctx, f.more)
	case kindCount:
		return d.count(ctx, k.num)
	default:
		return nil, 0, fmt.Errorf("catalog: unknown question %d", k.kind)
	}
}

const relationsSQL = `
SELECT c.oid, n.nspname, c.relname, c.relkind
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $1 ORDER BY n.nspname LIMIT $2`

func (d *database) relations(ctx context.Context, name string) (any, int, error) {
	rows, err := d.query(ctx, relationsSQL, name, strconv.Itoa(maxCandidates))
	if err != nil || len(rows) == 0 {
		return nil, 0, err
	}
	list := make([]Relation, 0, len(rows))
	cost := 0
	for _, r := range rows {
		list = append(list, Relation{OID: oid(r[0]), Schema: string(r[1]), Name: string(r[2]), Kind: char(r[3])})
		cost += 64 + len(r[1]) + len(r[2])
	}
	return newRelationList(list), cost, nil
}

func (d *database) functions(ctx context.Context, where, param string) (any, int, error) {
	body, src := "false", "p.prosrc"
	if d.side.version >= 140000 {
		body = "p.prosqlbody IS NOT NULL"
		src = "coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)"
	}
	rows, err := d.query(ctx, `
SELECT p.oid, n.nspname, p.proname, p.proargtypes, p.pronargdefaults, p.provariadic, p.prokind,
       l.lanname, p.provolatile, p.proisstrict, p.prosecdef, p.proconfig IS NOT NULL, p.proretset,
       p.prorettype, CASE WHEN octet_length(s.body) <= $3 THEN s.body END, `+body+`
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
     CROSS JOIN LATERAL (SELECT CASE WHEN l.lanname = 'sql' THEN `+src+` END AS body) s
WHERE `+where+` ORDER BY n.nspname, p.oid LIMIT $2`, param, strconv.Itoa(maxCandidates), strconv.Itoa(maxSource))
	if err != nil || len(rows) == 0 {
		return nil, 0, err
	}
	list := make([]Function, 0, len(rows))
	cost := 0
	for _, r := range rows {
		f := Function{
			OID: oid(r[0]), Schema: string(r[1]), Name: string(r[2]), ArgTypes: oids(string(r[3])),
			NDefaults: int(oid(r[4])), Variadic: oid(r[5]), Kind: char(r[6]), Lang: string(r[7]),
			Volatile: char(r[8]), Strict: yes(r[9]), SecDef: yes(r[10]), HasConfig: yes(r[11]),
			ReturnsSet: yes(r[12]), ReturnsType: oid(r[13]), Src: string(r[14]), HasSQLBody: yes(r[15]),
		}
		if f.HasSQLBody {
			f.Src = sqlBody(f.Src)
		}
		cost += 200 + len(f.Src) + 4*len(f.ArgTypes)
		list = append(list, f)
	}
	return &functionList{list}, cost, nil
}

// sqlBody gives an SQL-standard body, as the server prints it, as the statements that it stands for.
func sqlBody(printed string) string {
	printed = strings.TrimSpace(printed)
	if expr, ok := strings.CutPrefix(printed, "RETURN "); ok {
		return "SELECT " + expr
	}
	body, begins := strings.CutPrefix(printed, "BEGIN ATOMIC")
	body, ends := strings.CutSuffix(body, "END")
	if !begins || !ends {
		return ""
	}
	return strings.TrimSpace(body)
}

func (d *database) view(ctx context.Context, id uint64) (any, int, error) {
	rows, err := d.query(ctx, `SELECT pg_get_viewdef($1::oid)`, strconv.FormatUint(id, 10))
	if err != nil || len(rows) == 0 || len(rows[0][0]) == 0 {
		return nil, 0, err
	}
	def := string(rows[0][0])
	return def, len(def), nil
}

func oid(b []byte) uint32 {
	n, _ := strconv.ParseUint(string(b), 10, 32)
	return uint32(n)
}

func oids(s string) []uint32 {
	fields := strings.Fields(s)
	list := make([]uint32, 0, len(fields))
	for _, f := range fields {
		list = append(list, oid([]byte(f)))
	}
	return list
}

func char(b []byte) byte {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func yes(b []byte) bool { return len(b) == 1 && b[0] == 't' }
