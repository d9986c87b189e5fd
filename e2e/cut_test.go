package e2e

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/das-local/das-local/e2e/testbed"
)

// keep is --max-command-text of these tests.
const keep = 2000

var cutMark = regexp.MustCompile(`^(?s)(.*)… \[cut: ([0-9]+) bytes\]$`)

// checkCut: got is the beginning of whole, about keep bytes of it, and says how much is missing.
func checkCut(t *testing.T, got, whole string) {
	t.Helper()
	m := cutMark.FindStringSubmatch(got)
	if m == nil {
		t.Errorf("no mark at the end of %q", tailOf(got))
		return
	}
	n, _ := strconv.Atoi(m[2])
	if !strings.HasPrefix(whole, m[1]) || len(m[1])+n != len(whole) || len(m[1]) > keep || len(m[1]) < keep-3 || !utf8.ValidString(got) {
		t.Errorf("%d bytes and %d cut of %d: %q", len(m[1]), n, len(whole), tailOf(got))
	}
}

func tailOf(s string) string { return s[max(0, len(s)-80):] }

// TestCutTexts: what is longer than --max-command-text ends in a mark, in every kind of statement, and
// not within a character.
func TestCutTexts(t *testing.T) {
	p := startDAS(t, "--max-command-text=2000")
	tail, err := p.Tail()
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Stop()
	texts := map[string]string{
		"ascii":  "select length('" + strings.Repeat("x", 5000) + "')",
		"two":    "select length('" + strings.Repeat("ü", 5000) + "')",
		"two.1":  "select  length('" + strings.Repeat("ü", 5000) + "')",
		"three":  "select length('" + strings.Repeat("€", 5000) + "')",
		"three1": "select  length('" + strings.Repeat("€", 5000) + "')",
		"four":   "select length('" + strings.Repeat("𝄞", 5000) + "')",
		"insert": "insert into cut_missing values ('" + strings.Repeat("y", 5000) + "')",
		"do":     "do $$ begin perform '" + strings.Repeat("z", 5000) + "'; end $$",
		"mega":   "select length('" + strings.Repeat("m", 1<<20) + "')",
	}
	for name, text := range texts {
		for _, protocol := range []string{"simple", "extended"} {
			r := speak(t, p, "postgres", "cut-"+name+"-"+protocol)
			r.run(protocol, text, "")
			events := r.events(tail)
			if len(events) != 1 {
				t.Errorf("%s: %d events", name, len(events))
				continue
			}
			checkCut(t, events[0].Text(), text)
		}
	}
	t.Run("exact", func(t *testing.T) {
		text := "select '" + strings.Repeat("e", keep-9) + "'"
		r := speak(t, p, "postgres", "cut-exact")
		r.run("simple", text, "")
		if events := r.events(tail); len(events) != 1 || events[0].Text() != text {
			t.Errorf("%v", events)
		}
	})
	t.Run("string", func(t *testing.T) {
		text := "select 1; select 2; select '" + strings.Repeat("s", 5000) + "'; select 4"
		r := speak(t, p, "postgres", "cut-string")
		r.run("simple", text, "")
		events := r.events(tail)
		if len(events) != 4 {
			t.Fatalf("%v", briefs(events))
		}
		for _, e := range events {
			checkCut(t, e.Text(), text)
		}
	})
	t.Run("prepare", func(t *testing.T) { cutPrepared(t, p, tail) })
	t.Run("named", func(t *testing.T) { cutNamed(t, p, tail) })
	t.Run("error", func(t *testing.T) { cutError(t, p, tail) })
}

