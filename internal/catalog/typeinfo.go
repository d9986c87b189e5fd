package catalog

import (
	"context"
	"strconv"
	"strings"
)

// Type says how values of a type that is not built in are made. Of the first four at most one is
// set.
type Type struct {
	Like       uint32 // as those of this type: a domain's base, text for an enum, record for a composite
	Element    uint32 // an array of these
	Range      uint32 // a range of these, without a canonical form
	Multirange uint32 // a multirange of these, likewise
	// Fields are the types of a composite's columns.
	Fields []uint32
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
SELECT t.typtype, t.typbasetype, t.typelem, p.proname, coalesce(r.rngsubtype, 0), coalesce((
  SELECT string_agg(a.atttypid::text, ' ' ORDER BY a.attnum) FROM pg_attribute a
  WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '')
FROM pg_type t JOIN pg_proc p ON p.oid = t.typsend
LEFT JOIN pg_range r ON r.rngcanonical = 0 AND t.oid IN (r.rngtypid, `

// multirangeColumn is of pg_range since PostgreSQL 14.
func multirangeColumn(version int) string {
	if version >= 140000 {
		return "r.rngmultitypid"
	}
	return "0"
}

func (d *database) typeInfo(ctx context.Context, id uint64) (any, int, error) {
	sql := typeSQL + multirangeColumn(d.side.version) + ") WHERE t.oid = $1::oid"
	rows, err := d.query(ctx, sql, strconv.FormatUint(id, 10))
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
		t.Like, t.Fields = recordOID, oids(string(row[5]))
	case 'r':
		t.Range = sub
	case 'm':
		t.Multirange = sub
	case 'b':
		switch {
		case send == "array_send":
			t.Element = elem
		case strings.TrimPrefix(send, "ci") == "textsend":
			t.Like = textOID
		}
	}
	if t.Like|t.Element|t.Range|t.Multirange == 0 {
		return nil, 0, nil
	}
	return &t, 16 + 4*len(t.Fields), nil
}
