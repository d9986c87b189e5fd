package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

// audited is the item of a record.
func audited(format string, args ...any) track.Item {
	text := "AUDIT: SESSION," + fmt.Sprintf(format, args...)
	return track.Item{Kind: track.Audited, Text: text, TextLen: len(text), End: time.Unix(2, 0)}
}

// ran is a statement of the extended protocol that completed.
func ran(text, tag string) track.Item {
	return track.Item{Kind: track.Completed, Source: track.Execute, Text: text, TextLen: len(text), Tag: tag, Start: time.Unix(1, 0), End: time.Unix(3, 0)}
}

func TestAssisted(t *testing.T) {
	classifier, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const q, f = "select 1", "select f()"
	const p, e = "prepare p as insert into t values ($1, $2, $3)", "execute p('', null::text, 'x')"
	for name, c := range map[string]struct {
		items []track.Item
		want  []string
	}{
		"a parallel worker's copies, in any language": {[]track.Item{
			audited("1,1,MISC,SET,,,set x = 1,<none>,0"), query("set x = 1", "SET"), ready('I'),
			audited("1,1,READ,SELECT,TABLE,public.t,%s,<none>,0", q), audited("1,1,READ,SELECT,TABLE,public.t,%s,<none>,0", q),
			audited("2,1,READ,SELECT,TABLE,public.t,%s,<none>,7", q), query(q, "SELECT 7"), ready('I')},
			[]string{"2.1 SET", "3.1 SELECT public.t 7"}},
		"late records": {[]track.Item{
			ready('T'), ran(q, "SELECT 1"), ready('T'), audited("1,1,READ,SELECT,,,%s,<none>,1", q), ran(f, "SELECT 1"), ready('T'),
			{Kind: track.Pause}, audited("2,1,READ,SELECT,,,%s,<none>,1", f), audited("3,1,MISC,COMMIT,,,commit,<none>,0"), query("commit", "COMMIT"), ready('I')},
			[]string{"2.1 SELECT 1", "3.1 SELECT 1", "4.1 COMMIT"}},
		"a number that a late record leaves free": {[]track.Item{
			ready('T'), audited("1,1,FUNCTION,EXECUTE,FUNCTION,public.f,%s,<none>,0", f), ran(f, "SELECT 1"), ready('T'), {Kind: track.Pause},
			audited("1,2,READ,SELECT,,,%s,<none>,1", f), audited("1,3,MISC,SHOW,,,show x,<none>,0"), query("show x", "SHOW"), ready('T')},
			[]string{"2.1 EXECUTE public.f", "2.2 SELECT 1", "2.3 SHOW"}},
		"a call beside a late statement of its text": {[]track.Item{
			ready('T'), audited("1,1,FUNCTION,EXECUTE,FUNCTION,public.f,%s,<none>,0", f), ran(f, "SELECT 1"), ready('T'), {Kind: track.Pause},
			audited("1,2,FUNCTION,EXECUTE,FUNCTION,public.f,%s,<none>,0", f), ran(f, "SELECT 1"), audited("1,3,READ,SELECT,,,%s,<none>,1", f),
			audited("1,4,READ,SELECT,,,%s,<none>,1", f), ready('I')},
			[]string{"2.1 EXECUTE public.f", "2.2 SELECT 1", "2.3 EXECUTE public.f", "2.4 SELECT 1"}},
		"a write that the server should have recorded": {[]track.Item{
			audited("1,1,FUNCTION,DO,,,do 'x',<none>,0"), query("do 'x'", "DO"), ready('I'), query("insert into t values (1)", "INSERT 0 1"), ready('I'),
			query("update t set a = 1", "UPDATE 0"), ready('I')},
			[]string{"2.1 DO", "3.1 INSERT t 1", "4.1 UPDATE t 0"}},
		"a rule that turns a write into nothing": {[]track.Item{
			audited("1,1,DDL,CREATE RULE,,,create rule,<none>,0"), query("create rule", "CREATE RULE"), ready('I'), query("insert into t values (1)", "INSERT 0 0"), ready('I')},
			[]string{"2.1 CREATE RULE"}},
		"NULL as an argument": {[]track.Item{
			audited(`1,1,WRITE,PREPARE,,,"%s",<none>,0`, p), query(p, "PREPARE"), ready('I'),
			audited(`2,1,WRITE,INSERT,TABLE,public.t,"%s",",,x",1`, p), audited(`2,2,MISC,EXECUTE,,,"%s",<none>,0`, e), query(e, "EXECUTE"), ready('I')},
			[]string{"2.1 PREPARE", `3.1 INSERT public.t 1 ["" "x"]`, "3.2 EXECUTE"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := audit.New(audit.Config{Classifier: classifier, Session: &activity.Session{}, Assisted: true, MaxText: 1000})
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.items {
				if it := &c.items[i]; it.TextLen == 0 {
					it.TextLen = len(it.Text)
				}
			}
			var got []string
			for _, e := range s.Apply(t.Context(), nil, c.items) {
				text := fmt.Sprintf("%d.%d %s", e.StatementID, e.SubstatementID, e.Command)
				if e.ObjectName != "" {
					text += " " + e.ObjectName
				}
				if e.RowCount != activity.NoRows {
					text += fmt.Sprint(" ", e.RowCount)
				}
				if len(e.Params) > 0 {
					text += fmt.Sprintf(" %q", e.Params)
				}
				got = append(got, text)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
}

// TestRecordsOfALongStatement: a statement has one event, however many records and bytes of
// text come before its own, and after it.
func TestRecordsOfALongStatement(t *testing.T) {
	classifier, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	f, long := "select f()", "select '"+strings.Repeat("x", 5<<20)+"'"
	for _, c := range []struct {
		inner int
		own   string
		at    int // how many come before it
	}{
		{510, f, 510}, {511, f, 511}, {512, f, 512}, {1023, f, 1023}, {0, long, 0}, {2, long, 2},
		{511, f, 0}, {512, f, 0}, {512, f, 100}, {1600, f, 0}, {1600, f, 700},
	} {
		s, err := audit.New(audit.Config{Classifier: classifier, Session: &activity.Session{}, Assisted: true, MaxText: 10 << 20})
		if err != nil {
			t.Fatal(err)
		}
		var items []track.Item
		for i := range c.inner + 1 {
			text := "select 1"
			if i == c.at {
				text = c.own
			}
			items = append(items, audited("1,%d,READ,SELECT,,,%s,<none>,1", i+1, text))
		}
		items = append(items, query(c.own, "SELECT 1"), ready('I'))
		own, all := 0, 0
		for _, e := range s.Apply(t.Context(), nil, items) {
			all++
			if e.CommandText == c.own {
				own++
			}
		}
		if own != 1 || all != c.inner+1 {
			t.Errorf("%d records, %d of them before that of %d bytes: %d events of the statement's text among %d", c.inner+1, c.at, len(c.own), own, all)
		}
	}
}
