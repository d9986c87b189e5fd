package activity

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// guideSession is the session that the three samples of the Aurora user guide
// (2019) share, but for its identity.
func guideSession(id, port string, pid int32) *Session {
	return &Session{
		DatabaseName: "postgres", UserName: "rdsadmin",
		RemoteHost: "172.31.3.195", RemotePort: port, SessionID: id, PID: pid,
		ClientApplication: "psql", ServerVersion: "2.3.1", ServerHost: "172.31.3.192",
		NetProtocol: "TCP", DBProtocol: "Postgres 3.0",
	}
}

func utc(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05.999999", text)
	if err != nil {
		panic(err)
	}
	return t
}

func guideEvents() map[string]*Event {
	later := guideSession("5ce73c6f.7e64", "34534", 32356)
	return map[string]*Event{
		"connect": {
			Session: guideSession("5ce5f7f0.474b", "49804", 18251),
			LogTime: utc("2019-05-23 01:31:28.610198"), StatementID: 1, SubstatementID: 1,
			Command: CommandConnect, RowCount: NoRows, Class: ClassMisc,
		},
		"create-table": {
			Session: later,
			LogTime: utc("2019-05-24 00:36:54.494235"), StatementID: 2, SubstatementID: 1,
			Command: "CREATE TABLE", RowCount: NoRows, Class: ClassDDL, HasCommandText: true,
			CommandText: "create table my_table (id serial primary key, name varchar(32));",
		},
		"select": {
			Session: later,
			LogTime: utc("2019-05-24 00:39:49.940668"), StatementID: 6, SubstatementID: 1,
			ObjectType: ObjectTable, ObjectName: "public.my_table",
			Command: "SELECT", RowCount: 10, Class: ClassRead, HasCommandText: true,
			CommandText: "select * from my_table;",
		},
	}
}

// field is one member of a JSON object, in the order of the text.
type field struct {
	Key, Value string
}

func fields(t *testing.T, object []byte) []field {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(object))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var list []field
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatal(err)
		}
		list = append(list, field{key.(string), string(value)})
	}
	return list
}

// TestGuideSamples rebuilds the user guide's samples, field by field and in
// their order.
func TestGuideSamples(t *testing.T) {
	for name, event := range guideEvents() {
		t.Run(name, func(t *testing.T) {
			sample, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := ParseRecord(sample)
			if err != nil {
				t.Fatal(err)
			}
			want := fields(t, r.Events[0])
			if got := fields(t, AppendEvent(nil, event, V10)); !slices.Equal(got, want) {
				t.Errorf("version 1.0:\n got %v\nwant %v", got, want)
			}
			event.StartTime = event.LogTime.Add(-time.Millisecond)
			want = append(want,
				field{"startTime", string(appendTime(nil, event.StartTime))}, field{"errorMessage", "null"})
			if got := fields(t, AppendEvent(nil, event, V11)); !slices.Equal(got, want) {
				t.Errorf("version 1.1:\n got %v\nwant %v", got, want)
			}

			// The whole record, without the sample's blanks.
			var compact bytes.Buffer
			if err := json.Compact(&compact, sample); err != nil {
				t.Fatal(err)
			}
			whole := AppendRecordHead(nil, r.ClusterID, r.InstanceID)
			whole = append(AppendEvent(whole, event, V10), RecordTail...)
			if !bytes.Equal(whole, bytes.TrimSpace(compact.Bytes())) {
				t.Errorf("record:\n got %s\nwant %s", whole, compact.Bytes())
			}
		})
	}
}

func TestAppendEventValues(t *testing.T) {
	zone := time.FixedZone("", 2*60*60)
	e := Event{
		Session:     &Session{},
		LogTime:     time.Date(2024, 2, 3, 1, 2, 3, 1_000_999, zone),
		StartTime:   time.Date(2024, 2, 2, 23, 2, 3, 0, time.UTC),
		StatementID: 9, SubstatementID: 2, Command: "SELECT",
		Params: []string{"", `a"b`}, HasCommandText: true,
		ExitCode: ExitCode{SQLState: "42P01", Status: 1, Valid: true},
		Class:    ClassRead, ErrorMessage: `relation "x" does not exist`,
	}
	const want = `{"logTime":"2024-02-02 23:02:03.001000+00","statementId":9,"substatementId":2,"objectType":null,` +
		`"command":"SELECT","objectName":null,"databaseName":null,"dbUserName":null,"remoteHost":null,"remotePort":null,` +
		`"sessionId":null,"rowCount":0,"commandText":"","paramList":["","a\"b"],"pid":0,"clientApplication":null,` +
		`"exitCode":"42P01","class":"READ","serverVersion":null,"serverType":"PostgreSQL",` +
		`"serviceName":"Amazon Aurora PostgreSQL-Compatible edition","serverHost":null,"netProtocol":null,` +
		`"dbProtocol":null,"type":"record","startTime":"2024-02-02 23:02:03.000000+00",` +
		`"errorMessage":"relation \"x\" does not exist"}`
	if got := string(AppendEvent([]byte("x"), &e, V11)); got != "x"+want {
		t.Errorf("got %s\nwant x%s", got, want)
	}
	e.Session = nil // an event without a session is one with an empty session
	if got := string(AppendEvent(nil, &e, V11)); got != want {
		t.Errorf("without session: got %s", got)
	}
	e.ExitCode = ExitCode{Valid: true}
	if got := string(AppendEvent(nil, &e, V10)); !strings.Contains(got, `"exitCode":0,`) {
		t.Errorf("exit code 0: got %s", got)
	}
	if got := string(AppendEvent(nil, &Event{RowCount: NoRows}, V11)); !strings.HasPrefix(got, `{"logTime":null,`) ||
		!strings.Contains(got, `"startTime":null`) || !strings.Contains(got, `"rowCount":null,"commandText":null,"paramList":[]`) {
		t.Errorf("empty event: got %s", got)
	}
	if got := string(AppendHeartbeat(nil)); got != `{"type":"heartbeat"}` {
		t.Errorf("heartbeat: got %s", got)
	}
}

