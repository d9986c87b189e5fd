package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// site is a place where one das-local runs by itself: a temporary directory of
// its own and a mark in the environment, to find what it leaves behind.
type site struct {
	t    *testing.T
	tmp  string
	mark string
	env  []string
}

func newSite(t *testing.T) *site {
	t.Helper()
	tmp, err := os.MkdirTemp(bed.dir, "t")
	if err != nil {
		t.Fatal(err)
	}
	if err := openDir(tmp); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	mark := "DAS_E2E_SITE=" + tmp
	return &site{t, tmp, mark, append(env(tmp), mark)}
}

// processes lists the running processes that carry the site's mark or name its
// directory.
func (s *site) processes() []string {
	s.t.Helper()
	if runtime.GOOS != "linux" {
		return nil // there is no /proc to look into
	}
	found, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		s.t.Fatal(err)
	}
	var list []string
	for _, proc := range found {
		cmdline, err := os.ReadFile(proc + "/cmdline")
		if err != nil || len(cmdline) == 0 {
			continue // gone meanwhile, or a zombie that its parent has yet to collect
		}
		environ, _ := os.ReadFile(proc + "/environ") // another user's, when not root
		if bytes.Contains(environ, []byte(s.mark)) || bytes.Contains(cmdline, []byte(s.tmp)) {
			list = append(list, filepath.Base(proc)+" "+strings.ReplaceAll(string(cmdline), "\x00", " "))
		}
	}
	return list
}

// files lists what lies in the site's temporary directory, and in the system's
// under a name of das-local's.
func (s *site) files() []string {
	s.t.Helper()
	var list []string
	err := filepath.WalkDir(s.tmp, func(path string, _ fs.DirEntry, err error) error {
		if path != s.tmp {
			list = append(list, path)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return list
}

// clean fails the test if anything is left. Processes get a moment: who was
// told to end may still be on the way.
func (s *site) clean(when string) {
	s.t.Helper()
	await.Seen(s.t, "the end of all processes "+when, func() (any, bool) {
		left := s.processes()
		return strings.Join(left, "\n"), len(left) == 0
	})
	if left := s.files(); len(left) > 0 {
		s.t.Errorf("files left %s:\n%s", when, strings.Join(left[:min(10, len(left))], "\n"))
	}
}

// start runs a das-local at the site until it is ready.
func (s *site) start(c testbed.Config) *testbed.Process {
	s.t.Helper()
	c.Bin, c.Env = bed.bin, append(s.env, c.Env...)
	p, err := testbed.Start(s.t.Context(), c)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { // a test that failed half-way has not ended it
		if p.Alive() {
			s.t.Errorf("das-local ended at the end of the test only: %v", p.Stop())
		}
	})
	return p
}

// fails runs a das-local that must not start and returns what it said.
func (s *site) fails(c testbed.Config) (stderr string) {
	s.t.Helper()
	c.Bin, c.Env = bed.bin, append(s.env, c.Env...)
	p, err := testbed.Launch(c)
	if err != nil {
		s.t.Fatal(err)
	}
	code, err := p.Wait(await.Patience)
	if err != nil {
		s.t.Fatal(err)
	}
	if code <= 0 {
		s.t.Errorf("exit status %d, want a positive one", code)
	}
	if out := p.Stdout.String(); out != "" {
		s.t.Errorf("a das-local that did not start prints on standard output: %.200q", out)
	}
	return p.Stderr.String()
}

// sentence fails the test unless the last line of an error output tells the
// reason, and no line looks like a crash.
func sentence(t *testing.T, stderr string, words ...string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	last := lines[len(lines)-1]
	for _, w := range words {
		if !strings.Contains(last, w) {
			t.Errorf("the last line does not say %q:\n%s", w, stderr)
		}
	}
	for _, bad := range []string{"panic", "goroutine ", "runtime error", "%!"} {
		if strings.Contains(stderr, bad) {
			t.Errorf("%q in the error output:\n%s", bad, stderr)
		}
	}
	errorLines := 0
	for _, l := range lines {
		if !strings.Contains(l, "level=INFO") && !strings.Contains(l, " INFO ") {
			errorLines++
		}
	}
	if errorLines > 1 {
		t.Errorf("%s, where one sentence would do:\n%s", fmt.Sprint(errorLines, " lines"), stderr)
	}
}
