package audit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

// tables is a catalogue of tables in the schemas a and public, of which nothing is a view.
type tables struct{ invalidated int }

func (*tables) Relation(_ context.Context, s *catalog.Session, schema, name string) (catalog.Relation, bool) {
	path := s.SearchPath
	if path == nil {
		path = []string{"public"}
	}
	if schema != "" {
		path = []string{schema}
	}
	for _, p := range path {
		if (p == "a" || p == "public" || p == "pg_catalog") && strings.HasPrefix(name, "t") {
			return catalog.Relation{OID: 1, Schema: p, Name: name, Kind: 'r'}, true
		}
	}
	return catalog.Relation{}, false
}

func (*tables) ViewDefinition(context.Context, *catalog.Session, uint32) (string, bool) {
	return "", false
}

func (*tables) Functions(context.Context, *catalog.Session, string, string) []catalog.Function {
	return nil
}

func (*tables) ParameterTypes(context.Context, *catalog.Session, string, ...uint32) ([]uint32, bool) {
	return []uint32{16, 23}, true
}

func (*tables) Analyze(context.Context, *catalog.Session, catalog.Statement) (*catalog.Analysis, bool) {
	return nil, false
}

func (*tables) TempSchema(context.Context, *catalog.Session) (string, bool) { return "", false }

func (*tables) Release(string) {}

func (*tables) DefaultSetting(context.Context, *catalog.Session, string) string { return "" }

func (*tables) Count(context.Context, *catalog.Session, uint32) (int64, bool) { return 0, false }

func (*tables) RegName(context.Context, *catalog.Session, uint32, string) (string, bool) {
	return "", false
}

func (*tables) Type(context.Context, *catalog.Session, uint32) (catalog.Type, bool) {
	return catalog.Type{}, false
}

func (*tables) DefaultSearchPath(context.Context, *catalog.Session) ([]string, bool) {
	return []string{"$user", "public"}, true
}

func (c *tables) Invalidate(string) { c.invalidated++ }

// query, fail and ready are items of a simple query.
func query(text, tag string, index ...int) track.Item {
	it := track.Item{Kind: track.Completed, Source: track.Query, Text: text, Tag: tag}
	if len(index) > 0 {
		it.Index = index[0]
	}
	return it
}

func fail(text, state, message string) track.Item {
	return track.Item{Kind: track.Failed, Source: track.Query, Text: text,
		Err: &track.Error{Severity: "ERROR", SQLState: state, Message: message}}
}

func ready(status byte) track.Item { return track.Item{Kind: track.Ready, TxStatus: status} }

// show prints an event in a line.
func show(e activity.Event) string {
	s := fmt.Sprintf("%d.%d %s %s", e.StatementID, e.SubstatementID, e.Class, e.Command)
	if e.ObjectName != "" {
		s += " " + e.ObjectType + " " + e.ObjectName
	}
	if e.RowCount >= 0 {
		s += fmt.Sprintf(" rows=%d", e.RowCount)
	}
	if len(e.Params) > 0 {
		s += fmt.Sprintf(" %q", e.Params)
	}
	if e.HasCommandText {
		s += fmt.Sprintf(" [%s]", e.CommandText)
	}
	switch {
	case e.ExitCode.SQLState != "":
		s += " " + e.ExitCode.SQLState
	case e.ExitCode.Valid:
		s += fmt.Sprintf(" exit=%d", e.ExitCode.Status)
	}
	if e.ErrorMessage != "" {
		s += ": " + e.ErrorMessage
	}
	return s
}

