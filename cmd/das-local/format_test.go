package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/emulator"
	"github.com/das-local/das-local/internal/consumer"
	"github.com/das-local/das-local/internal/doctor"
	"github.com/das-local/das-local/internal/lambda"
)

// fruit is a result.
type fruit struct {
	Name  string `json:"name"`
	Parts []string
}

var fruitShape = shape[fruit]{
	text:    func(paint painter, f fruit) string { return "a " + paint(red, f.Name) },
	columns: columns("FRUIT", "PART"),
	rows: func(f fruit, add func(...cell)) {
		name := cell{f.Name, red}
		for _, p := range f.Parts {
			add(name, cell{text: p})
			name = cell{}
		}
	},
}

// printed is results in a form.
func printed[T any](t *testing.T, s shape[T], form string, all ...T) string {
	t.Helper()
	fs := newFlags("x", "", io.Discard)
	f := formatFlag(fs, formatText)
	if err := parse(fs, []string{"--format", form}, false); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := printAll(s, f, &out, all...); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestForms(t *testing.T) {
	all := []fruit{{"äpple", []string{"peel", "core\x1b[2J"}}, {"<fig>", []string{"all"}}}
	for form, want := range map[string]string{
		"json":  "{\"name\":\"äpple\",\"Parts\":[\"peel\",\"core\\u001b[2J\"]}\n{\"name\":\"<fig>\",\"Parts\":[\"all\"]}\n",
		"text":  "a äpple\na <fig>\n",
		"table": "FRUIT  PART\näpple  peel\n       core [2J\n<fig>  all\n",
	} {
		if got := printed(t, fruitShape, form, all...); got != want {
			t.Errorf("%s: %q, want %q", form, got, want)
		}
	}
	for form, want := range map[string]string{"json": "", "text": "", "table": "FRUIT  PART\n"} {
		if got := printed(t, fruitShape, form); got != want {
			t.Errorf("nothing as %s: %q, want %q", form, got, want)
		}
	}
}

// TestPaintedTable: colours do not count for the columns' widths.
func TestPaintedTable(t *testing.T) {
	var out bytes.Buffer
	r := &results[fruit]{shape: fruitShape, form: formatTable, w: &out, paint: func(colour, s string) string {
		if colour == "" {
			return s
		}
		return colour + s + plain
	}}
	if err := errors.Join(r.print(fruit{"fig", []string{"all"}}), r.end()); err != nil {
		t.Fatal(err)
	}
	if want := "FRUIT  PART\n" + red + "fig" + plain + "    all\n"; out.String() != want {
		t.Errorf("%q, want %q", &out, want)
	}
}

func TestUnknownForm(t *testing.T) {
	fs := newFlags("x", "", io.Discard)
	formatFlag(fs, formatText)
	err := parse(fs, []string{"--format", "xml"}, false)
	if !errors.Is(err, errUsage) || !strings.Contains(err.Error(), `--format is "xml": it must be json, text or table`) {
		t.Errorf("%v", err)
	}
	t.Setenv("DAS_LOCAL_FORMAT", "csv")
	if err = parse(fs, nil, false); !errors.Is(err, errUsage) || !strings.Contains(err.Error(), `DAS_LOCAL_FORMAT is "csv": it must be json, text or table`) {
		t.Errorf("%v", err)
	}
}

// TestEventForms prints an event, a heartbeat, and what is no event.
func TestEventForms(t *testing.T) {
	at := time.Date(2026, 11, 26, 1, 2, 3, 4000, time.UTC)
	all := []consumer.Event{
		{JSON: json.RawMessage(`{"class":"READ", "command":"SELECT","commandText":"select\n1","logTime":"2026-11-26 01:02:03.123456+00","statementId":2,"substatementId":1,` +
			`"objectName":"public.a_table_with_a_long_name","rowCount":3,"dbUserName":"ann","databaseName":"db","sessionId":"6b034226.4503","type":"record","exitCode":"42P01","errorMessage":"no \u001b"}`)},
		{JSON: json.RawMessage(`{"type":"heartbeat"}`), InstanceID: "db-X", Arrival: at, Heartbeat: true},
		{JSON: json.RawMessage(`[1]`)},
	}
	if got, want := printed(t, eventShape, "json", all...), string(all[0].JSON)+"\n{\"type\":\"heartbeat\"}\n[1]\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	text := strings.Split(printed(t, eventShape, "text", all...), "\n")
	for i, want := range []string{
		"2026-11-26 01:02:03.123456+00 6b034226.4503 2.1 READ     SELECT public.a_table_with_a_long_name rows=3 user=ann db=db error=42P01:no   select 1",
		"2026-11-26 01:02:03.000004+00 heartbeat of db-X",
	} {
		if text[i] != want {
			t.Errorf("%q, want %q", text[i], want)
		}
	}
	if len(text) != 4 || !strings.HasPrefix(text[2], "- cannot be read: ") {
		t.Errorf("%q", text)
	}
	table := strings.Split(printed(t, eventShape, "table", all...), "\n")
	for i, want := range []string{
		"TIME             SESSION         STATEMENT  CLASS     COMMAND         OBJECT                    ROWS    USER        TEXT",
		"01:02:03.123456  6b034226.4503   2.1        READ      SELECT          public.a_table_with_a_l…  3       ann         42P01 no    select 1",
		"01:02:03.000004  -               -          -         heartbeat       db-X                      -       -           -",
	} {
		if table[i] != want {
			t.Errorf("%q, want %q", table[i], want)
		}
	}
	if len(table) != 5 || !strings.Contains(table[3], "cannot be read: ") {
		t.Errorf("%q", table)
	}
}

// TestResultForms: each kind of result has all forms, and a table's rows have a cell for
// each column.
func TestResultForms(t *testing.T) {
	var when = time.Date(2026, 11, 26, 1, 2, 3, 0, time.UTC)
	fault := json.RawMessage(`{"id":3,"state":"active","kind":"throttle","operations":["kinesis:PutRecords"],"caller":"both","hits":2,"count":5,"began":"2026-11-26T01:02:03Z"}`)
	gone := json.RawMessage(`{"id":4,"kind":"reshard","hits":1,"ended":"2026-11-26T01:02:03Z","why":"it has happened","began":"2026-11-26T01:02:03Z"}`)
	health := healthAnswer{Status: "ready", Postgres: "127.0.0.1:1", Audit: "server", raw: json.RawMessage(`{"status":"ready"}`)}
	cluster := clusterStatus{Cluster: "c", Status: "available", StreamStatus: "started", Mode: "sync", Stream: "s",
		Instances: []instanceStatus{{Instance: "i", Status: "available", Address: "h", Port: 5, Writer: true}, {Instance: "j", Status: "creating"}}}
	empty := clusterStatus{Cluster: "e", Status: "available", StreamStatus: "stopped"}
	change := streamChange{Cluster: "c", Status: "stopped", Stream: "s", KMSKey: "k"}
	begun := streamChange{Cluster: "c", Status: "started", Mode: "sync", Stream: "s", KMSKey: "k", started: true}
	call := lambda.Call{ShardID: "shardId-000000000003", Records: 2, First: "49", Last: "51", Attempts: 1, Answer: json.RawMessage(`{"batchItemFailures":[]}`)}
	where := addresses{PSQL: `psql "x"`, Endpoint: "http://e", Stream: "s", StreamStatus: "started", Audit: "catalog", AuditReason: "r", Certificate: "/c.pem"}
	for _, c := range []struct {
		name              string
		json, text, table string
	}{
		{"faults", printed(t, faultShape, "json", fault, gone), printed(t, faultShape, "text", fault, gone), printed(t, faultShape, "table", fault, gone)},
		{"clusters", printed(t, clusterShape, "json", cluster, empty), printed(t, clusterShape, "text", cluster, empty), printed(t, clusterShape, "table", cluster, empty)},
		{"health", printed(t, healthShape, "json", health), printed(t, healthShape, "text", health), printed(t, healthShape, "table", health)},
		{"calls", printed(t, callShape, "json", call), printed(t, callShape, "text", call), printed(t, callShape, "table", call)},
		{"clock", printed(t, clockShape, "json", clockReading{when, "3h0m0s"}), printed(t, clockShape, "text", clockReading{when, "3h0m0s"}), printed(t, clockShape, "table", clockReading{when, "3h0m0s"})},
		{"reset", printed(t, resetShape, "json", resetTook{1.25}), printed(t, resetShape, "text", resetTook{1.25}), printed(t, resetShape, "table", resetTook{1.25})},
		{"RDS events", printed(t, rdsEventShape, "json", rdsEvent{Date: when, SourceType: "db-cluster", Source: "c", Message: "m"}),
			printed(t, rdsEventShape, "text", rdsEvent{Date: when, SourceType: "db-cluster", Source: "c", Message: "m"}),
			printed(t, rdsEventShape, "table", rdsEvent{Date: when, SourceType: "db-cluster", Source: "c", Message: "m"})},
		{"findings", printed(t, findingShape, "json", doctor.Finding{Check: "x", Level: doctor.Fail, Detail: "d", Fix: "f"}),
			printed(t, findingShape, "text", doctor.Finding{Check: "x", Level: doctor.Fail, Detail: "d", Fix: "f"}),
			printed(t, findingShape, "table", doctor.Finding{Check: "x", Level: doctor.Fail, Detail: "d", Fix: "f"})},
		{"changes of a stream", printed(t, streamChangeShape, "json", begun, change), printed(t, streamChangeShape, "text", begun, change), printed(t, streamChangeShape, "table", begun, change)},
		{"addresses", printed(t, addressShape, "json", where), printed(t, addressShape, "text", where), printed(t, addressShape, "table", where)},
		{"build", printed(t, buildShape, "json", build{"v1", "abc", "go"}), printed(t, buildShape, "text", build{"v1", "abc", "go"}), printed(t, buildShape, "table", build{"v1", "abc", "go"})},
	} {
		for line := range strings.Lines(c.json) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s: no JSON: %s", c.name, line)
			}
		}
		got := "== json\n" + c.json + "== text\n" + c.text + "== table\n" + c.table
		if want := golden(t, c.name, got); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

// golden is what a kind of result should look like.
func golden(t *testing.T, name, got string) string {
	t.Helper()
	path := "testdata/forms/" + strings.ReplaceAll(name, " ", "-") + ".txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(want)
}

func TestFlagErrors(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--nope 1", `there is no flag --nope; "das-local up -h" lists the flags`},
		{"-nope", "there is no flag --nope;"},
		{"--region", "--region needs a value;"},
		{"--shards x", `--shards is "x": it takes a whole number;`},
		{"--grace soon", `--grace is "soon": it takes a duration such as 500ms, 30s or 2h;`},
		{"--pprof=maybe", `--pprof is "maybe": it takes true or false;`},
		{"--heartbeat soon", `--heartbeat: "soon" is not a duration such as 1s or 500ms;`},
		{"--kms-key id=abcdef", "--kms-key: the key id: its material is not 32 bytes"},
		{"--seed 99999999999999999999", `--seed is "99999999999999999999": it takes a whole number;`},
	} {
		fs := newFlags("up", "", io.Discard)
		upFlags(fs, new(emulator.Options))
		err := parse(fs, strings.Fields(c.args), false)
		if !errors.Is(err, errUsage) || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "abcdef") {
			t.Errorf("%s: %v, want %s", c.args, err, c.want)
		}
	}
}
