package catalog

import (
	"context"
	"crypto/sha256"
	"strings"

	"github.com/das-local/das-local/internal/classify"
)

// Access says what a query does with a relation.
type Access uint8

// The accesses.
const (
	Read Access = iota + 1
	Insert
	Update
	Delete
)

// An Analysis is what the server makes of a statement before it plans it: names are
// looked up, overloads and implicit casts chosen, views, rules and row-level security put in.
// It is shared and read-only.
type Analysis struct {
	// Params are the types of $1, $2 …
	Params []uint32
	// Queries are what is run for the statement: one, more with a rule, none with DO
	// INSTEAD NOTHING. nil if the server only told the parameters.
	Queries []*Query
	// Version is the server's server_version_num.
	Version int
	// byText: the literals make a difference, so that it is not that of all texts of the Key.
	byText bool
}

// A Query is one query that the executor gets.
type Query struct {
	// Command is SELECT, INSERT, UPDATE, DELETE or MERGE; UTILITY for a rule's NOTIFY.
	Command string
	// Original: it is the statement itself, not a rule's action.
	Original bool
	// RowSecurity: policies of row-level security are part of it.
	RowSecurity bool
	Relations   []Used
	// Calls are in the order in which the executor meets them.
	Calls []Call
	// AfterRow are those that it meets with the first row that it writes.
	AfterRow []Call
}

// Used is one range-table entry that needs a permission.
type Used struct {
	Relation
	Access Access
}

// A Call is a place where a function is called.
type Call struct {
	Function
	From bool // it is an item of FROM by itself
	// Planning: the planner makes the call, because its arguments are constants.
	Planning bool
	// Part says what of the statement calls it.
	Part Part
	// Component: of an aggregate or window function; never inlined.
	Component bool
}

// Part is what of a statement a call belongs to.
type Part uint8

// The parts.
const (
	Plain     Part = iota
	Domain         // the CHECK of a value's domain
	Omitted        // the same, of a column that INSERT does not name
	Generated      // a generated column
)

const (
	// maxAnalysed bounds the texts that are analysed. Their trees are up to some hundred times as long.
	maxAnalysed = 64 << 10
	// maxTree bounds a message of the server's.
	maxTree = 64 << 20
)

// A Statement is a text to be analysed.
type Statement struct {
	// SQL is as the client wrote it. The server gets it without its literals; see classify.Inert.
	SQL string
	// Key is equal for texts that differ in literals alone; empty means SQL.
	Key string
	// Given are the parameters' types as the client's own Parse stated them; 0 or missing are open.
	Given []uint32
	// TypeNames are types as PREPARE states them, instead of Given.
	TypeNames []string
	// TempSchema is the session's temporary schema, if the text names relations of it.
	TempSchema string
	// Indexed: the session has sequential scans switched off.
	Indexed bool
}

// Analyze has the server parse, analyse and rewrite a statement under the session's search
// path, and neither plan nor run it. It needs a side connection that may say what the server
// logs (a superuser's): without, and for what the side connection cannot see, it gives false.
func (c *Catalog) Analyze(ctx context.Context, s *Session, st Statement) (*Analysis, bool) {
	if len(st.SQL) > maxAnalysed || len(st.Given) > 65535 {
		return nil, false
	}
	a, ok := c.analysis(ctx, s, st, true)
	if ok && a.byText && st.Key != "" {
		st.Key = ""
		a, ok = c.analysis(ctx, s, st, true)
	}
	return a, ok && a.Queries != nil
}

func (c *Catalog) analysis(ctx context.Context, s *Session, st Statement, tree bool) (*Analysis, bool) {
	role := c.role(ctx, s)
	path := s.SearchPath
	if path == nil {
		path = role.path
	}
	k := key{kind: kindParams, database: s.Database, name: st.Key, aux: s.User, num: c.hashPath(path, st.Given)}
	if st.Key == "" {
		k.name = st.SQL
	}
	if len(st.TypeNames) > 0 {
		k.name += "\x00" + strings.Join(st.TypeNames, ",")
	}
	if len(k.name) > maxKeySQL {
		sum := sha256.Sum256([]byte(k.name))
		k.name = string(sum[:])
	}
	if tree {
		k.kind = kindAnalysis
		if st.TempSchema != "" {
			k.aux += "\x00" + st.TempSchema
		}
		if st.Indexed {
			k.aux += "\x00\x00"
		}
	}
	value, d := c.recall(ctx, &k)
	if d != nil {
		q := &paramsQuestion{sql: st.SQL, path: s.visible(role), given: st.Given, types: st.TypeNames, user: s.User, indexed: st.Indexed}
		if st.TempSchema != "" {
			q.path = append([]string{st.TempSchema}, q.path...)
		}
		value = d.ask(ctx, k, q)
	}
	a, ok := value.(*Analysis)
	return a, ok
}

// mayLog finds out whether the side connection may keep what it has the server log for it
// out of the server's log.
func (d *database) mayLog(ctx context.Context) bool {
	// LOG ranks between ERROR and FATAL there.
	r, err := d.side.conn.PgConn().Exec(ctx, `SET log_min_messages = fatal; SET debug_pretty_print = off;
		SET client_min_messages = warning`).ReadAll()
	return err == nil && len(r) == 3
}

// analyse answers a kindAnalysis question.
func (d *database) analyse(ctx context.Context, q *paramsQuestion) (any, int, error) {
	inert, ok := classify.Disarm(q.sql)
	if !ok {
		return nil, 0, errAnalysis
	}
	text, params, err := d.parse(ctx, q, inert, d.side.mayLog && d.locates(inert), "")
	if err != nil {
		return nil, 0, err
	}
	a := &Analysis{Params: params, Version: d.side.version}
	cost := 100 + 4*len(params)
	if text == "" {
		return a, cost, nil
	}
	t, err := d.tree(ctx, text, inert, q.indexed)
	if err != nil {
		return nil, 0, err
	}
	if t.secured() && q.user != "" {
		// Row-level security is of the user who asks.
		if text, _, err = d.parse(ctx, q, inert, true, q.user); err != nil {
			return nil, 0, err
		}
		if t, err = d.tree(ctx, text, inert, q.indexed); err != nil {
			return nil, 0, err
		}
	}
	a.Queries = t.queries()
	a.byText = t.byText || len(t.domains) > 0
	for _, one := range a.Queries {
		cost += 64 + 80*len(one.Relations)
		for _, list := range [][]Call{one.Calls, one.AfterRow} {
			for i := range list {
				cost += 200 + len(list[i].Src)
			}
		}
	}
	return a, cost, nil
}
