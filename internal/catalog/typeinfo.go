package catalog

import (
	"context"
	"strconv"
	"strings"
)

// Type says how values of a type that is not built in are made; at most one field is set.
type Type struct {
	Like    uint32 // as those of this type: a domain's base, text for an enum, record for a composite
	Element uint32 // an array of these
	Range   uint32 // a range of these
}

// Type describes a type for printing its values; false for one that is unknown or has
// a format of its own.
func (c *Catalog) Type(ctx context.Context, s *Session, oid uint32) (Type, bool) {
	k := key{kind: kindType, database: s.Database, num: uint64(oid)}
	t, ok := c.lookup(ctx, &k).(*Type)
	if !ok {
		return Type{}, false
	}
	return *t, true
}

const (
	textOID   = 25
	recordOID = 2249
)

const typeSQL = `
SELECT t.typtype, t.typbasetype, t.typelem, p.proname, coalesce(r.rngsubtype, 0)
FROM pg_type t JOIN pg_proc p ON p.oid = t.typsend LEFT JOIN pg_range r ON r.rngtypid = t.oid
WHERE t.oid = $1::oid`

func (d *database) typeInfo(ctx context.Context, id uint64) (any, int, error) {
	rows, err := d.query(ctx, typeSQL, strconv.FormatUint(id, 10))
	if err != nil || len(rows) == 0 {
		return nil, 0, err
	}
	row := rows[0]
	base, elem, send, sub := oid(row[1]), oid(row[2]), string(row[3]), oid(row[4])
	var t Type
	switch char(row[0]) {
	case 'd':
		t.Like = base
	case 'e':
		t.Like = textOID
	case 'c':
		t.Like = recordOID
	case 'r':
		t.Range = sub
	case 'b':
		switch {
		case send == "array_send":
			t.Element = elem
		case strings.TrimPrefix(send, "ci") == "textsend":
			t.Like = textOID
		}
	}
	if t == (Type{}) {
		return nil, 0, nil
	}
	return &t, 16, nil
}
