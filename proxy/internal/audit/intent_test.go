package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

// foreseen gives the events of a message, one a line.
func foreseen(t *testing.T, it track.Item, conf audit.Config) (lines []string) {
	t.Helper()
	classifier, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	conf.Classifier, conf.Session, conf.Foreseeing = classifier, &activity.Session{UserName: "u", PID: 7}, true
	s, err := audit.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	it.Intent = 3
	for _, e := range s.Foresee(t.Context(), nil, &it, 5) {
		if e.ExitCode.SQLState != "08007" || !strings.Contains(e.ErrorMessage, "outcome unknown") || e.RowCount != activity.NoRows || e.Session.PID != 7 {
			t.Errorf("the outcome is not unknown: %+v", e)
		}
		if e.Settles.Intent != 3 {
			t.Errorf("it is of intent %d", e.Settles.Intent)
		}
		until := fmt.Sprint(e.Settles.Answered)
		if e.Settles.Answered == activity.AllAnswered {
			until = "all"
		}
		lines = append(lines, fmt.Sprintf("%d.%d %s %s %s %s %q until %s", e.StatementID, e.SubstatementID, e.Class, e.Command, e.ObjectName, e.CommandText, e.Params, until))
	}
	return lines
}

func TestForesee(t *testing.T) {
	q := func(text string) track.Item {
		return track.Item{Source: track.Query, Text: text, TextLen: len(text)}
	}
	single := audit.Config{CommandText: audit.Single}
	for _, test := range []struct {
		it   track.Item
		conf audit.Config
		want []string
	}{
		{q("insert into s.t select * from u"), single, []string{`5.1 WRITE INSERT s.t insert into s.t select * from u [] until 1`, `5.1 READ SELECT u insert into s.t select * from u [] until 1`}},
		{q("select 1"), single, []string{`5.1 READ SELECT  select 1 [] until 1`}},
		{q("begin; insert into t values (1); commit"), single,
			[]string{`5.1 MISC BEGIN  begin [] until 1`, `6.1 WRITE INSERT t insert into t values (1) [] until 2`, `7.1 MISC COMMIT  commit [] until 3`}},
		{q("create table t (i int)"), single, []string{`5.1 DDL CREATE TABLE  create table t (i int) [] until 1`}},
		{q("copy t from stdin"), single, []string{`5.1 WRITE COPY t copy t from stdin [] until 1`}},
		{q(""), single, nil},
		{q("-- nothing"), single, nil},
		{q("gibberish"), single, []string{`5.1 MISC UNKNOWN  gibberish [] until 1`}},
		// Secrets do not go to disk.
		{q("alter role r password 'hunter2'"), single, []string{`5.1 ROLE ALTER ROLE  alter role r password <REDACTED> [] until 1`}},
		{q("execute p('hunter2')"), single, []string{`5.1 MISC EXECUTE  execute p('<REDACTED>') [] until 1`}},
		{track.Item{Source: track.Execute, Text: "insert into t values ($1, $2)", TextLen: 29, Params: &track.Params{Types: []uint32{23, 25}, Formats: []int16{1, 0}, Values: [][]byte{{0, 0, 0, 9}, []byte("x")}}}, single,
			[]string{`5.1 WRITE INSERT t insert into t values ($1, $2) ["9" "x"] until 1`}},
		{track.Item{Source: track.Execute}, single, []string{`5.1 MISC UNKNOWN   [] until all`}},
		{track.Item{Source: track.FunctionCall, FunctionOID: 764}, single, []string{`5.1 FUNCTION EXECUTE   [] until all`}},
		// What was cut off may be more statements, or none.
		{track.Item{Source: track.Query, Text: "select 1", TextLen: 100}, single, []string{`5.1 READ SELECT  select 1… [cut: 92 bytes] [] until 1`}},
		{track.Item{Source: track.Query, Text: "select 1; select 2", TextLen: 100}, single,
			[]string{`5.1 READ SELECT  select 1 [] until 1`, `6.1 READ SELECT  select 2… [cut: 82 bytes] [] until all`}},
	} {
		got := foreseen(t, test.it, test.conf)
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], `"until`, `until`)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q:\n got %s\nwant %s", test.it.Text, strings.Join(got, "\n     "), strings.Join(test.want, "\n     "))
		}
	}
}

// TestForeseeIsBounded: no string makes more events than there is room for.
func TestForeseeIsBounded(t *testing.T) {
	many := strings.Repeat("select 1;", 5000)
	got := foreseen(t, track.Item{Source: track.Query, Text: many, TextLen: len(many)}, audit.Config{CommandText: audit.Single})
	if len(got) != 1001 || !strings.HasSuffix(got[999], "until 1000") || !strings.HasSuffix(got[1000], "until all") {
		t.Errorf("%d events, the last %s", len(got), got[len(got)-1])
	}
	long := strings.Repeat("select '"+strings.Repeat("x", 1000)+"';", 1000)
	got = foreseen(t, track.Item{Source: track.Query, Text: long, TextLen: len(long)}, audit.Config{})
	if n := len(strings.Join(got, "")); n > 4<<20 || !strings.HasSuffix(got[len(got)-1], "until all") {
		t.Errorf("%d events of %d bytes, the last %s", len(got), n, got[len(got)-1][len(got[len(got)-1])-20:])
	}
}