// cutPrepared is about a statement that is prepared and executed in SQL.
func cutPrepared(t *testing.T, p *testbed.Process, tail *testbed.Tail) {
	text := "prepare cp as select length('" + strings.Repeat("p", 5000) + "')"
	r := speak(t, p, "postgres", "cut-prepare")
	r.run("simple", text, "")
	r.run("simple", "execute cp", "")
	events := r.events(tail)
	for i, e := range events {
		if e.Command != "EXECUTE" {
			checkCut(t, e.Text(), text)
		} else if e.Text() != "execute cp" || i != len(events)-1 {
			t.Errorf("%s", e.Raw)
		}
	}
	if len(events) < 2 {
		t.Errorf("%v", briefs(events))
	}
}

// cutNamed is about a statement with a name, in the extended protocol.
func cutNamed(t *testing.T, p *testbed.Process, tail *testbed.Tail) {
	text := "select length('" + strings.Repeat("n", 5000) + "') + $1::int"
	r := speak(t, p, "postgres", "cut-named")
	r.send(&pgproto3.Parse{Name: "n", Query: text}, &pgproto3.Sync{}, &pgproto3.Bind{PreparedStatement: "n", Parameters: [][]byte{[]byte("1")}}, &pgproto3.Execute{}, &pgproto3.Sync{})
	r.silent(2)
	events := r.events(tail)
	if len(events) != 1 || len(events[0].ParamList) != 1 || events[0].ParamList[0] != "1" {
		t.Fatalf("%v", events)
	}
	checkCut(t, events[0].Text(), text)
}

// cutError is about the message of an error.
func cutError(t *testing.T, p *testbed.Process, tail *testbed.Tail) {
	message := strings.Repeat("ü", 100_000)
	r := speak(t, p, "postgres", "cut-error")
	r.run("simple", "do $$ begin raise exception '%', repeat('ü', 100000); end $$", "")
	events := r.events(tail)
	if len(events) != 1 || events[0].ErrorMessage == nil {
		t.Fatalf("%v", events)
	}
	if m := cutMark.FindStringSubmatch(*events[0].ErrorMessage); m == nil || !strings.HasPrefix(message, m[1]) {
		t.Errorf("%q", tailOf(*events[0].ErrorMessage))
	}
}

// TestCutSingle: with --command-text single, only the statement that was cut has the mark.
func TestCutSingle(t *testing.T) {
	p := startDAS(t, "--max-command-text=2000", "--command-text=single")
	tail, err := p.Tail()
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Stop()
	r := speak(t, p, "postgres", "cut-single")
	r.run("simple", "select 1 ; update cut_missing set a = '"+strings.Repeat("s", 5000)+"'", "")
	long := " insert into cut_missing values ('" + strings.Repeat("€", 5000) + "')"
	r.run("simple", long+"; select 3", "")
	events := r.events(tail)
	if len(events) != 3 || events[0].Text() != "select 1" || !strings.HasPrefix(events[1].Text(), "update cut_missing") || !cutMark.MatchString(events[1].Text()) {
		t.Fatalf("%v", briefs(events))
	}
	m := cutMark.FindStringSubmatch(events[2].Text())
	if m == nil || !strings.HasPrefix(long, " "+m[1]) {
		t.Errorf("%q", tailOf(events[2].Text()))
	}
}

