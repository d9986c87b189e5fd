package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/oracle/replay"
)

// session is a session whose events, but for the ids, are JSON objects.
func session(t *testing.T, events ...string) replay.Session {
	t.Helper()
	s := replay.Session{Application: "file"}
	for i, text := range events {
		e, err := testbed.ParseEvent([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if e.StatementID == 0 {
			e.StatementID, e.SubstatementID = int64(i+2), 1
		}
		s.Events = append(s.Events, e)
	}
	return s
}

// differing compares one session of each side and names the statements that
// differ.
func differing(t *testing.T, catalog, server replay.Session) (differ []string, items []item) {
	t.Helper()
	items, err := compareSessions([]replay.Session{catalog}, []replay.Session{server}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		if it.Different != "" {
			differ = append(differ, it.Text+": "+it.Different)
		}
	}
	return differ, items
}

const (
	one    = `{"class":"READ","command":"SELECT","commandText":"one","rowCount":1,"objectType":"TABLE","objectName":"pg_temp_3.t"}`
	two    = `{"class":"WRITE","command":"INSERT","commandText":"two","rowCount":2,"paramList":["a"]}`
	three  = `{"class":"DDL","command":"CREATE TABLE","commandText":"three"}`
	failed = `{"class":"READ","command":"SELECT","commandText":"four","exitCode":"42P01","errorMessage":"no"}`
)

func TestEveryFieldIsCompared(t *testing.T) {
	for _, c := range []struct{ changed, different string }{
		{`{"class":"WRITE","command":"INSERT","commandText":"two","rowCount":2,"paramList":["a"]}`, ""},
		{`{"class":"READ","command":"INSERT","commandText":"two","rowCount":2,"paramList":["a"]}`, "class"},
		{`{"class":"WRITE","command":"UPDATE","commandText":"two","rowCount":2,"paramList":["a"]}`, "command"},
		{`{"class":"WRITE","command":"INSERT","commandText":"two","rowCount":3,"paramList":["a"]}`, "rows"},
		{`{"class":"WRITE","command":"INSERT","commandText":"two","rowCount":2,"paramList":["b"]}`, "parameters"},
		{`{"class":"WRITE","command":"INSERT","commandText":"two","rowCount":2}`, "parameters"},
		{`{"class":"WRITE","command":"INSERT","commandText":"two","rowCount":2,"paramList":["a"],"objectType":"TABLE","objectName":"public.t"}`, "object"},
		{`{"class":"WRITE","command":"INSERT","commandText":"two","rowCount":2,"paramList":["a"],"exitCode":"23505","errorMessage":"twice"}`, "error"},
		{`{"statementId":3,"substatementId":2,"class":"WRITE","command":"INSERT","commandText":"two","rowCount":2,"paramList":["a"]}`, "ids"},
	} {
		differ, items := differing(t, session(t, one, c.changed, three, failed), session(t, one, two, three, failed))
		var want []string
		if c.different != "" {
			want = []string{"two: " + c.different}
		}
		if !slices.Equal(differ, want) || len(items) != 4 {
			t.Errorf("with %s: %d statements, %q differ; want 4, %q", c.changed, len(items), differ, want)
		}
	}
}

func TestFailuresAreCompared(t *testing.T) {
	for _, other := range []string{
		`{"class":"READ","command":"SELECT","commandText":"four","exitCode":"42P02","errorMessage":"no"}`,
		`{"class":"READ","command":"SELECT","commandText":"four","exitCode":"42P01","errorMessage":"yes"}`,
		`{"class":"READ","command":"SELECT","commandText":"four"}`,
	} {
		if differ, _ := differing(t, session(t, other), session(t, failed)); !slices.Equal(differ, []string{"four: error"}) {
			t.Errorf("with %s: %q differ", other, differ)
		}
	}
}

func TestRelationsAreAMultiset(t *testing.T) {
	relation := func(name string) string {
		return fmt.Sprintf(`{"statementId":2,"substatementId":1,"class":"READ","command":"SELECT","commandText":"q","objectType":"TABLE","objectName":%q}`, name)
	}
	a, b := relation("public.a"), relation("public.b")
	for _, c := range []struct {
		catalog, server []string
		agree           bool
	}{
		{[]string{a, b}, []string{b, a}, true},
		{[]string{a, a, b}, []string{a, b, a}, true},
		{[]string{a, b}, []string{a, b, b}, false},
		{[]string{a, a, b}, []string{a, b, b}, false},
		{[]string{a}, []string{b}, false},
		{[]string{relation("pg_temp_3.x")}, []string{relation("pg_temp_11.x")}, true},
		{[]string{relation("pg_temp_3.x")}, []string{relation("pg_temp_3.y")}, false},
	} {
		differ, _ := differing(t, session(t, c.catalog...), session(t, c.server...))
		if agree := len(differ) == 0; agree != c.agree {
			t.Errorf("%s and %s agree: %v", c.catalog, c.server, agree)
		}
	}
}

// TestLoneStatements has statements that one side alone knows: each is a
// difference, and they cost the others nothing.
func TestLoneStatements(t *testing.T) {
	for _, c := range []struct {
		catalog, server []string
		differ          []string
	}{
		{[]string{one, two, three}, []string{one, three}, []string{"two: too much"}},
		{[]string{one, three}, []string{one, two, three}, []string{"two: missing"}},
		{[]string{two, one, one}, []string{one, one, three}, []string{"two: too much", "three: missing"}},
		{[]string{one, two}, nil, []string{"one: too much", "two: too much"}},
		{[]string{one, two, three}, []string{one, three, two}, []string{"three: missing", "three: too much"}},
	} {
		differ, _ := differing(t, session(t, c.catalog...), session(t, c.server...))
		if !slices.Equal(differ, c.differ) {
			t.Errorf("%s and %s: %q, want %q", c.catalog, c.server, differ, c.differ)
		}
	}
}

func TestSessionsHaveToMatch(t *testing.T) {
	s := session(t, one)
	if _, err := compareSessions([]replay.Session{s, s}, []replay.Session{s}, ""); err == nil {
		t.Error("a session that one side lacks is no error")
	}
	other := s
	other.Application = "another"
	if _, err := compareSessions([]replay.Session{s}, []replay.Session{other}, ""); err == nil {
		t.Error("sessions of different clients are compared")
	}
}

func TestCasesAreCompared(t *testing.T) {
	run := func(events ...string) replay.Run {
		return replay.Run{Case: &replay.Case{ID: "c", Kind: "k"}, Events: session(t, events...).Events}
	}
	broken := run(one, failed)
	broken.Err = fmt.Errorf("no")
	for _, c := range []struct {
		name   string
		server []replay.Run
		agree  bool
	}{
		{"the same", []replay.Run{run(one, failed)}, true},
		{"other events", []replay.Run{run(one, two)}, false},
		{"no failure", []replay.Run{run(one)}, false},
		{"not run", []replay.Run{broken}, false},
		{"absent", nil, false},
	} {
		items := compareRuns([]replay.Run{run(one, failed)}, c.server)
		if len(items) != 1 || (items[0].Different == "") != c.agree {
			t.Errorf("%s: %+v", c.name, items)
		}
	}
}

func TestDecider(t *testing.T) {
	event := func(fields map[string]any) string {
		b, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	sent := func(text string) string {
		return event(map[string]any{"class": "DDL", "command": "X", "commandText": text})
	}
	of := func(text, object string) string {
		return event(map[string]any{"statementId": 9, "substatementId": 1, "class": "READ", "command": "SELECT", "commandText": text,
			"objectType": "TABLE", "objectName": object})
	}
	call := event(map[string]any{"statementId": 9, "substatementId": 1, "class": "FUNCTION", "command": "EXECUTE", "commandText": "q",
		"objectType": "FUNCTION", "objectName": "public.f"})
	bad := event(map[string]any{"statementId": 9, "substatementId": 2, "class": "READ", "command": "SELECT", "commandText": "q",
		"exitCode": "22012", "errorMessage": "no"})
	for _, c := range []struct {
		name            string
		before          string
		catalog, server []string
		decidable       bool
	}{
		{"plain", "x", []string{of("q", "public.t")}, []string{of("q", "public.t")}, true},
		{"not the same", "x", []string{of("q", "public.t")}, []string{of("q", "public.u")}, true},
		{"nothing of the server's", "x", []string{of("q", "public.t")}, nil, true},
		{"known to be sent", "q", nil, []string{of("q", "public.t")}, true},
		{"ran while another was planned", "x", nil, []string{of("q", "public.t")}, false},
		{"a nested statement", "x", []string{of("q", "public.t")}, []string{of("q", "public.t"), of("nested", "public.u")}, false},
		{"a prepared statement", "prepared", []string{of("q", "public.t")}, []string{of("prepared", "public.t"), of("q", "public.t")}, true},
		{"a call", "x", []string{of("q", "public.t")}, []string{call, of("q", "public.t")}, false},
		{"a rule", "create rule r as on insert to t do nothing", []string{of("q", "public.t")}, []string{of("q", "public.t")}, false},
		{"a rule that took all", "create or replace rule r as on insert\nto S.T do nothing", []string{of("q", "s.t")}, nil, false},
		{"another's rule", "create rule r as on insert to u do nothing", []string{of("q", "public.t")}, []string{of("q", "public.t")}, true},
		{"a policy", `create policy p on "T"`, []string{of("q", `public."T"`)}, []string{of("q", `public."T"`)}, false},
		{"a rule for one of many", "create rule r as on insert to t0 do nothing", []string{of("q", "public.t1")}, []string{of("q", "public.t1")}, false},
		{"the least of many tables", "create table c () inherits (other.x, T)", []string{of("select min(a) from t", "public.t")}, []string{of("select min(a) from t", "public.t")}, false},
		{"the least of one table", "create table c () inherits (u)", []string{of("select min(a) from t", "public.t")}, []string{of("select min(a) from t", "public.t")}, true},
		{"some of many tables", "alter table c inherit t", []string{of("q", "public.t")}, []string{of("q", "public.t")}, true},
		{"failed at once", "x", []string{bad}, []string{bad}, true},
		{"failed on the way", "x", []string{bad}, []string{of("q", "public.t"), bad}, false},
		{"row security", "alter table only t enable row level security", []string{of("q", "public.t")}, []string{of("q", "public.t")}, false},
	} {
		catalog := session(t, append([]string{sent(c.before)}, c.catalog...)...)
		server := session(t, append([]string{sent(c.before)}, c.server...)...)
		_, items := differing(t, catalog, server)
		if len(items) != 2 || items[1].Decidable != c.decidable {
			t.Errorf("%s: %+v", c.name, items)
		}
	}
}

// TestDeciderBlocks: what a transaction block hides from others cannot be known.
func TestDeciderBlocks(t *testing.T) {
	const (
		begin   = `{"class":"MISC","command":"BEGIN","commandText":"begin"}`
		commit  = `{"class":"MISC","command":"COMMIT","commandText":"commit"}`
		do      = `{"class":"FUNCTION","command":"DO","commandText":"do"}`
		create  = `{"class":"DDL","command":"CREATE TABLE","commandText":"inside"}`
		refresh = `{"class":"DDL","command":"REFRESH MATERIALIZED VIEW","commandText":"refresh"}`
	)
	for _, c := range []struct {
		name   string
		server []string
		last   bool
	}{
		{"created inside, open", []string{begin, create, one}, false},
		{"created inside, over", []string{begin, create, commit, one}, true},
		{"created inside, failed", []string{begin, create, failed, one}, true},
		{"created inside, no block", []string{create, one}, true},
		{"only ran inside", []string{begin, do, one}, true},
		{"refreshed in a block", []string{begin, refresh}, false},
		{"refreshed", []string{refresh}, true},
		{"refreshed after a block", []string{begin, commit, refresh}, true},
	} {
		d := newDecider()
		var got bool
		for _, s := range statements(session(t, c.server...).Events) {
			p := pairing{catalog: s, server: s}
			if s.has("inside") { // not the client's
				p.catalog = nil
			}
			got = d.decides(p)
		}
		if got != c.last {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestFloors(t *testing.T) {
	for _, c := range []struct {
		decidable, agree int
		ok               bool
	}{{200, 199, true}, {200, 198, true}, {200, 197, false}, {0, 0, false}} {
		err := part{name: "p", floor: 99}.judge(&score{all: 300, decidable: c.decidable, decid: c.agree})
		if (err == nil) != c.ok {
			t.Errorf("%d of %d against 99 %%: %v", c.agree, c.decidable, err)
		}
	}
}
