package activity

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzAppendEvent checks that whatever an event holds, its JSON is valid and
// says the same to encoding/json.
func FuzzAppendEvent(f *testing.F) {
	f.Add("select 1", "1", "psql", int64(1), int64(-1), int64(0), "")
	f.Add("\x00\"\\\u2028\xff", "\xed\xa0\x80", "", int64(-5), int64(3), int64(1<<40), "42P01")
	f.Fuzz(func(t *testing.T, text, param, app string, id, rows, micros int64, state string) {
		// Years of four digits are what the format, and PostgreSQL here, can show.
		at := time.UnixMicro(micros % (253402300800 * 1e6))
		if at.UTC().Year() < 0 {
			at = time.Time{}
		}
		e := Event{
			Session:     &Session{ClientApplication: app, PID: int32(id)},
			LogTime:     at,
			StatementID: id, RowCount: rows, Command: text, CommandText: text, HasCommandText: true,
			Params: []string{param, text}, ExitCode: ExitCode{SQLState: state}, ErrorMessage: param,
		}
		out := AppendEvent(nil, &e, V11)
		if !utf8.Valid(out) || !json.Valid(out) {
			t.Fatalf("not JSON: %q", out)
		}
		d, err := Decode(out)
		if err != nil {
			t.Fatal(err)
		}
		same := func(what string, got *string, want string) {
			t.Helper()
			want = valid(want)
			if (got == nil) != (want == "") || got != nil && *got != want {
				t.Errorf("%s: got %v, want %q", what, got, want)
			}
		}
		same("command", d.Command, text)
		same("clientApplication", d.ClientApplication, app)
		same("errorMessage", d.ErrorMessage, param)
		if *d.CommandText != valid(text) || d.ParamList[0] != valid(param) || d.ParamList[1] != valid(text) {
			t.Errorf("text: got %q %q", *d.CommandText, d.ParamList)
		}
		if *d.StatementID != id || (d.RowCount == nil) != (rows < 0) || d.RowCount != nil && *d.RowCount != rows {
			t.Errorf("numbers: got %+v", d)
		}
		if code, _ := d.ExitCode.(string); code != valid(state) {
			t.Errorf("exitCode: got %v", d.ExitCode)
		}
		if !at.IsZero() {
			back, err := time.Parse("2006-01-02 15:04:05.000000-07", *d.LogTime)
			if err != nil || !back.Equal(at) {
				t.Errorf("logTime: got %q (%v), want %v", *d.LogTime, err, at.UTC())
			}
		}
	})
}

// valid replaces each byte that is not UTF-8 by U+FFFD.
func valid(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

// FuzzParseRecord checks that no input makes the readers panic.
func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"type":"DatabaseActivityMonitoringRecord","databaseActivityEventList":[{"type":"heartbeat"},null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRecord(data)
		if err != nil {
			return
		}
		for _, e := range r.Events {
			_, _ = Decode(e)
		}
	})
}
