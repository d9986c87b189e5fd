package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/das-local/das-local/e2e/testbed"
)

// sample is what one run of pgbench came to.
type sample struct {
	tps          float64
	transactions int
	cpu          float64 // seconds of the process in between
}

var (
	tpsLine   = regexp.MustCompile(`(?m)^tps = ([0-9.]+) \(without initial connection time\)`)
	countLine = regexp.MustCompile(`(?m)^number of transactions actually processed: (\d+)`)
	badLine   = regexp.MustCompile(`(?m)^number of failed transactions: ([1-9]\d*)`)
)

// measure runs a cell against a target.
func measure(ctx context.Context, t target, c cell, extra ...string) (sample, error) {
	before, err := cpuSeconds(t.pid)
	if err != nil {
		return sample{}, err
	}
	out, err := pgbench(ctx, t, "bench-"+c.mode, append(c.args(), extra...)...)
	if err != nil {
		return sample{}, err
	}
	after, err := cpuSeconds(t.pid)
	if err != nil {
		return sample{}, err
	}
	s := sample{cpu: after - before}
	tps, count := tpsLine.FindStringSubmatch(out), countLine.FindStringSubmatch(out)
	if tps == nil || count == nil || badLine.MatchString(out) {
		return s, fmt.Errorf("pgbench through %s did not do its work:\n%s", t.name, out)
	}
	if s.tps, err = strconv.ParseFloat(tps[1], 64); err != nil {
		return s, fmt.Errorf("read pgbench's result: %w", err)
	}
	s.transactions, err = strconv.Atoi(count[1])
	return s, err
}

// pgbench runs pgbench against a target and returns what it prints.
func pgbench(ctx context.Context, t target, application string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "pgbench", args...)
	cmd.Env = append(testbed.CleanEnv(), "PGHOST=127.0.0.1", "PGUSER="+t.user, "PGDATABASE="+database, "PGSSLMODE=disable",
		"PGAPPNAME="+application, "PGPORT="+strconv.Itoa(t.port))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("pgbench through %s: %w\n%s", t.name, err, out)
	}
	return string(out), nil
}

// tick is the unit of a process's times in /proc: 1/100 s on every Linux.
const tick = 100

// cpuSeconds is the CPU time that a process has used, its own and the
// system's on its behalf. It is 0 for pid 0.
func cpuSeconds(pid int) (float64, error) {
	if pid == 0 {
		return 0, nil
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	// The second field, the program's name, may hold blanks; the last ')' ends it.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("read CPU time: %q", b)
	}
	total := 0
	for _, f := range fields[11:13] { // utime, stime
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, fmt.Errorf("read CPU time: %w", err)
		}
		total += n
	}
	return float64(total) / tick, nil
}