func TestEscape(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", `""`},
		{"plain <b> & 'q' \x7f é 世 \U0001F600", "\"plain <b> & 'q' \x7f é 世 \U0001F600\""},
		{`"\`, `"\"\\"`},
		{"\b\f\n\r\t", `"\b\f\n\r\t"`},
		{"\x00\x1f", `"\u0000\u001f"`},
		{"a\xffb\xc3", `"a` + "\uFFFD" + `b` + "\uFFFD" + `"`},
		{"\xed\xa0\x80", `"` + "\uFFFD\uFFFD\uFFFD" + `"`}, // a surrogate is no UTF-8
		{"\u2028\uFFFD", "\"\u2028\uFFFD\""},
	} {
		if got := string(appendString(nil, c.in)); got != c.want {
			t.Errorf("%q: got %s, want %s", c.in, got, c.want)
		}
	}
}

func TestAppendEventAllocatesNothing(t *testing.T) {
	e := guideEvents()["select"]
	dst := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { AppendEvent(dst, e, V11) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestDecode(t *testing.T) {
	e := guideEvents()["select"]
	e.Params = []string{"1", "2"}
	d, err := Decode(AppendEvent(nil, e, V11))
	if err != nil {
		t.Fatal(err)
	}
	if *d.RowCount != 10 || *d.CommandText != e.CommandText || d.ExitCode != nil || d.ErrorMessage != nil ||
		!slices.Equal(d.ParamList, e.Params) || d.Heartbeat() {
		t.Errorf("got %+v", d)
	}
	if d, err = Decode(AppendHeartbeat(nil)); err != nil || !d.Heartbeat() || d.LogTime != nil {
		t.Errorf("heartbeat: got %+v, %v", d, err)
	}
	// The keys of Decoded are those of an event, in the same order.
	var keys []string
	for _, f := range fields(t, AppendEvent(nil, e, V11)) {
		keys = append(keys, f.Key)
	}
	var tags []string
	for f := range reflect.TypeFor[Decoded]().Fields() {
		tags = append(tags, f.Tag.Get("json"))
	}
	if !slices.Equal(keys, tags) {
		t.Errorf("keys %v\ntags %v", keys, tags)
	}
}

func TestParseRecordRefuses(t *testing.T) {
	for _, bad := range []string{
		``, `null`, `[]`, `{}`, `{"type":"DatabaseActivityMonitoringRecords"}`,
		`{"type":"DatabaseActivityMonitoringRecord","databaseActivityEventList":"x"}`,
		`{"type":"DatabaseActivityMonitoringRecord"}{}`,
	} {
		if r, err := ParseRecord([]byte(bad)); err == nil {
			t.Errorf("%s: got %+v", bad, r)
		}
	}
}

func BenchmarkAppendEvent(b *testing.B) {
	e := guideEvents()["create-table"]
	e.StartTime = e.LogTime
	dst := AppendEvent(nil, e, V11)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendEvent(dst[:0], e, V11)
	}
}

// TestFit: the size it says is that of the encoding, and one byte less does not fit.
func TestFit(t *testing.T) {
	for _, s := range []string{"", "plain", "a\"b\\c", "\x00\x1f\n\t\b\f\r", "ü…\U0001F600", "\xff\xc3", "\uFFFD", strings.Repeat("x\n", 100)} {
		whole := len(appendString(nil, s)) - len(`""`)
		if n, size := Fit(s, whole); n != len(s) || size != whole {
			t.Errorf("%q: %d bytes take %d, want %d and %d", s, n, size, len(s), whole)
		}
		for limit := range whole {
			n, size := Fit(s, limit)
			if n >= len(s) || size > limit || len(appendString(nil, s[:n]))-len(`""`) != size {
				t.Errorf("%q in %d: %d bytes take %d", s, limit, n, size)
			}
		}
	}
}
