package track

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// foretell plays steps with intents, in chunks of n bytes, and shows the intents, the
// items about statements and what is settled, in the order in which they came.
func foretell(t testing.TB, n int, steps ...step) []string {
	t.Helper()
	numbers := uint64(0)
	tr := New(Config{Number: func() uint64 { numbers++; return numbers }})
	items, err := tr.Server(hello, time.Time{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	tr.Intend(true)
	var got []string
	tell := func(items []Item) {
		for _, it := range items {
			switch it.Kind {
			case Completed, Failed:
				got = append(got, fmt.Sprintf("%d: %s", it.Intent, show(it)))
			case Settled:
				got = append(got, fmt.Sprintf("%d settled", it.Intent))
			}
		}
	}
	tell(items)
	for _, st := range steps {
		for b := st.bytes; len(b) > 0; {
			k := min(n, len(b))
			if st.client {
				_, err = tr.Client(b[:k], time.Unix(1, 0))
			} else {
				items, err = tr.Server(b[:k], time.Unix(2, 0), nil)
				tell(items)
			}
			if err != nil {
				t.Fatal(err)
			}
			b = b[k:]
			for _, in := range tr.TakeIntents() {
				if in.Number != in.Intent {
					t.Errorf("intent %d has an item of %d", in.Number, in.Intent)
				}
				text := in.Text
				if in.FunctionOID != 0 {
					text = fmt.Sprint("function ", in.FunctionOID)
				}
				if in.Params != nil {
					text = fmt.Sprintf("%s %q", text, in.Params.Values)
				}
				got = append(got, fmt.Sprintf("%d? %s", in.Number, text))
			}
		}
	}
	tell(tr.Close(nil, time.Unix(3, 0), nil))
	return got
}

func TestIntents(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps []step
		want  string
	}{
		{"a query", []step{c(query("a")), s(tag("A"), zed('I'))}, `1? a|1: ok "a" tag=A|1 settled`},
		{"several statements", []step{c(query("a;b")), s(tag("A")), s(tag("B"), zed('I'))},
			`1? a;b|1: ok "a;b" tag=A|1: ok "a;b" #1 tag=B|1 settled`},
		{"an error drops the rest", []step{c(query("a;b")), s(failed("ERROR", "42601"), zed('I'))}, `1? a;b|1: failed "a;b" err=ERROR/42601|1 settled`},
		{"an empty query", []step{c(query("")), s(msg('I'), zed('I'))}, `1? |1: ok ""|1 settled`},
		{"a pipeline", []step{c(parse("", "a"), bind("", "", "x"), execute("", 0), parse("", "b"), bind("", "", "y"), execute("", 0), syncMsg),
			s(parsed, bound, tag("A"), parsed, bound, tag("B"), zed('I'))},
			`1? a ["x"]|2? b ["y"]|1: ok "a" tag=A params=["x"] types=[]|1 settled|2: ok "b" tag=B params=["y"] types=[]|2 settled`},
		{"a prepared statement", []step{c(parse("s", "a"), syncMsg), s(parsed, zed('I')), c(bind("", "s"), execute("", 0), syncMsg), s(bound, tag("A"), zed('I'))},
			`1? a|1: ok "a" name=s tag=A|1 settled`},
		{"an error skips the rest", []step{c(parse("", "a"), bind("", ""), execute("", 0), bind("", ""), execute("", 0), syncMsg),
			s(parsed, bound, failed("ERROR", "22012"), zed('I'))}, `1? a|2? a|1: failed "a" err=ERROR/22012|1 settled|2 settled`},
		{"an error before Execute", []step{c(parse("", "a"), bind("", ""), execute("", 0), syncMsg), s(failed("ERROR", "42601"), zed('I'))},
			`1? a|0: failed "a" err=ERROR/42601|1 settled`},
		{"portions are one", []step{c(parse("", "many"), bind("p", ""), execute("p", 2), execute("p", 2), syncMsg),
			s(parsed, bound, row, suspended, row, suspended, zed('T')), c(execute("p", 0), syncMsg), s(row, tag("SELECT 1"), zed('T')),
			c(execute("p", 0), syncMsg), s(tag("SELECT 0"), zed('T'))},
			`1? many|1: ok "many" tag=SELECT 1 rows=3|1 settled`},
		{"portions left behind", []step{c(parse("", "many"), bind("p", ""), execute("p", 2), syncMsg), s(parsed, bound, row, suspended, zed('T')),
			c(query("commit")), s(tag("COMMIT"), zed('I'))},
			`1? many|2? commit|2: ok "commit" tag=COMMIT|2 settled|1: ok "many" rows=1 partial|1 settled`},
		{"a portal that nobody knows", []step{c(execute("c", 2), syncMsg), s(row, suspended, zed('T')), c(execute("c", 2), syncMsg), s(row, tag("FETCH 1"), zed('T'))},
			`1? |1: ok "" tag=FETCH 1 rows=2|1 settled`},
		{"copy in", []step{c(query("copy")), s(copyInRsp), c(copyData, copyDone), s(tag("COPY 1"), zed('I'))}, `1? copy|1: ok "copy" tag=COPY 1|1 settled`},
		{"a function call", []step{c(msg('F', int32(764), int16(0), int16(0), int16(0))), s(msg('V', int32(-1)), zed('I'))},
			`1? function 764|1: ok "" function=764|1 settled`},
		{"replication", []step{c(query("START_REPLICATION")), s(msg('W', byte(0), int16(0)))}, `1? START_REPLICATION|1: ok "START_REPLICATION" tag=START_REPLICATION|1 settled`},
		{"lost", []step{c(query("a"), query("b")), s(tag("A"), zed('I'))},
			`1? a|2? b|1: ok "a" tag=A|1 settled|2: failed "b" err=FATAL/08007|2 settled`},
		{"all that may have run is lost", []step{c(parse("", "a"), bind("", ""), execute("", 0), syncMsg, query("b;c"), query("d")), s(parsed, bound)},
			`1? a|2? b;c|3? d|1: failed "a" err=FATAL/08007|1 settled|2: failed "b;c" err=FATAL/08007|2 settled|3: failed "d" err=FATAL/08007|3 settled`},
		{"lost in the middle of a string", []step{c(query("a;b")), s(tag("A"))}, `1? a;b|1: ok "a;b" tag=A|1: failed "a;b" #1 err=FATAL/08007|1 settled`},
		{"lost in portions", []step{c(parse("", "many"), bind("p", ""), execute("p", 2), syncMsg), s(parsed, bound, row, suspended, zed('T')), c(execute("p", 2))},
			`1? many|1: failed "many" rows=1 err=FATAL/08007|1 settled`},
		{"the server's own end is no question", []step{c(query("a"), query("b")), s(failed("FATAL", "57P01"))},
			`1? a|2? b|1: failed "a" err=FATAL/57P01|1 settled|2 settled`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := strings.Join(foretell(t, 1<<20, test.steps...), "|"); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestEveryIntentIsSettled plays all flows with intents: each is settled once, and what
// ran has one.
func TestEveryIntentIsSettled(t *testing.T) {
	for _, f := range flows {
		t.Run(f.name, func(t *testing.T) {
			for _, n := range []int{1 << 20, 1, 7} {
				checkIntents(t, foretell(t, n, f.steps...))
			}
		})
	}
}

func checkIntents(t *testing.T, lines []string) {
	t.Helper()
	state := map[string]int{}
	for _, line := range lines {
		number, rest, _ := strings.Cut(line, " ")
		switch {
		case strings.HasSuffix(number, "?"):
			state[strings.TrimSuffix(number, "?")]++
		case rest == "settled":
			if state[number] != 1 {
				t.Errorf("%s is settled, but it is %d", number, state[number])
			}
			state[number]++
		case number != "0:" && state[strings.TrimSuffix(number, ":")] != 1:
			t.Errorf("%s comes when its intent is %d", line, state[strings.TrimSuffix(number, ":")])
		case number == "0:" && strings.HasPrefix(rest, "ok") && !strings.Contains(rest, "bound"):
			t.Errorf("%s ran without an intent", rest)
		}
	}
	for number, n := range state {
		if n != 2 {
			t.Errorf("%s is not settled: %q", number, lines)
		}
	}
}

// FuzzIntents: whatever both sides say, each intent is settled once.
func FuzzIntents(f *testing.F) {
	for _, flow := range flows {
		f.Add(script(flow.steps))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		numbers := uint64(0)
		tr := New(Config{MaxText: 64, MaxStatements: 4, MaxBytes: 1024, Number: func() uint64 { numbers++; return numbers }})
		items, _ := tr.Server(hello, time.Time{}, nil)
		tr.Intend(true)
		var told []uint64
		for _, st := range rounds(b) {
			var err error
			if st.client {
				_, err = tr.Client(st.bytes, time.Time{})
				for _, in := range tr.TakeIntents() {
					told = append(told, in.Number)
				}
			} else {
				items, err = tr.Server(st.bytes, time.Time{}, items)
			}
			if err != nil {
				break
			}
		}
		var settled []uint64
		for _, it := range tr.Close(nil, time.Time{}, items) {
			if it.Kind == Settled {
				settled = append(settled, it.Intent)
			}
		}
		for _, in := range tr.TakeIntents() {
			told = append(told, in.Number)
		}
		slices.Sort(settled)
		if !slices.Equal(told, settled) {
			t.Errorf("told %v, settled %v", told, settled)
		}
	})
}
