//go:build unix

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// postmaster is one run of the server process.
type postmaster struct {
	cmd  *exec.Cmd
	log  *serverLog
	done chan struct{} // closed when the process has ended
	err  error         // of the process; read after done
}

// startPostmaster starts the process and waits until it accepts connections.
func startPostmaster(ctx context.Context, c Config, d *runDir, acct *account, port int) (*postmaster, error) {
	ctx, cancel := context.WithTimeout(ctx, c.StartTimeout)
	defer cancel()
	p := &postmaster{log: &serverLog{logger: c.Logger}, done: make(chan struct{})}
	p.cmd = exec.Command(filepath.Join(c.Installation.BinDir, "postgres"), "-D", d.data(), "-p", strconv.Itoa(port))
	p.cmd.Env = programEnv()
	p.cmd.Dir = d.data()
	p.cmd.SysProcAttr = postmasterAttr(acct)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.WaitDelay = 2 * time.Second // a backend that hangs may hold the pipe

	started := make(chan error, 1)
	go func() {
		// The kernel signals the process when the thread that started it
		// ends, so the thread is kept until the process is gone.
		runtime.LockOSThread()
		defer close(p.done)
		err := p.cmd.Start()
		started <- err
		if err == nil {
			err = p.cmd.Wait()
		}
		p.err = err
	}()
	if err := <-started; err != nil {
		<-p.done
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	if err := p.awaitReady(ctx, d.data()); err != nil {
		p.stop(syscall.SIGQUIT)
		return nil, err
	}
	return p, nil
}

// awaitReady polls postmaster.pid, as pg_ctl does: the file is the only place
// where the server says so without a connection.
func (p *postmaster) awaitReady(ctx context.Context, dataDir string) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if f, ok := readPIDFile(dataDir); ok && f.pid == p.cmd.Process.Pid && f.status == "ready" {
			return nil
		}
		select {
		case <-p.done:
			return p.endedAtOnce()
		case <-ctx.Done():
			return fmt.Errorf("wait for postgres: %w: %s", ctx.Err(), p.log.tail())
		case <-tick.C:
		}
	}
}

// Times that a shutdown may take before the next stronger signal.
const (
	fastShutdown = 3 * time.Second
	immediate    = 6 * time.Second // the postmaster itself kills after 5
)

// stop sends a signal, then stronger ones until the process has ended.
func (p *postmaster) stop(first syscall.Signal) {
	steps := []struct {
		sig  syscall.Signal
		wait time.Duration
	}{{syscall.SIGINT, fastShutdown}, {syscall.SIGQUIT, immediate}, {syscall.SIGKILL, 0}}
	for _, step := range steps {
		if first == syscall.SIGQUIT && step.sig == syscall.SIGINT {
			continue
		}
		_ = p.cmd.Process.Signal(step.sig) // it may have ended: done tells
		if step.wait == 0 {
			break
		}
		timer := time.NewTimer(step.wait)
		select {
		case <-p.done:
			timer.Stop()
			return
		case <-timer.C:
		}
	}
	<-p.done
}

// Why a server may end at once, other than by damage.
var (
	errPortTaken = errors.New("the port is taken")
	errSettings  = errors.New("PostgreSQL refuses the settings")
)

// endedAtOnce explains a server that ended before it was ready, from its log.
func (p *postmaster) endedAtOnce() error {
	log := p.log.tail()
	switch {
	case strings.Contains(log, "Address already in use"):
		return fmt.Errorf("%w: %s", errPortTaken, log)
	case strings.Contains(log, "configuration file") && strings.Contains(log, "contains errors"):
		return fmt.Errorf("%w: %s", errSettings, log)
	}
	return fmt.Errorf("postgres ended at once: %s", log)
}

// keptLines is how much of the server's log an error can quote.
const keptLines = 8

// serverLog passes the server's log on, line by line, and keeps the end of it.
type serverLog struct {
	logger *slog.Logger

	mu      sync.Mutex // guards the rest: Write and tail meet
	partial []byte
	last    []string
}

// maxLine bounds a line of the server's log: it quotes SQL of any length.
const maxLine = 4096

func (l *serverLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(b)
	for len(b) > 0 {
		line, rest, whole := strings.Cut(string(b), "\n")
		if room := maxLine - len(l.partial); room > 0 {
			l.partial = append(l.partial, line[:min(len(line), room)]...)
		}
		if whole {
			l.add(string(l.partial))
			l.partial = l.partial[:0]
		}
		b = []byte(rest)
	}
	return n, nil
}

func (l *serverLog) add(line string) {
	l.last = append(l.last, line)
	if len(l.last) > keptLines {
		l.last = l.last[1:]
	}
	l.logger.Debug("postgres: " + line)
}

// tail is the end of the log in one line.
func (l *serverLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.last, " / ")
}
