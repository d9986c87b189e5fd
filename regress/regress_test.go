package main

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
)

func run4(a, b, c, d string) outcomes {
	return outcomes{"a": {text: a}, "b": {text: b}, "c": {text: c}, "d": {text: d}}
}

func TestJudge(t *testing.T) {
	alone := []outcomes{run4("passed", "passed", "passed", "failed"), run4("passed", "failed", "passed", "failed")}
	through := run4("passed", "passed", "failed", "failed")
	through["new"] = outcome{text: "passed"}
	v := judge(alone, through)
	if want := map[string]string{"a": "passed", "d": "failed"}; !reflect.DeepEqual(v.same, want) {
		t.Errorf("same: %v", v.same)
	}
	if !slices.Equal(v.different, []string{"c", "new"}) || !slices.Equal(v.unstable, []string{"b"}) {
		t.Errorf("different %v, unstable %v", v.different, v.unstable)
	}
	if got := v.tally(); got != " (1 failed, 1 passed)" {
		t.Error(got)
	}
	delete(through, "a")
	if v := judge(alone, through); !slices.Contains(v.different, "a") {
		t.Error("a test that did not run through das-local is no difference")
	}
	v.settle(func(test string) string { return map[string]string{"new": "why"}[test] })
	if !slices.Equal(v.different, []string{"c"}) || !slices.Contains(v.unstable, "new (why)") {
		t.Errorf("settled: different %v, unstable %v", v.different, v.unstable)
	}
}

func TestFirstDifference(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"x\ny\n", "x\nz\n", "line 2:"}, {"x", "x\ny", "line 2:"}, {"x\ny", "x", "(end)"}, {"x", "x", "none"},
	} {
		if got := firstDifference(c.a, c.b); !strings.Contains(got, c.want) {
			t.Errorf("%q, %q: %s", c.a, c.b, got)
		}
	}
}

func TestLedger(t *testing.T) {
	l := &ledger{sessions: make(map[string]*session)}
	event := func(session string, id int64, command string) {
		l.add(testbed.Event{SessionID: session, StatementID: id, Command: command})
	}
	event("good", 1, "CONNECT")
	event("gap", 1, "CONNECT")
	event("good", 3, "DISCONNECT")
	event("good", 2, "SELECT")
	event("good", 2, "SELECT") // a second object
	event("gap", 3, "DISCONNECT")
	event("refused", 1, "AUTH FAILURE")
	if l.open != 0 {
		t.Errorf("%d sessions are open", l.open)
	}
	event("open", 1, "CONNECT")
	if got, want := l.gaps(), []string{"gap: 2 of 3 statements", "open: no end"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestComplaints(t *testing.T) {
	log := "time=x level=INFO msg=a\n\ntime=x level=WARN msg=b\npanic: c\n"
	if got := complaints(log); !slices.Equal(got, []string{"time=x level=WARN msg=b", "panic: c"}) {
		t.Errorf("%q", got)
	}
}

func TestReadGoTests(t *testing.T) {
	line := func(action, pkg, test string) string {
		return fmt.Sprintf(`{"Action":%q,"Package":%q,"Test":%q,"Output":"said\n"}`+"\n", action, pkg, test)
	}
	got, err := readGoTests([]byte(line("run", pgxModule, "TestA") + line("output", pgxModule, "TestA") + line("fail", pgxModule, "TestA") +
		line("pass", pgxModule+"/pgconn", "TestB/dir="+os.TempDir()+"/TestB12/x") + line("output", pgxModule, "TestPanics") + line("pass", pgxModule, "")))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"./TestA": "failed", "./pgconn/TestB/dir=TMP/x": "passed", "./TestPanics": "failed"}
	for name, text := range want {
		if got[name].text != text {
			t.Errorf("%s: %q", name, got[name].text)
		}
	}
	if len(got) != len(want) || got["./TestA"].log == "" {
		t.Errorf("%v", got)
	}
	if _, err := readGoTests([]byte(`{"Action":"build-fail"}`)); err == nil {
		t.Error("a package that does not compile is no error")
	}
	if got := selectTests([]string{"./TestA", "./pgconn/TestB/dir=x/Testy", "./pgconn/TestB"}); got != "^(TestA|TestB)$" {
		t.Error(got)
	}
}

func TestReadJUnit(t *testing.T) {
	got, err := readJUnit([]byte(`<testsuites><testsuite><testcase classname="tests.test_a.TestX" name="good"/>
		<testcase classname="tests.test_a.TestX" name="bad"><failure>why</failure></testcase>
		<testcase classname="tests.test_a.TestX" name="late"><error>tear-down</error></testcase>
		<testcase classname="tests.test_a.TestX" name="late"/>
		<testcase classname="tests.test_a.TestX" name="not"><skipped>no</skipped></testcase></testsuite></testsuites>`))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"good": "passed", "bad": "failed", "late": "failed", "not": "skipped"} {
		if o := got["tests/test_a.py::TestX::"+name]; o.text != text {
			t.Errorf("%s: %+v", name, o)
		}
	}
}
