package catalog

import (
	"context"
	"crypto/sha256"
	"hash/maphash"
)

const (
	maxParamsSQL = 1 << 20 // longer texts are not asked
	maxKeySQL    = 4 << 10 // longer texts are keyed by their digest
)

// paramTypes is the answer to a kindParams question.
type paramTypes struct{ oids []uint32 }

// ParameterTypes is what the server makes of $1, $2 … in sql, one statement,
// when parsed under the session's search path. given are the types that the
// client's own Parse stated; 0 or missing are open. Temporary tables of
// the session are not seen. The caller must not change the slice.
func (c *Catalog) ParameterTypes(ctx context.Context, s *Session, sql string, given ...uint32) ([]uint32, bool) {
	if len(sql) > maxParamsSQL || len(given) > 65535 {
		return nil, false
	}
	role := c.role(ctx, s)
	path := s.SearchPath
	if path == nil {
		path = role.path
	}
	k := key{kind: kindParams, database: s.Database, name: sql, aux: s.User, num: c.hashPath(path, given)}
	if len(sql) > maxKeySQL {
		sum := sha256.Sum256([]byte(sql))
		k.name = string(sum[:])
	}
	value, d := c.recall(ctx, &k)
	if d != nil {
		value = d.ask(ctx, k, &paramsQuestion{sql: sql, path: s.visible(role), given: given})
	}
	t, ok := value.(*paramTypes)
	if !ok {
		return nil, false
	}
	return t.oids, true
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

// params parses the statement on the side connection; it is not run.
func (d *database) params(ctx context.Context, q *paramsQuestion) (any, int, error) {
	const setPath = `SELECT pg_catalog.set_config('search_path', $1, false)`
	if _, err := d.query(ctx, setPath, formatSearchPath(q.path)); err != nil {
		return nil, 0, err
	}
	desc, err := d.side.conn.PgConn().Prepare(ctx, "", q.sql, q.given)
	if !d.side.conn.IsClosed() {
		if _, back := d.query(ctx, setPath, ""); back != nil {
			// A connection with a foreign path would give unqualified definitions.
			_ = d.side.conn.Close(ctx)
		}
	}
	if err != nil {
		return nil, 0, err
	}
	return &paramTypes{desc.ParamOIDs}, 4 * len(desc.ParamOIDs), nil
}