// sessions are what the tracker says of sessions, and the events of these.
var sessions = map[string]struct {
	cfg   audit.Config
	items []track.Item
	want  []string
}{
	"a session": {items: []track.Item{
		{Kind: track.Connected, Start: time.Unix(1, 0), End: time.Unix(1, 0)}, query("create table t (a int);", "CREATE TABLE"), ready('I'),
		query("insert into t values (1);", "INSERT 0 1"), ready('I'), query("select * from t;", "SELECT 1"), ready('I'),
		query("", ""), {Kind: track.Disconnected, Clean: true},
	}, want: []string{
		"1.1 MISC CONNECT", "2.1 DDL CREATE TABLE [create table t (a int);]",
		"3.1 WRITE INSERT TABLE public.t rows=1 [insert into t values (1);]",
		"4.1 READ SELECT TABLE public.t rows=1 [select * from t;]", "5.1 MISC DISCONNECT exit=0",
	}},
	"classes of connections": {cfg: audit.Config{ConnectClass: activity.ClassConnect}, items: []track.Item{
		{Kind: track.AuthFailed, Err: &track.Error{SQLState: "28P01", Message: "no"}},
		{Kind: track.Disconnected, Err: &track.Error{SQLState: "57P01", Message: "bye"}},
	}, want: []string{"1.1 CONNECT AUTH FAILURE 28P01: no", "2.1 CONNECT DISCONNECT 57P01: bye"}},
	"lost": {items: []track.Item{{Kind: track.Disconnected}}, want: []string{"2.1 MISC DISCONNECT exit=1"}},
	"failures": {items: []track.Item{
		fail("SELEC 1", "42601", "syntax error"), fail("SELECT * FROM nosuch", "42P01", "no relation"),
		fail("INSERT INTO t VALUES (1)", "23505", "duplicate"),
		fail("ALTER ROLE r PASWORD 'hunter2'", "42601", `syntax error at or near "'hunter2'"`), ready('I'),
		query("SELECT 1", "SELECT 1"),
	}, want: []string{
		"2.1 MISC UNKNOWN [SELEC 1] 42601: syntax error", "3.1 READ SELECT [SELECT * FROM nosuch] 42P01: no relation",
		"4.1 WRITE INSERT TABLE public.t [INSERT INTO t VALUES (1)] 23505: duplicate",
		"5.1 ROLE ALTER ROLE [ALTER ROLE r PASWORD '<REDACTED>'] 42601: syntax error at or near \"<REDACTED>\"",
		"6.1 READ SELECT rows=1 [SELECT 1]",
	}},
	"arguments of EXECUTE": {items: []track.Item{
		query("PREPARE p AS SELECT set_config('a.password', $1, false)", "PREPARE"),
		query("EXECUTE p('hunter2')", "SELECT 1"), query("SELECT 1; EXECUTE p('hunter2')", "SELECT 1"),
		fail("EXECUTE p('hunter2')", "22P02", `invalid input syntax for type integer: "hunter2"`),
	}, want: []string{
		"2.1 READ PREPARE [PREPARE p AS SELECT set_config('a.password', $1, false)]",
		`3.1 READ SELECT rows=1 ["<REDACTED>"] [PREPARE p AS SELECT set_config('a.password', $1, false)]`,
		"3.2 MISC EXECUTE [EXECUTE p('<REDACTED>')]",
		"4.1 READ SELECT rows=1 [SELECT 1; EXECUTE p('<REDACTED>')]",
		`5.1 MISC EXECUTE [EXECUTE p('<REDACTED>')] 22P02: invalid input syntax for type integer: "<REDACTED>"`,
	}},
	"PREPARE and EXECUTE in one text": {items: []track.Item{
		query("PREPARE p AS SELECT set_config('a.password', $1, false); EXECUTE p('hunter2')", "PREPARE"),
		query("PREPARE p AS SELECT set_config('a.password', $1, false); EXECUTE p('hunter2')", "SELECT 1", 1),
	}, want: []string{
		"2.1 READ PREPARE [PREPARE p AS SELECT set_config('<REDACTED>', $1, false); EXECUTE p('<REDACTED>')]",
		`3.1 READ SELECT rows=1 ["<REDACTED>"] [PREPARE p AS SELECT set_config('<REDACTED>', $1, false); EXECUTE p('<REDACTED>')]`,
		"3.2 MISC EXECUTE [PREPARE p AS SELECT set_config('<REDACTED>', $1, false); EXECUTE p('<REDACTED>')]",
	}},
	"names and values of settings": {items: []track.Item{
		{Kind: track.Completed, Source: track.Execute, Text: "SELECT set_config($1, $2, false)", Tag: "SELECT 1",
			Params: &track.Params{Types: []uint32{25, 25}, Values: [][]byte{[]byte("a.password"), []byte("hunter2")}}},
		{Kind: track.Completed, Source: track.Execute, Text: "SELECT set_config($1, $2, false)", Tag: "SELECT 1",
			Params: &track.Params{Types: []uint32{25, 25}, Values: [][]byte{[]byte("a.user"), []byte("bob")}}},
	}, want: []string{
		`2.1 READ SELECT rows=1 ["a.password" "<REDACTED>"] [SELECT set_config($1, $2, false)]`,
		`3.1 READ SELECT rows=1 ["a.user" "bob"] [SELECT set_config($1, $2, false)]`,
	}},
	"a text that was cut": {items: []track.Item{
		{Kind: track.Failed, Source: track.Query, Text: "SELECT 1", TextLen: 100,
			Err: &track.Error{SQLState: "42601", Message: `syntax error at or near "'hunter2'"`}},
	}, want: []string{`2.1 READ SELECT [SELECT 1… [cut: 92 bytes]] 42601: syntax error at or near "<REDACTED>"`}},
	"one text, three statements": {items: []track.Item{
		query("SELECT 1; SELECT * FROM t; ALTER ROLE r PASSWORD 'x'", "SELECT 1"),
		query("SELECT 1; SELECT * FROM t; ALTER ROLE r PASSWORD 'x'", "SELECT 2", 1),
		query("SELECT 1; SELECT * FROM t; ALTER ROLE r PASSWORD 'x'", "ALTER ROLE", 2),
	}, want: []string{
		"2.1 READ SELECT rows=1 [SELECT 1; SELECT * FROM t; ALTER ROLE r PASSWORD <REDACTED>]",
		"3.1 READ SELECT TABLE public.t rows=2 [SELECT 1; SELECT * FROM t; ALTER ROLE r PASSWORD <REDACTED>]",
		"4.1 ROLE ALTER ROLE [SELECT 1; SELECT * FROM t; ALTER ROLE r PASSWORD <REDACTED>]",
	}},
	"single": {cfg: audit.Config{CommandText: audit.Single}, items: []track.Item{
		query(" SELECT 1;\n ALTER ROLE r PASSWORD 'x';", "SELECT 1"),
		query(" SELECT 1;\n ALTER ROLE r PASSWORD 'x';", "ALTER ROLE", 1), query(" SELECT * FROM t ; ", "SELECT 0"),
	}, want: []string{
		"2.1 READ SELECT rows=1 [SELECT 1]", "3.1 ROLE ALTER ROLE [ALTER ROLE r PASSWORD <REDACTED>]",
		"4.1 READ SELECT TABLE public.t rows=0 [SELECT * FROM t]",
	}},
	"the server's tag wins": {items: []track.Item{
		query("FROBNICATE t", "CREATE FROB"), query("SELECT 1", "UPDATE 3"), query("SELECT 1", "SELECT 1", 7),
	}, want: []string{
		"2.1 DDL CREATE FROB [FROBNICATE t]", "3.1 WRITE UPDATE rows=3 [SELECT 1]", "4.1 READ SELECT rows=1 [SELECT 1]",
	}},
	"EXECUTE": {items: []track.Item{
		query("PREPARE p (int) AS SELECT * FROM t WHERE a = $1", "PREPARE"), query("EXECUTE p(5)", "SELECT 3"),
		{Kind: track.Prepared, Name: "q", Text: "DELETE FROM t"}, query("EXPLAIN ANALYZE EXECUTE q", "EXPLAIN"),
		{Kind: track.Completed, Source: track.Execute, Name: "p", Tag: "SELECT 1",
			Params: &track.Params{Types: []uint32{23}, Values: [][]byte{[]byte("6")}}},
		query("DEALLOCATE ALL", "DEALLOCATE ALL"), query("EXECUTE p(7)", "SELECT 1"),
	}, want: []string{
		"2.1 READ PREPARE [PREPARE p (int) AS SELECT * FROM t WHERE a = $1]",
		`3.1 READ SELECT TABLE public.t rows=3 ["5"] [PREPARE p (int) AS SELECT * FROM t WHERE a = $1]`,
		"3.2 MISC EXECUTE [EXECUTE p(5)]", "4.1 WRITE DELETE TABLE public.t [DELETE FROM t]",
		"4.2 WRITE EXPLAIN [EXPLAIN ANALYZE EXECUTE q]",
		`5.1 READ SELECT TABLE public.t rows=1 ["6"] [PREPARE p (int) AS SELECT * FROM t WHERE a = $1]`,
		"6.1 MISC DEALLOCATE ALL [DEALLOCATE ALL]", "7.1 MISC EXECUTE [EXECUTE p(7)]",
	}},
	"COPY and cursors": {items: []track.Item{
		query("COPY t FROM STDIN", "COPY 4"), query("COPY (SELECT * FROM t) TO STDOUT", "COPY 2"),
		query("DECLARE c CURSOR FOR SELECT * FROM t, t2", "DECLARE CURSOR"), query("FETCH 1 FROM c", "FETCH 1"),
	}, want: []string{
		"2.1 WRITE COPY TABLE public.t rows=4 [COPY t FROM STDIN]",
		"3.1 READ SELECT TABLE public.t rows=2 [COPY (SELECT * FROM t) TO STDOUT]",
		"3.2 READ COPY rows=2 [COPY (SELECT * FROM t) TO STDOUT]",
		"4.1 READ DECLARE CURSOR TABLE public.t [DECLARE c CURSOR FOR SELECT * FROM t, t2]",
		"4.1 READ DECLARE CURSOR TABLE public.t2 [DECLARE c CURSOR FOR SELECT * FROM t, t2]",
		"5.1 MISC FETCH [FETCH 1 FROM c]",
	}},
	"search path and transactions": {cfg: audit.Config{Startup: map[string]string{"options": "-c search_path=a,public"}},
		items: []track.Item{
			query("TABLE t", "SELECT 1"), ready('I'), query("SET search_path TO public", "SET"), ready('I'),
			query("TABLE t", "SELECT 1"), ready('I'), query("BEGIN", "BEGIN"), ready('T'),
			query("SET LOCAL search_path = a", "SET"), ready('T'), query("TABLE t", "SELECT 1"), ready('T'),
			query("COMMIT", "COMMIT"), ready('I'), query("TABLE t", "SELECT 1"), ready('I'),
			query("BEGIN", "BEGIN"), ready('T'), query("SET search_path = a", "SET"), ready('T'),
			query("ROLLBACK", "ROLLBACK"), ready('I'), query("TABLE t", "SELECT 1"), ready('I'),
			query("RESET search_path", "RESET"), ready('I'), query("TABLE t", "SELECT 1"), ready('I'),
		}, want: []string{
			"2.1 READ SELECT TABLE a.t rows=1 [TABLE t]", "3.1 MISC SET [SET search_path TO public]",
			"4.1 READ SELECT TABLE public.t rows=1 [TABLE t]", "5.1 MISC BEGIN [BEGIN]",
			"6.1 MISC SET [SET LOCAL search_path = a]", "7.1 READ SELECT TABLE a.t rows=1 [TABLE t]",
			"8.1 MISC COMMIT [COMMIT]", "9.1 READ SELECT TABLE public.t rows=1 [TABLE t]", "10.1 MISC BEGIN [BEGIN]",
			"11.1 MISC SET [SET search_path = a]", "12.1 MISC ROLLBACK [ROLLBACK]",
			"13.1 READ SELECT TABLE public.t rows=1 [TABLE t]", "14.1 MISC RESET [RESET search_path]",
			"15.1 READ SELECT TABLE a.t rows=1 [TABLE t]",
		}},
	"uncommitted objects": {items: []track.Item{
		query("BEGIN", "BEGIN"), ready('T'), query("CREATE SEQUENCE a.x", "CREATE SEQUENCE"), ready('T'),
		query("SELECT * FROM a.x", "SELECT 1"), ready('T'), query("ALTER SEQUENCE a.x RENAME TO y", "ALTER SEQUENCE"),
		ready('T'), query("SELECT * FROM a.y", "SELECT 1"), ready('T'),
	}, want: []string{
		"2.1 MISC BEGIN [BEGIN]", "3.1 DDL CREATE SEQUENCE [CREATE SEQUENCE a.x]",
		"4.1 READ SELECT SEQUENCE a.x rows=1 [SELECT * FROM a.x]",
		"5.1 DDL ALTER SEQUENCE [ALTER SEQUENCE a.x RENAME TO y]",
		"6.1 READ SELECT SEQUENCE a.y rows=1 [SELECT * FROM a.y]",
	}},
	"a failed transaction": {items: []track.Item{
		query("BEGIN", "BEGIN"), ready('T'), fail("SELECT 1/0", "22012", "division by zero"), ready('E'),
		query("ROLLBACK", "ROLLBACK"), ready('I'), query("SELECT 1", "SELECT 1"), ready('I'),
	}, want: []string{
		"2.1 MISC BEGIN [BEGIN]", "3.1 READ SELECT [SELECT 1/0] 22012: division by zero",
		"4.1 READ SELECT rows=1 [SELECT 1]",
	}},
	"no catalogue events": {cfg: audit.Config{NoCatalogEvents: true}, items: []track.Item{
		query("SELECT * FROM pg_catalog.tx", "SELECT 1"), query("SELECT * FROM pg_catalog.tx, t", "SELECT 1"),
	}, want: []string{"2.1 READ SELECT TABLE public.t rows=1 [SELECT * FROM pg_catalog.tx, t]"}},
	"parameters": {items: []track.Item{
		{Kind: track.Prepared, Text: "SELECT * FROM t WHERE a = $1 AND b = $2 AND c = $3"},
		{Kind: track.Completed, Source: track.Execute, Text: "SELECT * FROM t WHERE a = $1 AND b = $2 AND c = $3", Tag: "SELECT 0",
			Params: &track.Params{Formats: []int16{0, 1, 0}, Values: [][]byte{[]byte("true"), {0, 0, 0, 7}, nil}}},
		{Kind: track.Completed, Source: track.Execute, Text: "SELECT set_config('x.password', $1, false)", Tag: "SELECT 1",
			Params: &track.Params{Types: []uint32{25}, Values: [][]byte{[]byte("hunter2")}}},
	}, want: []string{
		`2.1 READ SELECT TABLE public.t rows=0 ["t" "7"] [SELECT * FROM t WHERE a = $1 AND b = $2 AND c = $3]`,
		`3.1 READ SELECT rows=1 ["<REDACTED>"] [SELECT set_config('x.password', $1, false)]`,
	}},
	"a portal closed early": {items: []track.Item{
		{Kind: track.Completed, Source: track.Execute, Text: "SELECT * FROM t", Partial: true, Rows: 2},
	}, want: []string{"2.1 READ SELECT TABLE public.t rows=2 [SELECT * FROM t]"}},
}

