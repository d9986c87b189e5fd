package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// pseudoTerminal is a terminal whose user is the test.
// See https://man7.org/linux/man-pages/man4/pts.4.html
type pseudoTerminal struct {
	testbed.Log    // all that was written to it
	user, programs *os.File
	read           chan error // the end of reading
}

func openTerminal(t *testing.T) *pseudoTerminal {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var locked, number int32
	for request, to := range map[uintptr]*int32{syscall.TIOCSPTLCK: &locked, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, user.Fd(), request, uintptr(unsafe.Pointer(to))); errno != 0 {
			t.Fatal(errno)
		}
	}
	programs, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &pseudoTerminal{user: user, programs: programs, read: make(chan error, 1)}
	t.Cleanup(func() { _, _ = user.Close(), programs.Close() })
	return p
}

// start starts a command whose standard error the terminal is, and reads what it
// writes there until it has ended.
func (p *pseudoTerminal) start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Stderr = p.programs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := p.programs.Close(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the last program at the terminal
		b := make([]byte, 4096)
		for {
			n, err := p.user.Read(b)
			_, _ = p.Write(b[:n]) // it cannot fail
			if err != nil {
				p.read <- err
				return
			}
		}
	}()
}

// wait waits for the end, and returns what was written.
func (p *pseudoTerminal) wait(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	err := cmd.Wait()
	if end := await.Receive(t, "the end of the terminal", p.read); !errors.Is(end, syscall.EIO) {
		t.Error(end)
	}
	if err != nil {
		t.Errorf("%v: %v\n%q", cmd.Args, err, p.String())
	}
	return p.String()
}

// drawn is a step on a terminal.
func drawn(what string) *regexp.Regexp {
	return regexp.MustCompile(`\r\x1b\[\?7l(\x1b\[36m)?` + regexp.QuoteMeta(what) + `(\x1b\[0m)? … (\x1b\[90m)?[0-9]+ s(\x1b\[0m)?\x1b\[K\x1b\[\?7h`)
}

const lineGone = "\r\x1b[K"

// TestProgressOfStart: who starts das-local for the first time at a terminal sees what it
// does, and in the end where everything is and nothing else.
func TestProgressOfStart(t *testing.T) {
	s := newSite(t)
	ports, err := testbed.FreePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	cmd := das(t, "up", fmt.Sprintf("--listen=127.0.0.1:%d", ports[0]), fmt.Sprintf("--aws-listen=127.0.0.1:%d", ports[1]))
	cmd.Env = append(cmd.Env, s.env...)
	cmd.Env = append(cmd.Env, "XDG_CACHE_HOME="+filepath.Join(s.tmp, "cache"), "TERM=xterm", "NO_COLOR=")
	out := new(testbed.Log)
	cmd.Stdout = out
	screen := openTerminal(t)
	screen.start(t, cmd)
	await.Seen(t, "the start-up lines", func() (any, bool) {
		return out.String() + screen.String(), strings.Contains(out.String(), "das-local tail --endpoint")
	})
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	text := screen.wait(t, cmd)
	for _, step := range []string{"starting das-local", "initialising a PostgreSQL", "ending: "} {
		if !strings.Contains(text, "\x1b[36m"+step) {
			t.Errorf("%q is not shown: %q", step, text)
		}
	}
	if !drawn("starting das-local").MatchString(text) || !strings.HasSuffix(text, lineGone) {
		t.Errorf("the terminal got %q", text)
	}
	if strings.Contains(text, "msg=\"initialising") || strings.Contains(out.String(), "\x1b") || !strings.HasPrefix(out.String(), "psql ") {
		t.Errorf("the log and the output: %q, %q", text, out)
	}
	if err := os.RemoveAll(filepath.Join(s.tmp, "cache")); err != nil {
		t.Error(err)
	}
	s.clean("after the start at a terminal")
}

// TestProgressOfStreams: so does who waits for a stream. Without a terminal it is two
// lines.
func TestProgressOfStreams(t *testing.T) {
	p := startDAS(t, "--start-stream=off", "--heartbeat=0")
	at := func(change string, env ...string) (out, screen string) {
		t.Helper()
		cmd := das(t, change+"-activity-stream", "--endpoint", p.Endpoint)
		cmd.Env = append(cmd.Env, env...)
		stdout, terminal := new(testbed.Log), openTerminal(t)
		cmd.Stdout = stdout
		terminal.start(t, cmd)
		screen = terminal.wait(t, cmd)
		return stdout.String(), screen
	}
	out, screen := at("start", "TERM=xterm", "NO_COLOR=")
	if !drawn("the stream of my-cluster is starting").MatchString(screen) || !strings.Contains(screen, "\x1b[36m") || !strings.HasSuffix(screen, lineGone) ||
		!strings.HasPrefix(out, "aws-rds-das-cluster-") || strings.Count(out, "\n") != 1 {
		t.Errorf("a start in colours: %q, %q", out, screen)
	}
	out, screen = at("stop", "TERM=xterm", "NO_COLOR=1")
	if !drawn("the stream of my-cluster is stopping").MatchString(screen) || strings.Contains(screen, "\x1b[36m") || !strings.HasSuffix(screen, lineGone) ||
		out != "the activity stream of my-cluster is stopped\n" {
		t.Errorf("a stop without colours: %q, %q", out, screen)
	}
	lines := regexp.MustCompile(`^das-local: the stream of my-cluster is (start|stopp)ing …\r?\ndas-local: the stream of my-cluster is (start|stopp)ing: done in [0-9.]+ s\r?\n$`)
	if out, screen = at("start", "TERM=dumb"); !lines.MatchString(screen) || !strings.HasPrefix(out, "aws-rds-das-cluster-") {
		t.Errorf("a start at a terminal that knows no lines: %q, %q", out, screen)
	}
	r := runCmd(t, das(t, "stop-activity-stream", "--endpoint", p.Endpoint))
	if r.code != 0 || !lines.MatchString(r.stderr) || r.stdout != "the activity stream of my-cluster is stopped\n" {
		t.Errorf("a stop without a terminal: %+v", r)
	}
}
