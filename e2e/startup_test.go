package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// psqlLine finds the psql command that das-local prints when it is ready.
var psqlLine = regexp.MustCompile(`psql "[^"\n]*"`)

// ownLine waits for the psql line: it comes with or right after readiness.
func ownLine(t *testing.T, p *testbed.Process) (line string) {
	t.Helper()
	await.Seen(t, "the psql line on standard output", func() (any, bool) {
		out := p.Stdout.String()
		line = psqlLine.FindString(out)
		return out, line != ""
	})
	return line
}

// query runs the psql line that das-local prints, as a newcomer does.
func query(t *testing.T, p *testbed.Process, sql string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", ownLine(t, p)+` -X -A -t -c "$SQL"`)
	cmd.Env = append(testbed.CleanEnv(), "SQL="+sql)
	return strings.TrimSpace(mustRun(t, cmd))
}

// TestEmbedded starts without an upstream, as a newcomer does, and ends by
// either signal, idle or with a session open.
func TestEmbedded(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			p := s.start(testbed.Config{})
			if got := query(t, p, "select 40 + 2"); got != "42" {
				t.Errorf("psql printed %q", got)
			}
			stream := newCloud(p).cluster(t.Context(), t, "my-cluster").ActivityStreamKinesisStreamName
			for _, word := range []string{*stream, p.Endpoint} {
				if !strings.Contains(p.Stdout.String(), word) {
					t.Errorf("%q is not on standard output:\n%s", word, p.Stdout)
				}
			}
			open := openSession(t, p)
			p.Signal(signal)
			code, err := p.Wait(await.Patience)
			if err != nil || code != 0 {
				t.Errorf("exit status %d, %v\n%s", code, err, p.Stderr)
			}
			open.Wait() // its server is gone: it fails, by itself
			s.clean("after " + name)
		})
	}
}

// openSession runs a statement that lasts until the session is ended.
func openSession(t *testing.T, p *testbed.Process) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "exec "+ownLine(t, p)+` -X -A -t -q`)
	cmd.Env = testbed.CleanEnv()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(in, "select 'open';\nselect pg_sleep(600);"); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestKilled kills das-local; the next one starts and sweeps.
func TestKilled(t *testing.T) {
	s := newSite(t)
	first := s.start(testbed.Config{})
	if got := query(t, first, "select 1"); got != "1" {
		t.Fatalf("psql printed %q", got)
	}
	first.Signal(syscall.SIGKILL)
	if _, err := first.Wait(await.Patience); err != nil {
		t.Fatal(err)
	}
	second := s.start(testbed.Config{})
	if got := query(t, second, "select 2"); got != "2" {
		t.Errorf("psql printed %q", got)
	}
	if err := second.Stop(); err != nil {
		t.Error(err)
	}
	s.clean("after a kill and a second run")
}

// TestUnprivileged starts as a user without rights and with a home of its own.
func TestUnprivileged(t *testing.T) {
	cred, err := testbed.Unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	home := filepath.Join(bed.dir, "nobody")
	if err := openDir(home); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	p := s.start(testbed.Config{Cred: cred, Env: []string{"HOME=" + home, "XDG_CACHE_HOME=" + filepath.Join(home, ".cache")}})
	if got := query(t, p, "select 3"); got != "3" {
		t.Errorf("psql printed %q", got)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	s.clean("by a user without rights")
}

// TestRefusals starts what cannot start: one clear sentence, a non-zero exit,
// nothing left behind.
func TestRefusals(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	free, err := testbed.FreePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	closed := fmt.Sprintf("127.0.0.1:%d", free[0])
	other := fmt.Sprintf("--aws-listen=127.0.0.1:%d", free[1])
	upstream := "--upstream=" + bed.pg.URL("postgres")
	old := oldServer(t, "9.6.24")
	for _, c := range []struct {
		name  string
		c     testbed.Config
		words []string
	}{
		{"taken port", testbed.Config{Addrs: true, Args: []string{"--listen=127.0.0.1:" + port, other, upstream}}, []string{port, "taken"}},
		{"taken port, embedded", testbed.Config{Addrs: true, Args: []string{"--listen=127.0.0.1:" + port, other}}, []string{port, "taken"}},
		{"taken AWS port", testbed.Config{Addrs: true, Args: []string{"--aws-listen=127.0.0.1:" + port, "--listen=" + closed}}, []string{port, "taken"}},
		{"unreachable upstream", testbed.Config{Args: []string{"--upstream=postgres://postgres:" + secret + "@" + closed + "/postgres"}}, []string{fmt.Sprint(free[0])}},
		{"unknown host", testbed.Config{Args: []string{"--upstream=postgres://postgres@no-such-host.invalid/postgres"}}, []string{"no-such-host.invalid"}},
		{"old upstream", testbed.Config{Args: []string{"--upstream=postgres://postgres@" + old + "/postgres?sslmode=disable"}}, []string{"9.6"}},
		{"no URL", testbed.Config{Args: []string{"--upstream=localhost"}}, []string{"upstream"}},
		{"unknown flag", testbed.Config{Args: []string{"--no-such-flag"}}, []string{"no-such-flag"}},
		{"bad mode", testbed.Config{Args: []string{"--start-stream=sometimes"}}, []string{"start-stream", "sometimes"}},
		{"bad duration", testbed.Config{Args: []string{"--heartbeat=soon"}}, []string{"heartbeat", "soon"}},
		{"bad variable", testbed.Config{Env: []string{"DAS_LOCAL_HEARTBEAT=soon"}}, []string{"DAS_LOCAL_HEARTBEAT", "soon"}},
		{"bad address", testbed.Config{Addrs: true, Args: []string{"--listen=nowhere", other, upstream}}, []string{"nowhere"}},
		{"an argument", testbed.Config{Args: []string{"now"}}, []string{"now"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			stderr := s.fails(c.c)
			sentence(t, stderr, c.words...)
			noSecret(t, "the error output", stderr)
			s.clean("after a refusal")
		})
	}
}

// TestSeedFlag starts twice with the same seed and gets the same names.
func TestSeedFlag(t *testing.T) {
	names := map[string]bool{}
	for range 2 {
		p := startDAS(t, "--seed=7", "--cluster-id=orders")
		c := newCloud(p).cluster(t.Context(), t, "orders")
		names[*c.DbClusterResourceId+" "+*c.ActivityStreamKinesisStreamName+" "+*c.ActivityStreamKmsKeyId] = true
	}
	if len(names) != 1 {
		t.Errorf("two runs with one seed have the names %v", names)
	}
}