// TestCutParams: a long parameter ends in the mark, and those after it are whole.
func TestCutParams(t *testing.T) {
	p := startDAS(t, "--max-command-text=2000")
	tail, err := p.Tail()
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Stop()
	text := strings.Repeat("ü", 3000)
	raw := strings.Repeat("\x00\xff", 3000)
	for name, c := range map[string]struct {
		typ    string
		format int16
		value  string
		check  func(got string)
	}{
		"text":        {"text", 0, text, func(got string) { checkCut(t, got, text) }},
		"text-binary": {"text", 1, text, func(got string) { checkCut(t, got, text) }},
		"jsonb":       {"jsonb", 1, "\x01\"" + text + "\"", func(got string) { checkCut(t, got, "\""+text+"\"") }},
		"array":       {"text[]", 0, "{" + text + "}", func(got string) { checkCut(t, got, "{"+text+"}") }},
		"varchar":     {"varchar", 1, text, func(got string) { checkCut(t, got, text) }},
		"bytea": {"bytea", 1, raw, func(got string) {
			if want := fmt.Sprintf("\\x%s… [cut: %d bytes]", hex.EncodeToString([]byte(raw[:keep])), len(raw)-keep); got != want {
				t.Errorf("bytea: %q", tailOf(got))
			}
		}},
	} {
		r := speak(t, p, "postgres", "cut-param-"+name)
		r.send(&pgproto3.Parse{Query: "select $1::" + c.typ + " is null, $2::int, $3::text, $4::text"},
			&pgproto3.Bind{ParameterFormatCodes: []int16{c.format, 0, 0, 0}, Parameters: [][]byte{[]byte(c.value), []byte("42"), nil, []byte("after")}},
			&pgproto3.Execute{}, &pgproto3.Sync{})
		if said := r.answer(1, ""); said[0] != "SELECT 1" {
			t.Fatalf("%s: %v", name, said)
		}
		events := r.events(tail)
		if len(events) != 1 || len(events[0].ParamList) != 3 || events[0].ParamList[1] != "42" || events[0].ParamList[2] != "after" {
			t.Fatalf("%s: %.300s", name, events[0].Raw)
		}
		c.check(events[0].ParamList[0])
	}
}

// TestCutSecrets: a secret at the cut is not told by half.
func TestCutSecrets(t *testing.T) {
	p := startDAS(t, "--max-command-text=2000")
	tail, err := p.Tail()
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Stop()
	texts := []struct{ before, after string }{
		{"alter role cut_missing connection limit 1 password '", "' valid until 'infinity'"},
		{"alter role cut_missing password $pw$", "$pw$"},
		{"alter role cut_missing password U&'", "' uescape '!'"},
		{"create user mapping for public server cut_missing options (user 'u', password '", "')"},
		{"select dblink_connect('host=h password=", " user=u')"},
		{"select dblink_connect('postgres://u:", "@h/d')"},
		{"set app.password = '", "'"},
		{"select set_config('app.password', '", "', false)"},
		{"do $$ begin execute 'alter role cut_missing password ''", "'''; end $$"},
		{"prepare cs as select dblink_connect('host=h password=", "')"},
	}
	for _, protocol := range []string{"simple", "extended"} {
		r := speak(t, p, "postgres", "cut-secret-"+protocol)
		for _, c := range texts {
			for _, at := range []int{1990, 1996, 2003} { // before, in, and after the kept part's end
				r.run(protocol, "/*"+strings.Repeat("c", at-len(secret)-len(c.before)-4)+"*/"+c.before+secret+c.after+" --"+strings.Repeat("d", 300), "")
			}
		}
		events := r.events(tail)
		if len(events) < 3*len(texts) {
			t.Errorf("%d events", len(events))
		}
		for _, e := range events {
			noSecret(t, protocol, string(e.Raw))
			if got := e.Text(); !cutMark.MatchString(got) && !strings.HasSuffix(got, " <REDACTED>") {
				t.Errorf("%s ends in %q", brief(e), tailOf(got))
			}
		}
	}
	for _, value := range []string{"host=h password=", "postgres://u:", "alter role r password '"} {
		value = strings.Repeat(" ", 1990-len(value)) + value + secret + strings.Repeat("x", 100)
		r := speak(t, p, "postgres", fmt.Sprint("cut-secret-param-", len(strings.TrimSpace(value))))
		r.send(&pgproto3.Parse{Query: "select $1::text"}, &pgproto3.Bind{Parameters: [][]byte{[]byte(value)}}, &pgproto3.Execute{}, &pgproto3.Sync{})
		r.silent(1)
		for _, e := range r.events(tail) {
			noSecret(t, "a parameter", string(e.Raw))
		}
	}
	noSecret(t, "the log", p.Stderr.String())
}