func TestApply(t *testing.T) {
	for name, c := range sessions {
		t.Run(name, func(t *testing.T) {
			c.cfg.Catalog = &tables{}
			var got []string
			for _, e := range newSession(t, c.cfg).Apply(t.Context(), nil, c.items) {
				got = append(got, show(e))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("events\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
			}
		})
	}
}

func TestApplicationName(t *testing.T) {
	s := newSession(t, audit.Config{Session: &activity.Session{ClientApplication: "a"}})
	events := s.Apply(t.Context(), nil, []track.Item{
		query("SELECT 1", "SELECT 1"), {Kind: track.Parameter, Name: "application_name", Value: "b"},
		query("SELECT 1", "SELECT 1"),
	})
	if a, b := events[0].Session.ClientApplication, events[1].Session.ClientApplication; a != "a" || b != "b" {
		t.Errorf("applications %q, %q", a, b)
	}
}

func TestInvalidate(t *testing.T) {
	cat := &tables{}
	s := newSession(t, audit.Config{Catalog: cat})
	for _, step := range []struct {
		item track.Item
		want int
	}{
		{query("SELECT 1", "SELECT 1"), 0}, {ready('I'), 0}, {query("BEGIN", "BEGIN"), 0}, {ready('T'), 0},
		{query("CREATE TABLE t (a int)", "CREATE TABLE"), 0}, {ready('T'), 0}, {query("COMMIT", "COMMIT"), 0}, {ready('I'), 1},
	} {
		s.Apply(t.Context(), nil, []track.Item{step.item})
		if cat.invalidated != step.want {
			t.Errorf("after %v %q: %d", step.item.Kind, step.item.Text, cat.invalidated)
		}
	}
}

func TestLatin1Text(t *testing.T) {
	s := newSession(t, audit.Config{})
	e := s.Apply(t.Context(), nil, []track.Item{
		{Kind: track.Parameter, Name: "client_encoding", Value: "LATIN1"}, query("SELECT 'caf\xe9'", "SELECT 1"),
	})
	if e[0].CommandText != "SELECT 'café'" {
		t.Errorf("text %q", e[0].CommandText)
	}
}

func FuzzApply(f *testing.F) {
	f.Add("SELECT 1; PREPARE p AS SELECT $1", "SELECT 1", byte('I'), 0)
	f.Add("SAVEPOINT a; ROLLBACK TO a", "ROLLBACK", byte('T'), 1)
	f.Fuzz(func(t *testing.T, text, tag string, status byte, index int) {
		if len(text) > 5000 || index < 0 {
			return
		}
		s := newSession(t, audit.Config{Catalog: &tables{}})
		s.Apply(t.Context(), nil, []track.Item{
			query(text, tag, index), ready(status), fail(text, tag, text), ready('I'), {Kind: track.Prepared, Name: "p", Text: text},
			{Kind: track.Completed, Source: track.Execute, Name: "p", Text: text, Tag: tag,
				Params: &track.Params{Values: [][]byte{[]byte(text), nil}}},
			query("EXECUTE p(1)", tag), ready(status),
		})
	})
}
