package catalog

import (
	"context"
	"hash/maphash"

	"github.com/das-local/das-local/internal/classify"
)

const (
	maxParamsSQL = 1 << 20 // longer texts are not asked
	maxKeySQL    = 4 << 10 // longer texts are keyed by their digest
)

// ParameterTypes is what the server makes of $1, $2 … in sql, one statement,
// when parsed under the session's search path. given are the types that the
// client's own Parse stated; 0 or missing are open. Temporary tables of
// the session are not seen. The caller must not change the slice.
func (c *Catalog) ParameterTypes(ctx context.Context, s *Session, sql string, given ...uint32) ([]uint32, bool) {
	if len(sql) > maxParamsSQL || len(given) > 65535 {
		return nil, false
	}
	a, ok := c.analysis(ctx, s, Statement{SQL: sql, Given: given}, false)
	if !ok {
		return nil, false
	}
	return a.Params, true
}

// visible lists the permanent schemas of the effective search path.
func (s *Session) visible(role *roleInfo) []string {
	var schemas []string
	s.places(role, false, func(p place) bool {
		if !p.temp {
			schemas = append(schemas, p.schema)
		}
		return true
	})
	return schemas
}

// hashPath folds what else decides a statement's types into the key.
func (c *Catalog) hashPath(path []string, given []uint32) uint64 {
	const prime = 0x100000001b3
	h := uint64(len(path))
	for _, name := range path {
		h = h*prime ^ maphash.String(c.cache.seed, name)
	}
	for _, oid := range given {
		h = h*prime ^ uint64(oid)
	}
	return h
}

// params answers a kindParams question: the statement is parsed, not run.
func (d *database) params(ctx context.Context, q *paramsQuestion) (any, int, error) {
	inert, ok := classify.Disarm(q.sql)
	if !ok {
		return nil, 0, errAnalysis
	}
	_, types, err := d.parse(ctx, q, inert, false, "")
	if err != nil {
		return nil, 0, err
	}
	return &Analysis{Params: types}, 4 * len(types), nil
}
