package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestFaultCommand adds faults that hit nobody else's test, lists them and clears them.
func TestFaultCommand(t *testing.T) {
	fault := func(args ...string) result {
		t.Helper()
		return runCmd(t, das(t, append([]string{"fault"}, append(args, "--endpoint", bed.proc.Endpoint)...)...))
	}
	var added struct {
		ID   int
		Kind string
	}
	r := fault("add", "throttle", "--operations", "rds:DescribeEvents,kinesis:DescribeLimits", "--caller", "clients", "--probability", "0.5", "--count", "3",
		"--duration", "1h", "--format", "json")
	if err := json.Unmarshal([]byte(r.stdout), &added); err != nil || r.code != 0 || added.ID == 0 || added.Kind != "throttle" {
		t.Fatalf("exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if r = fault("list"); r.code != 0 || !strings.Contains(r.stdout, "rds:DescribeEvents,kinesis:DescribeLimits  clients") || !strings.HasPrefix(r.stdout, "NUMBER") {
		t.Errorf("exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if r = fault("clear"); r.code != 0 || r.stdout != "" {
		t.Errorf("exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if r = fault("list", "--format", "json"); r.code != 0 || r.stdout != "" {
		t.Errorf("exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	for _, c := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"add", "quake"}, 1, `kind is "quake"; it must be one of clock-jump`},
		{[]string{"add", "disk-full"}, 1, "--data-dir"},
		{[]string{"add", "throttle", "--probability", "often"}, 2, `"often" is not a number`},
		{[]string{"add", "throttle", "--count", "1.5"}, 1, "cannot unmarshal number 1.5"},
		{[]string{"list", "all"}, 2, `"add KIND"`},
		{[]string{"add"}, 2, `"add KIND"`},
		{[]string{"clear", "one"}, 2, "is not the number of a fault"},
		{[]string{"clear", "77"}, 1, "no such fault: 77"},
		{[]string{}, 2, `"das-local fault -h" has examples`},
	} {
		if r := fault(c.args...); r.code != c.code || !strings.Contains(r.stderr, c.text) {
			t.Errorf("%q: exit status %d, %s", c.args, r.code, r.stderr)
		}
	}
	if r := runCmd(t, das(t, "fault", "list", "--endpoint", "http://127.0.0.1:1")); r.code != 1 || !strings.Contains(r.stderr, `nothing answers at http://127.0.0.1:1; run "das-local up"`) {
		t.Errorf("without a server: exit status %d, %s", r.code, r.stderr)
	}
	if r := runCmd(t, das(t, "fault", "-h")); r.code != 0 || !strings.Contains(r.stdout, "das-local fault add clock-jump --advance 169h") {
		t.Errorf("-h: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}
