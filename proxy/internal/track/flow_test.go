package track

import (
	"slices"
	"strings"
	"testing"
)

// flows are conversations and what the tracker says about them. Each is played
// whole and in chunks of 1, 2, 3, 7 and 11 bytes.
var flows = []struct {
	name  string
	steps []step
	want  []string
}{
	{"simple", []step{c(query("select 1")), s(msg('T', int16(0)), row, tag("SELECT 1"), zed('I'))},
		[]string{`ok "select 1" tag=SELECT 1 rows=1`}},
	{"empty", []step{c(query("")), s(msg('I'), zed('I'))}, []string{`ok ""`}},
	{"several statements", []step{c(query("select 1; select 2;x")), s(row, tag("SELECT 1"), row, row, tag("SELECT 2"), failed("ERROR", "42601"), zed('I'))},
		[]string{`ok "select 1; select 2;x" tag=SELECT 1 rows=1`, `ok "select 1; select 2;x" #1 tag=SELECT 2 rows=2`,
			`failed "select 1; select 2;x" #2 err=ERROR/42601`}},
	{"extended", []step{c(parse("", "select $1", 23), msg('D', byte('S'), ""), bind("", "", "7"), execute("", 0), syncMsg),
		s(parsed, msg('t', int16(1), int32(23)), msg('T', int16(0)), bound, row, tag("SELECT 1"), zed('I'))},
		[]string{`ok "select $1" tag=SELECT 1 rows=1 params=["7"] types=[23]`}},
	{"types from the server", []step{c(parse("a", "select $1"), msg('D', byte('S'), "a"), syncMsg),
		s(parsed, msg('t', int16(1), int32(25)), noData, zed('I')),
		c(bind("", "a", "x"), execute("", 0), syncMsg), s(bound, tag("SELECT 0"), zed('I'))},
		[]string{`ok "select $1" name=a tag=SELECT 0 params=["x"] types=[25]`}},
	{"pipeline with an error", []step{
		c(parse("", "a"), bind("", ""), execute("", 0), parse("", "b"), bind("", ""), execute("", 0), parse("", "c"), bind("", ""), execute("", 0), syncMsg, query("d")),
		s(parsed, bound, tag("A"), parsed, bound, failed("ERROR", "22012"), zed('I'), tag("D"), zed('I'))},
		[]string{`ok "a" tag=A`, `failed "b" err=ERROR/22012`, `ok "d" tag=D`}},
	{"error before the sync was sent", []step{
		c(parse("", "a"), flushMsg), s(failed("ERROR", "42601")),
		c(bind("", ""), execute("", 0), query("ignored")), c(syncMsg), s(zed('I')), c(query("b")), s(tag("B"), zed('I'))},
		[]string{`failed "a" err=ERROR/42601`, `ok "b" tag=B`}},
	{"bind fails", []step{c(parse("p", "select $1", 23), bind("", "p", "x"), execute("", 0), syncMsg), s(parsed, failed("ERROR", "22P02"), zed('I'))},
		[]string{`failed "select $1" name=p params=["x"] types=[23] err=ERROR/22P02`}},
	{"sync's own commit fails", []step{c(parse("", "insert"), bind("", ""), execute("", 0), syncMsg),
		s(parsed, bound, tag("INSERT 0 1"), failed("ERROR", "23503"), zed('I')), c(query("a")), s(tag("A"), zed('I'))},
		[]string{`ok "insert" tag=INSERT 0 1`, `failed "insert" err=ERROR/23503`, `ok "a" tag=A`}},
	{"a failed parse keeps the old text", []step{
		c(parse("", "old"), syncMsg), s(parsed, zed('I')),
		c(parse("", "new"), syncMsg), s(failed("ERROR", "42601"), zed('I')),
		c(bind("", ""), execute("", 0), syncMsg), s(bound, tag("OLD"), zed('I'))},
		[]string{`failed "new" err=ERROR/42601`, `ok "old" tag=OLD`}},
	{"portal before statement", []step{c(parse("b", "sb"), parse("a", "sa"), bind("a", "b"), execute("a", 0), syncMsg), s(parsed, parsed, bound, tag("X"), zed('I'))},
		[]string{`ok "sb" name=b tag=X`}},
	{"unknown names", []step{c(bind("", "nobody"), execute("", 0), execute("cursor", 1), syncMsg), s(bound, tag("A"), tag("B"), zed('I'))},
		[]string{`ok "" name=nobody tag=A`, `ok "" tag=B`}},
	{"dropped names", []step{c(parse("a", "sa"), parse("b", "sb"), syncMsg), s(parsed, parsed, zed('I')),
		c(msg('C', byte('S'), "a"), bind("", "a"), execute("", 0), syncMsg), s(closed, bound, tag("A"), zed('I')),
		c(query(`DEALLOCATE "b"`)), s(tag("DEALLOCATE"), zed('I')), c(bind("", "b"), execute("", 0), syncMsg), s(bound, tag("B"), zed('I'))},
		[]string{`ok "" name=a tag=A`, `ok "DEALLOCATE \"b\"" tag=DEALLOCATE`, `ok "" name=b tag=B`}},
	{"discard all", []step{c(parse("a", "sa"), syncMsg), s(parsed, zed('I')), c(query("discard all")), s(tag("DISCARD ALL"), zed('I')),
		c(bind("", "a"), execute("", 0), syncMsg), s(bound, tag("A"), zed('I'))},
		[]string{`ok "discard all" tag=DISCARD ALL`, `ok "" name=a tag=A`}},
	{"rows in portions", []step{c(parse("", "many"), bind("p", ""), execute("p", 2), flushMsg), s(parsed, bound, row, row, suspended),
		c(execute("p", 2), flushMsg), s(row, row, suspended), c(execute("p", 2), syncMsg), s(row, tag("SELECT 1"), zed('I'))},
		[]string{`ok "many" tag=SELECT 1 rows=5`}},
	{"portions cut by close", []step{c(parse("", "many"), bind("p", ""), execute("p", 2), msg('C', byte('P'), "p"), syncMsg),
		s(parsed, bound, row, row, suspended, closed, zed('I'))}, []string{`ok "many" rows=2 partial`}},
	{"portions cut by a simple query, which ends the unnamed portal", []step{c(parse("", "many"), bind("", ""), execute("", 1), syncMsg),
		s(parsed, bound, row, suspended, zed('T')), c(query("commit")), s(tag("COMMIT"), zed('I'))},
		[]string{`ok "many" rows=1 partial`, `ok "commit" tag=COMMIT`}},
	{"portions cut by the end of the transaction", []step{c(parse("", "select"), bind("p", ""), execute("p", 1), syncMsg),
		s(parsed, bound, row, suspended, zed('T')), c(query("commit")), s(tag("COMMIT"), zed('I'))},
		[]string{`ok "commit" tag=COMMIT`, `ok "select" rows=1 partial`}},
	{"bound and not run", []step{c(parse("", "/* x */ (select 1)"), bind("", ""), syncMsg), s(parsed, bound, zed('I'))},
		[]string{`ok "/* x */ (select 1)" partial bound`}},
	{"bound and not run, but no query", []step{c(parse("", "insert"), bind("", ""), syncMsg), s(parsed, bound, zed('I'))}, nil},
	{"bound and failed", []step{c(parse("", "select 1"), bind("", ""), execute("", 0), syncMsg),
		s(parsed, bound, failed("ERROR", "22012"), zed('I'))}, []string{`failed "select 1" err=ERROR/22012`}},
	{"portions cut by a new bind", []step{c(parse("", "many"), bind("", ""), execute("", 1), bind("", ""), execute("", 0), syncMsg),
		s(parsed, bound, row, suspended, bound, row, tag("SELECT 1"), zed('I'))},
		[]string{`ok "many" rows=1 partial`, `ok "many" tag=SELECT 1 rows=1`}},
	{"copy in", []step{c(query("copy t from stdin")), s(copyInRsp), c(copyData, copyDone), s(tag("COPY 1"), zed('I'))},
		[]string{`ok "copy t from stdin" tag=COPY 1`}},
	{"copy in, extended", []step{c(parse("", "copy"), bind("", ""), msg('D', byte('P'), ""), execute("", 0), syncMsg),
		s(parsed, bound, noData, copyInRsp), c(copyData, syncMsg, flushMsg, copyDone, syncMsg), s(tag("COPY 1"), zed('I')), c(query("a")), s(tag("A"), zed('I'))},
		[]string{`ok "copy" tag=COPY 1`, `ok "a" tag=A`}},
	{"copy in, all sent at once", []step{c(parse("", "copy"), bind("", ""), execute("", 0), syncMsg, copyData, syncMsg, copyDone, syncMsg, query("a")),
		s(parsed, bound, copyInRsp, tag("COPY 1"), zed('I'), tag("A"), zed('I'))}, []string{`ok "copy" tag=COPY 1`, `ok "a" tag=A`}},
	{"two copies in one string", []step{c(query("copy;copy"), copyData, copyDone, copyDone), s(copyInRsp, tag("COPY 1"), copyInRsp, tag("COPY 0"), zed('I'))},
		[]string{`ok "copy;copy" tag=COPY 1`, `ok "copy;copy" #1 tag=COPY 0`}},
	{"copy in fails at the server", []step{c(query("copy")), s(copyInRsp), c(copyData), s(failed("ERROR", "22P02"), zed('I')), c(copyData, copyDone, query("a")), s(tag("A"), zed('I'))},
		[]string{`failed "copy" err=ERROR/22P02`, `ok "a" tag=A`}},
	{"extended copy in fails at the server", []step{c(parse("", "copy"), bind("", ""), execute("", 0), flushMsg), s(parsed, bound, copyInRsp),
		c(copyData), s(failed("ERROR", "22P02")), c(copyData, copyDone, syncMsg), s(zed('I')), c(query("a")), s(tag("A"), zed('I'))},
		[]string{`failed "copy" err=ERROR/22P02`, `ok "a" tag=A`}},
	{"copy fail", []step{c(query("copy")), s(copyInRsp), c(msg('f', "no")), s(failed("ERROR", "57014"), zed('I'))}, []string{`failed "copy" err=ERROR/57014`}},
	{"copy out", []step{c(query("copy t to stdout")), s(msg('H', byte(0), int16(0)), copyData, copyData, copyDone, tag("COPY 2"), zed('I'))},
		[]string{`ok "copy t to stdout" tag=COPY 2`}},
	{"function call", []step{c(msg('F', int32(764), int16(0), int16(1), int32(1), []byte("x"), int16(0))), s(msg('V', int32(-1)), zed('I')),
		c(msg('F', int32(765), int16(0), int16(0), int16(0))), s(failed("ERROR", "42883"), zed('I'))},
		[]string{`ok "" function=764 params=["x"] types=[]`, `failed "" function=765 err=ERROR/42883`}},
	{"replication", []step{c(query("START_REPLICATION 0/0")), s(msg('W', byte(0), int16(0)), copyData), c(copyData, copyDone), s(copyDone, tag("START_STREAMING"), zed('I')),
		c(query("IDENTIFY_SYSTEM")), s(row, tag("SELECT"), tag("IDENTIFY_SYSTEM"), zed('I'))},
		[]string{`ok "START_REPLICATION 0/0" tag=START_REPLICATION`, `ok "IDENTIFY_SYSTEM" tag=IDENTIFY_SYSTEM rows=1`}},
	{"asynchronous messages", []step{s(msg('N', byte(0))), c(query("a")), s(msg('A', int32(1), "c", "p"), msg('N', byte(0)), tag("A"), msg('A', int32(1), "c", "p"), zed('I'))},
		[]string{`ok "a" tag=A`}},
	{"fatal", []step{c(query("a")), s(failed("FATAL", "57P01"))}, []string{`failed "a" err=FATAL/57P01`, `end err=FATAL/57P01`}},
	{"fatal while idle", []step{s(failed("FATAL", "57P05"))}, []string{`end err=FATAL/57P05`}},
	{"lost", []step{c(parse("", "a"), bind("", "", "x"), execute("", 0), syncMsg)}, []string{`failed "a" params=["x"] types=[] err=FATAL/08006`}},
	{"terminate", []step{c(msg('X'))}, []string{`end clean`}},
}

func TestFlows(t *testing.T) {
	for _, f := range flows {
		t.Run(f.name, func(t *testing.T) {
			want := f.want
			if len(want) == 0 || !strings.HasPrefix(want[len(want)-1], "end") {
				want = append(slices.Clip(want), "end")
			}
			for _, n := range []int{1 << 20, 1, 2, 3, 7, 11} {
				got := play(t, Config{}, n, f.steps...)
				if !slices.Equal(got, want) {
					t.Errorf("in chunks of %d:\n got %s\nwant %s", n, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
				}
			}
		})
	}
}
