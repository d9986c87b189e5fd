//go:build unix

package pgserver

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// pidFile is what a postmaster writes into its data directory.
type pidFile struct {
	pid    int
	status string // "starting", "stopping", "ready", "standby"
}

// statusLine is the line of postmaster.pid that has the status (counted from
// 0), since PostgreSQL 10.
const statusLine = 7

func readPIDFile(dataDir string) (pidFile, bool) {
	b, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return pidFile{}, false
	}
	lines := strings.Split(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 1 {
		return pidFile{}, false
	}
	p := pidFile{pid: pid}
	if len(lines) > statusLine {
		p.status = strings.TrimSpace(lines[statusLine])
	}
	return p, true
}

// stopLeftover ends the postmaster of a data directory whose owner is dead. A
// process id may have been given to another program since, so the process's
// arguments must name the directory.
func stopLeftover(dataDir string) {
	p, ok := readPIDFile(dataDir)
	if !ok || !namesDir(p.pid, dataDir) {
		return
	}
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		if syscall.Kill(p.pid, sig) != nil {
			return
		}
		for range 150 {
			if !namesDir(p.pid, dataDir) {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// namesDir says whether a process that lives has dataDir among its arguments.
func namesDir(pid int, dataDir string) bool {
	if args, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline"); err == nil {
		for arg := range bytes.SplitSeq(args, []byte{0}) {
			if string(arg) == dataDir {
				return true
			}
		}
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := runProgram(ctx, "ps", "-o", "command=", "-p", strconv.Itoa(pid))
	return err == nil && strings.Contains(out, dataDir)
}
