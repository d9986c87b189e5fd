package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Log collects what a process prints. It is safe for concurrent use.
type Log struct {
	mu  sync.Mutex // guards buf
	buf []byte
}

// Write appends to the log.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, b...)
	return len(b), nil
}

// String is all that was written so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.buf)
}

// Config says how das-local is started.
type Config struct {
	Bin      string              // what Build returned
	Args     []string            // flags after `up`; the addresses are set here
	Env      []string            // added to this process's environment, the last one wins
	Cred     *syscall.Credential // the user; nil is this process's own
	Addrs    bool                // the Args hold --listen and --aws-listen already
	ReadyFor time.Duration       // how long to wait for ready; 0 is two minutes
}

// Process is a running `das-local up`.
type Process struct {
	PGPort   int    // port of the writer instance
	Endpoint string // http://127.0.0.1:port of the AWS services
	Stdout   *Log
	Stderr   *Log

	bin  string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // what Wait said; read after done
}

// Start runs `das-local up` on free ports and returns once its health page says
// ready. On failure nothing is left running.
func Start(ctx context.Context, c Config) (p *Process, err error) {
	for range 3 { // somebody else may take a free port before das-local does
		p, err = start(ctx, c)
		if err == nil || c.Addrs || !strings.Contains(err.Error(), "taken") {
			break
		}
	}
	return p, err
}

func start(ctx context.Context, c Config) (*Process, error) {
	p, err := Launch(c)
	if err != nil {
		return nil, err
	}
	wait := c.ReadyFor
	if wait == 0 {
		wait = 2 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if err := p.AwaitReady(ctx); err != nil {
		p.Signal(syscall.SIGKILL)
		<-p.done
		return nil, fmt.Errorf("%w\nstdout:\n%s\nstderr:\n%s", err, p.Stdout, p.Stderr)
	}
	return p, nil
}

// Launch runs `das-local up` on free ports and does not wait for it.
func Launch(c Config) (*Process, error) {
	p := &Process{Stdout: new(Log), Stderr: new(Log), bin: c.Bin, done: make(chan struct{})}
	args := append([]string{"up"}, c.Args...)
	if !c.Addrs {
		ports, err := FreePorts(2)
		if err != nil {
			return nil, err
		}
		p.PGPort, p.Endpoint = ports[0], fmt.Sprintf("http://127.0.0.1:%d", ports[1])
		args = append(args, fmt.Sprintf("--listen=127.0.0.1:%d", ports[0]), fmt.Sprintf("--aws-listen=127.0.0.1:%d", ports[1]))
	}
	p.cmd = exec.Command(c.Bin, args...)
	p.cmd.Env = append(CleanEnv(), c.Env...)
	p.cmd.Stdout, p.cmd.Stderr = p.Stdout, p.Stderr
	p.cmd.WaitDelay = 5 * time.Second // a child that kept the pipes must not hang the test
	p.cmd.Dir = os.TempDir()
	err := startOwned(p.cmd, c.Cred, func() {
		p.err = p.cmd.Wait()
		close(p.done)
	})
	if err != nil {
		return nil, fmt.Errorf("start das-local: %w", err)
	}
	return p, nil
}

// CleanEnv is this process's environment without what would steer das-local,
// psql or an AWS client.
func CleanEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "DAS_LOCAL_") || strings.HasPrefix(kv, "AWS_") || strings.HasPrefix(kv, "PG")
	})
}

// AwaitReady returns once the health page at Endpoint says ready, or the process has ended.
func (p *Process) AwaitReady(ctx context.Context) error {
	for {
		if p.health(ctx) == "ready" {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("das-local ended before it was ready: %w", errors.Join(p.err))
		case <-ctx.Done():
			return errors.New("das-local did not get ready in time")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *Process) health(ctx context.Context) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Endpoint+"/_das/health", nil)
	if err != nil {
		return ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	var h struct{ Status, Postgres string }
	if resp.StatusCode != http.StatusOK || json.NewDecoder(resp.Body).Decode(&h) != nil {
		return ""
	}
	if h.Status == "ready" && !p.has(h.Postgres) {
		return "" // somebody else has taken the port
	}
	return h.Status
}

// has says whether an instance of this process may have the address: it has its own port, or
// one of those that follow. Nothing is known if it was started on given addresses.
func (p *Process) has(address string) bool {
	_, text, err := net.SplitHostPort(address)
	port, bad := strconv.Atoi(text)
	return p.PGPort == 0 || err == nil && bad == nil && port >= p.PGPort && port <= p.PGPort+100
}

// Alive says whether the process is still running.
func (p *Process) Alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends a signal to the process alone.
func (p *Process) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// Wait waits for the end and returns the exit status. A process that is still
// there after d is killed, which is an error.
func (p *Process) Wait(d time.Duration) (int, error) {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(d):
		p.Signal(syscall.SIGKILL)
		<-p.done
		return -1, fmt.Errorf("das-local was still running after %v\nstderr:\n%s", d, p.Stderr)
	}
}

// Stop asks the process to end as an operator would and waits for it.
func (p *Process) Stop() error {
	p.Signal(syscall.SIGTERM)
	code, err := p.Wait(2 * time.Minute)
	if err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("das-local exited with %d on SIGTERM\nstderr:\n%s", code, p.Stderr)
	}
	return nil
}

// URL is the address of a database through the proxy.
func (p *Process) URL(user, database, application string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable&application_name=%s", user, p.PGPort, database, application)
}
