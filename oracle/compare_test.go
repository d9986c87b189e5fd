package main

import (
	"encoding/json"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/oracle/replay"
)

// perfect makes the events that das-local has to make of a case: CONNECT is
// statement 1, the case's first statement 2.
func perfect(c *Case) []testbed.Event {
	events := []testbed.Event{{Command: "CONNECT", StatementID: 1, SubstatementID: 1}}
	for _, r := range c.Wanted() {
		text := r.Statement
		e := testbed.Event{
			StatementID: r.StatementID + 1, SubstatementID: r.SubstatementID, Class: r.Class, Command: r.Command,
			CommandText: &text, ParamList: r.Parameters, SessionID: "1.1",
		}
		if r.ObjectType != "" {
			kind, name := r.ObjectType, r.ObjectName
			e.ObjectType, e.ObjectName = &kind, &name
		}
		if r.Rows != 0 {
			e.RowCount = &r.Rows
		}
		events = append(events, e)
	}
	return append(events, testbed.Event{Command: "DISCONNECT", StatementID: 99, SubstatementID: 1})
}

func TestPerfectEventsAgree(t *testing.T) {
	cases, err := replay.Read("../testdata/oracle/public.jsonl", func(*Case) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if len(cases.Together) < 500 || len(cases.Alone) == 0 {
		t.Fatalf("%d cases side by side, %d alone", len(cases.Together), len(cases.Alone))
	}
	for _, c := range cases.All() {
		if v := compare(c, perfect(c)); !v.Exact || !v.NoRows || !v.TopLevel {
			t.Errorf("%s: %+v", c.ID, v)
		}
		if len(c.Wanted()) == 0 {
			continue
		}
		events := perfect(c)
		events[1].Class = "NONE"
		if v := compare(c, events); v.Exact || v.NoRows {
			t.Errorf("%s agrees with another class", c.ID)
		}
		if v := compare(c, append(perfect(c)[:1], perfect(c)[2:]...)); v.Exact {
			t.Errorf("%s agrees without its first event", c.ID)
		}
	}
}

// comparisons are what a server recorded, and events that do or do not say the same.
var comparisons = []struct {
	name   string
	spec   string // a Case
	events string // a list of events
	exact  bool
}{
	{
		"relations in any order",
		`{"sql":"q","records":[{"statement_id_delta":1,"substatement_id":1,"class":"READ","command":"SELECT","object_type":"TABLE","object_name":"public.a","statement":"q"},
			{"statement_id_delta":1,"substatement_id":1,"class":"READ","command":"SELECT","object_type":"TABLE","object_name":"public.b","statement":"q"}]}`,
		`[{"statementId":5,"substatementId":1,"class":"READ","command":"SELECT","objectType":"TABLE","objectName":"public.b","commandText":"q"},
			{"statementId":5,"substatementId":1,"class":"READ","command":"SELECT","objectType":"TABLE","objectName":"public.a","commandText":"q"}]`,
		true,
	}, {
		"a parameter that reads like none",
		`{"sql":"q","params":["<none>"],"records":[{"statement_id_delta":1,"substatement_id":1,"class":"READ","command":"SELECT","statement":"q","parameters":[]}]}`,
		`[{"statementId":5,"substatementId":1,"class":"READ","command":"SELECT","commandText":"q","paramList":["<none>"]}]`,
		true,
	}, {
		"such a parameter that nobody bound",
		`{"sql":"q","params":["x"],"records":[{"statement_id_delta":1,"substatement_id":1,"class":"READ","command":"SELECT","statement":"q","parameters":[]}]}`,
		`[{"statementId":5,"substatementId":1,"class":"READ","command":"SELECT","commandText":"q","paramList":["<none>"]}]`,
		false,
	}, {
		"statements keep their order",
		`{"sql":"q","records":[{"statement_id_delta":1,"substatement_id":1,"class":"MISC","command":"BEGIN","statement":"q"},{"statement_id_delta":2,"substatement_id":1,"class":"MISC","command":"COMMIT","statement":"q"}]}`,
		`[{"statementId":2,"substatementId":1,"class":"MISC","command":"COMMIT","commandText":"q"},{"statementId":3,"substatementId":1,"class":"MISC","command":"BEGIN","commandText":"q"}]`,
		false,
	}, {
		"COPY names its table",
		`{"sql":"COPY t TO STDOUT","records":[{"statement_id_delta":1,"substatement_id":1,"class":"READ","command":"COPY","statement":"COPY t TO STDOUT","rows":0}]}`,
		`[{"statementId":2,"substatementId":1,"class":"READ","command":"COPY","objectType":"TABLE","objectName":"public.t","rowCount":5,"commandText":"COPY t TO STDOUT"}]`,
		true,
	}, {
		"a failed statement takes an id",
		`{"sql":"q","records":[{"statement_id_delta":1,"substatement_id":1,"class":"READ","command":"SELECT","statement":"q"}]}`,
		`[{"statementId":2,"substatementId":1,"class":"READ","command":"SELECT","commandText":"q","errorMessage":"no","exitCode":"42601"},
			{"statementId":3,"substatementId":1,"class":"READ","command":"SELECT","commandText":"q"}]`,
		true,
	}, {
		"a DO is written before it fails",
		`{"sql":"q","records":[{"statement_id_delta":1,"substatement_id":1,"class":"FUNCTION","command":"DO","statement":"q"}]}`,
		`[{"statementId":2,"substatementId":1,"class":"FUNCTION","command":"DO","commandText":"q","errorMessage":"no","exitCode":"42601"}]`,
		true,
	}, {
		"NULL is left out",
		`{"sql":"q","params":["x",null],"records":[{"statement_id_delta":1,"substatement_id":1,"class":"READ","command":"SELECT","statement":"q","parameters":["x",""]}]}`,
		`[{"statementId":2,"substatementId":1,"class":"READ","command":"SELECT","commandText":"q","paramList":["x"]}]`,
		true,
	}, {
		"an empty string is not",
		`{"sql":"q","params":["x",""],"records":[{"statement_id_delta":1,"substatement_id":1,"class":"READ","command":"SELECT","statement":"q","parameters":["x",""]}]}`,
		`[{"statementId":2,"substatementId":1,"class":"READ","command":"SELECT","commandText":"q","paramList":["x"]}]`,
		false,
	}, {
		"redaction goes on behind the mark",
		`{"sql":"q","records":[{"statement_id_delta":1,"substatement_id":1,"class":"ROLE","command":"ALTER ROLE","statement":"ALTER ROLE r PASSWORD <REDACTED>"}]}`,
		`[{"statementId":2,"substatementId":1,"class":"ROLE","command":"ALTER ROLE","commandText":"ALTER ROLE r PASSWORD <REDACTED>; SELECT 1"}]`,
		true,
	}, {
		"a password in the clear",
		`{"sql":"q","records":[{"statement_id_delta":1,"substatement_id":1,"class":"ROLE","command":"ALTER ROLE","statement":"ALTER ROLE r PASSWORD <REDACTED>"}]}`,
		`[{"statementId":2,"substatementId":1,"class":"ROLE","command":"ALTER ROLE","commandText":"ALTER ROLE r PASSWORD 'x'"}]`,
		false,
	}, {
		"better redaction than the server's",
		`{"sql":"q","records":[{"statement_id_delta":1,"substatement_id":1,"class":"READ","command":"SELECT","statement":"SELECT 1; ALTER ROLE r PASSWORD 'x'"}]}`,
		`[{"statementId":2,"substatementId":1,"class":"READ","command":"SELECT","commandText":"SELECT 1; ALTER ROLE r PASSWORD <REDACTED>"}]`,
		true,
	}, {
		"a mark in a literal",
		`{"sql":"q","records":[{"statement_id_delta":1,"substatement_id":1,"class":"DDL","command":"CREATE USER MAPPING","statement":"CREATE USER MAPPING … (password 'x')"}]}`,
		`[{"statementId":2,"substatementId":1,"class":"DDL","command":"CREATE USER MAPPING","commandText":"CREATE USER MAPPING … (password '<REDACTED>')"}]`,
		true,
	}, {
		"temporary schemas",
		`{"sql":"q","records":[{"statement_id_delta":1,"substatement_id":1,"class":"READ","command":"SELECT","object_type":"TABLE","object_name":"pg_temp_N.t","statement":"q"}]}`,
		`[{"statementId":2,"substatementId":1,"class":"READ","command":"SELECT","objectType":"TABLE","objectName":"pg_temp_12.t","commandText":"q"}]`,
		true,
	},
}

func TestCompare(t *testing.T) {
	for _, c := range comparisons {
		t.Run(c.name, func(t *testing.T) {
			var spec Case
			if err := json.Unmarshal([]byte(c.spec), &spec); err != nil {
				t.Fatal(err)
			}
			var events []testbed.Event
			if err := json.Unmarshal([]byte(c.events), &events); err != nil {
				t.Fatal(err)
			}
			if v := compare(&spec, events); v.Exact != c.exact {
				t.Errorf("%+v, want exact %v", v, c.exact)
			}
		})
	}
}
