package catalog

import (
	"context"
	"strings"
)

// regTypes are the types whose values are names of the catalogue, by object id.
func regType(oid uint32) string {
	switch oid {
	case 24:
		return "regproc"
	case 2202:
		return "regprocedure"
	case 2203:
		return "regoper"
	case 2204:
		return "regoperator"
	case 2205:
		return "regclass"
	case 2206:
		return "regtype"
	case 3734:
		return "regconfig"
	case 3769:
		return "regdictionary"
	case 4089:
		return "regnamespace"
	case 4096:
		return "regrole"
	case 4191:
		return "regcollation"
	}
	return ""
}

// maxRegName bounds the names that are asked for.
const maxRegName = 1024

// RegName prints a value of regclass and the like as the server does in the session: qualified
// where the search path asks for it. value is an object's number, or a name as the client wrote it.
// Temporary objects of the session are not seen as such.
func (c *Catalog) RegName(ctx context.Context, s *Session, typ uint32, value string) (string, bool) {
	if regType(typ) == "" || len(value) > maxRegName || strings.IndexByte(value, 0) >= 0 {
		return "", false
	}
	role := c.role(ctx, s)
	path := s.SearchPath
	if path == nil {
		path = role.path
	}
	k := key{kind: kindRegName, database: s.Database, name: value, aux: s.User, num: c.hashPath(path, []uint32{typ})}
	answer, d := c.recall(ctx, &k)
	if d != nil {
		answer = d.ask(ctx, k, &paramsQuestion{sql: value, path: s.visible(role), given: []uint32{typ}})
	}
	name, ok := answer.(string)
	return name, ok
}

// regName asks under the session's search path. A number needs no look-up that could fail; a name is
// looked up only where that cannot fail either.
func (d *database) regName(ctx context.Context, q *paramsQuestion) (any, int, error) {
	typ := regType(q.given[0])
	sql := "SELECT $1::pg_catalog.oid::pg_catalog." + typ + "::pg_catalog.text"
	if strings.Trim(q.sql, "0123456789") != "" || q.sql == "" {
		if typ == "regconfig" || typ == "regdictionary" {
			return nil, 0, nil
		}
		sql = "SELECT pg_catalog.to_" + typ + "($1)::pg_catalog.text"
	}
	const setPath = `SELECT pg_catalog.set_config('search_path', $1, false)`
	if _, err := d.query(ctx, setPath, formatSearchPath(q.path)); err != nil {
		return nil, 0, err
	}
	rows, err := d.query(ctx, sql, q.sql)
	if !d.side.conn.IsClosed() {
		if _, back := d.query(ctx, setPath, ""); back != nil {
			_ = d.side.conn.Close(ctx) // as params does
		}
	}
	if err != nil || len(rows) == 0 || rows[0][0] == nil {
		return nil, 0, err
	}
	return string(rows[0][0]), len(rows[0][0]), nil
}
