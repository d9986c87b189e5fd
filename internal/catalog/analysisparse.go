package catalog

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/internal/querytree"
)

// errAnalysis: the server refused a text.
var errAnalysis = errors.New("catalog: the statement cannot be analysed")

// errGone: what the server had just named was dropped before it could be looked up.
var errGone = errors.New("catalog: a relation or function of the statement is gone")

// parse sends a text's Parse and Describe, with the rewritten tree asked for if tree is
// set, as role if that is not empty.
func (d *database) parse(ctx context.Context, q *paramsQuestion, sql classify.Inert, tree bool, role string) (text string, params []uint32, err error) {
	set := `SELECT pg_catalog.set_config('search_path', $1, false)`
	back := `SELECT pg_catalog.set_config('search_path', '', false)`
	values := []string{formatSearchPath(q.path)}
	if tree {
		set += `, pg_catalog.set_config('client_min_messages', 'log', false), pg_catalog.set_config('debug_print_rewritten', 'on', false)`
		back += `, pg_catalog.set_config('debug_print_rewritten', 'off', false), pg_catalog.set_config('client_min_messages', 'warning', false)`
	}
	if role != "" {
		set += `, pg_catalog.set_config('role', $2, false)`
		back += `, pg_catalog.set_config('role', 'none', false)`
		values = append(values, role)
	}
	if _, err := d.query(ctx, set, values...); err != nil {
		return "", nil, err
	}
	given, err := d.givenTypes(ctx, q)
	if err == nil {
		text, params, err = d.describe(ctx, sql, given)
	}
	if err != nil && d.side.version < lazyKeys {
		return "", nil, err // withoutPartitionKeys takes the settings back
	}
	if !d.side.conn.IsClosed() {
		if _, failed := d.query(ctx, back); failed != nil {
			// A connection with a foreign path would give unqualified definitions.
			_ = d.side.conn.Close(ctx)
		}
	}
	return text, params, err
}

// givenTypes are the parameters' types that a question states, by number or by name.
func (d *database) givenTypes(ctx context.Context, q *paramsQuestion) ([]uint32, error) {
	given := q.given
	for _, name := range q.types {
		rows, err := d.query(ctx, `SELECT pg_catalog.to_regtype($1)::pg_catalog.oid`, name)
		if err != nil {
			return nil, err
		}
		given = append(given, oid(rows[0][0]))
	}
	return given, nil
}

// describe exchanges the messages of parse. Nothing else sends what a client wrote as SQL.
func (d *database) describe(ctx context.Context, sql classify.Inert, given []uint32) (text string, params []uint32, err error) {
	conn := d.side.conn.PgConn()
	f := conn.Frontend()
	f.SetMaxBodyLen(maxTree)
	f.SendParse(&pgproto3.Parse{Query: sql.Text(), ParameterOIDs: given})
	f.SendDescribe(&pgproto3.Describe{ObjectType: 'S'})
	f.SendSync(&pgproto3.Sync{})
	if err := f.Flush(); err != nil {
		_ = d.side.conn.Close(ctx)
		return "", nil, err
	}
	for {
		msg, err := conn.ReceiveMessage(ctx)
		if err != nil {
			_ = d.side.conn.Close(ctx)
			return "", nil, err
		}
		switch m := msg.(type) {
		case *pgproto3.NoticeResponse:
			if m.Routine == "elog_node_display" {
				text = m.Detail
			}
		case *pgproto3.ParameterDescription:
			params = append([]uint32(nil), m.ParameterOIDs...)
		case *pgproto3.ErrorResponse:
			err := errAnalysis
			text, params = "", nil
			for { // up to ReadyForQuery
				msg, failed := conn.ReceiveMessage(ctx)
				if failed != nil {
					_ = d.side.conn.Close(ctx)
					return "", nil, failed
				}
				if _, done := msg.(*pgproto3.ReadyForQuery); done {
					return "", nil, err
				}
			}
		case *pgproto3.ReadyForQuery:
			return text, params, nil
		}
	}
}

// tree reads a printed list of queries and looks up what it names.
func (d *database) tree(ctx context.Context, text string, sql classify.Inert, indexed bool) (*tree, error) {
	v, err := querytree.Read(querytree.Unwrap(text))
	if err != nil {
		return nil, err
	}
	t := newTree(v, d.side.version)
	t.restore(sql.Literals())
	t.indexed = indexed
	return t, t.load(ctx, d)
}

// oidArray prints ids as an array.
func oidArray(ids map[uint32]bool) string {
	b := []byte{'{'}
	for id := range ids {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(id), 10)
	}
	return string(append(b, '}'))
}
