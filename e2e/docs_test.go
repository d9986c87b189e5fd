package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// The documents' commands are run as a reader would: each document in one shell, in the
// module's directory, with das-local's default addresses. A comment before a block says
// what is particular about it:
//
//	<!-- background: TEXT -->  runs on; the next block follows when it has printed TEXT
//	<!-- anew: TEXT -->        the same, when all that ran on has ended
//	<!-- shows: TEXT -->       its output has TEXT in it
//	<!-- fails -->             its last command fails
//	<!-- from: FILE -->        is no command but an extract of FILE, which other tests run
//	<!-- not run: WHY -->      is not run
//
// A console block's lines after "$ " are commands and those after "> " go on with one,
// lines after "postgres=# " are typed into the psql above them, other lines are output.

// block is a fenced block of a document.
type block struct {
	line      int
	language  string
	directive string // of the comment before it
	argument  string
	lines     []string
}

var directive = regexp.MustCompile(`^<!-- (background|anew|shows|fails|from|not run)(?:: (.*))? -->$`)

func blocksOf(t *testing.T, path string) []block {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	var b *block
	d := [2]string{}
	for i, line := range strings.Split(string(text), "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && b == nil:
			b = &block{line: i + 1, language: fence, directive: d[0], argument: d[1]}
		case isFence:
			all, b, d = append(all, *b), nil, [2]string{}
		case b != nil:
			b.lines = append(b.lines, line)
		case directive.MatchString(line):
			m := directive.FindStringSubmatch(line)
			d = [2]string{m[1], m[2]}
		case strings.TrimSpace(line) != "":
			d = [2]string{}
		}
	}
	if b != nil {
		t.Fatalf("%s:%d: the block does not end", path, b.line)
	}
	return all
}

// script is what a console block has a shell do.
func (b block) script() string {
	var out []string
	typed, more := false, false
	endTyping := func() {
		if typed {
			out, typed = append(out, "TYPED"), false
		}
	}
	for _, line := range b.lines {
		command, isCommand := strings.CutPrefix(line, "$ ")
		sql, isSQL := strings.CutPrefix(line, "postgres=# ")
		switch {
		case isCommand:
			endTyping()
			out = append(out, command)
			more = strings.HasSuffix(command, `\`) || strings.HasSuffix(command, "|")
		case strings.HasPrefix(line, "> "):
			out = append(out, line[2:])
		case more:
			out = append(out, line)
			more = strings.HasSuffix(line, `\`) || strings.HasSuffix(line, "|")
		case isSQL:
			if !typed {
				out[len(out)-1] += " <<'TYPED'"
				typed = true
			}
			out = append(out, sql)
		}
	}
	endTyping()
	return strings.Join(out, "\n")
}

// shell is a bash that runs a document's blocks one after another.
type shell struct {
	t     *testing.T
	dir   string // for its output
	root  string
	env   []string
	ports *strings.Replacer
	n     int
	carry string   // a file with the variables, aliases and functions so far
	ends  []func() // of what runs on
}

// run has a bash run the script and keeps what it has set.
func (s *shell) run(script string) (string, int) {
	s.t.Helper()
	s.n++
	file := filepath.Join(s.dir, fmt.Sprintf("%d.sh", s.n))
	text := "set -a\nshopt -s expand_aliases\n. " + s.carry + "\nset -e\n" + s.ports.Replace(script) + "\n{ export -p; alias -p; declare -f; } > " + s.carry + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(s.t.Context(), "bash", file)
	cmd.Dir, cmd.Env = s.root, s.env
	out, _ := cmd.CombinedOutput() // its exit code says it
	return string(out), cmd.ProcessState.ExitCode()
}

// background starts a script and waits until it has printed the text.
func (s *shell) background(script, text string) {
	s.t.Helper()
	s.n++
	file := filepath.Join(s.dir, fmt.Sprintf("%d.sh", s.n))
	if err := os.WriteFile(file, []byte("set -ae\nshopt -s expand_aliases\n. "+s.carry+"\n"+s.ports.Replace(script)+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(s.t.Context(), "bash", file)
	cmd.Dir, cmd.Env = s.root, s.env
	p, end := startGroup(s.t, cmd)
	s.ends = append(s.ends, end)
	await.True(s.t, text+" is printed", func() bool { return strings.Contains(p.String(), text) })
}

// end ends all that runs on, the last first.
func (s *shell) end() {
	for len(s.ends) > 0 {
		s.ends[len(s.ends)-1]()
		s.ends = s.ends[:len(s.ends)-1]
	}
}

// startGroup starts a command with its children in a process group of their own and
// collects what they print. They end with the test, or when end is called.
func startGroup(t *testing.T, cmd *exec.Cmd) (printed *testbed.Log, end func()) {
	t.Helper()
	log := new(testbed.Log)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) // das-local stops its PostgreSQL
		_ = cmd.Wait()                                      // ended by a signal
		if t.Failed() {
			t.Logf("%s printed:\n%s", cmd, log)
		}
	})
	t.Cleanup(end)
	return log, end
}

// documents are those that users read.
func documents(t *testing.T, root string) []string {
	t.Helper()
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(docs) == 0 {
		t.Fatal(docs, err)
	}
	return append(docs, filepath.Join(root, "README.md"))
}

// TestDocs runs every block of every document.
func TestDocs(t *testing.T) {
	root, err := testbed.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range documents(t, root) {
		t.Run(filepath.Base(path), func(t *testing.T) { runDocument(t, root, path) })
	}
}

func runDocument(t *testing.T, root, path string) {
	s := newShell(t, root)
	left := 0
	for _, b := range blocksOf(t, path) {
		at := fmt.Sprintf("%s:%d", filepath.Base(path), b.line)
		switch {
		case b.directive == "not run":
			t.Logf("%s: not run: %s", at, b.argument)
			left++
		case b.directive == "from":
			b.extract(t, at, root)
		case b.language == "console" && (b.directive == "background" || b.directive == "anew"):
			if b.directive == "anew" {
				s.end()
			}
			s.background(b.script(), b.argument)
		case b.language == "console":
			out, code := s.run(b.script())
			if (code != 0) != (b.directive == "fails") {
				t.Fatalf("%s: exit code %d of\n%s\n%s", at, code, b.script(), out)
			}
			if b.directive == "shows" && !strings.Contains(out, b.argument) {
				t.Errorf("%s: no %q in\n%s", at, b.argument, out)
			}
		case b.language == "" || b.language == "text":
			// a picture or an output
		default:
			t.Errorf("%s: a %s block is neither run nor an extract of something that is", at, b.language)
		}
	}
	if left > 2 {
		t.Errorf("%d blocks are not run", left)
	}
}

// newShell makes the ports of the documents free ones, and "go run ./cmd/das-local"
// the binary under test.
func newShell(t *testing.T, root string) *shell {
	t.Helper()
	ports, err := testbed.FreePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &shell{t: t, dir: dir, root: filepath.Join(dir, "module"), carry: filepath.Join(dir, "carry")}
	link(t, root, s.root)
	pg, aws := strconv.Itoa(ports[0]), strconv.Itoa(ports[1])
	s.ports = strings.NewReplacer("15432", pg, "4566", aws, "go run ./cmd/das-local", "das-local", "make run", "das-local up")
	if err := os.WriteFile(s.carry, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(bed.bin, filepath.Join(bin, "das-local")); err != nil {
		t.Fatal(err)
	}
	tools, err := pythonDir()
	if err != nil {
		t.Fatal(err)
	}
	drop := []string{"PATH=", "AWS_", "PG", "HOME="}
	for _, v := range append(testbed.CleanEnv(), env(bed.dir)...) {
		if !slices.ContainsFunc(drop, func(p string) bool { return strings.HasPrefix(v, p) }) {
			s.env = append(s.env, v)
		}
	}
	s.env = append(s.env, "PATH="+bin+":"+filepath.Join(tools, "bin")+":"+os.Getenv("PATH"), "HOME="+bed.home, "NO_COLOR=1",
		"DAS_LOCAL_LISTEN=127.0.0.1:"+pg, "DAS_LOCAL_AWS_LISTEN=127.0.0.1:"+aws, "AWS_ENDPOINT_URL=http://127.0.0.1:"+aws,
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER=", "PSQLRC=/dev/null")
	return s
}

// link makes a directory that has all that the module has, and may be written to.
func link(t *testing.T, root, dir string) {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err == nil {
		err = os.Mkdir(dir, 0o755)
	}
	for _, e := range entries {
		err = errors.Join(err, os.Symlink(filepath.Join(root, e.Name()), filepath.Join(dir, e.Name())))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// extract checks that the block is an extract of its file, line by line.
func (b block) extract(t *testing.T, at, root string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(b.argument)))
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	var want []string
	for line := range strings.Lines(string(text)) {
		want = append(want, strings.TrimSpace(line))
	}
	i := 0
	for _, line := range b.lines {
		line = strings.TrimSpace(line)
		if line == "" || line == "…" {
			continue // something is left out
		}
		k := slices.Index(want[i:], line)
		if k < 0 {
			t.Errorf("%s: %q does not follow in %s", at, line, b.argument)
			return
		}
		i += k + 1
	}
}

// TestTroubleshooting: the texts that it explains are those that the program has.
func TestTroubleshooting(t *testing.T) {
	root, err := testbed.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(root, "docs", "troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, dir := range []string{"cmd", "emulator", "internal", "proxy", "rdsapi", "kmsfake", "kinesisfake"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			sources.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	found := 0
	for _, m := range regexp.MustCompile(`(?m)^### "([^"]*)"(?: \(.*\))?$`).FindAllStringSubmatch(string(doc), -1) {
		found++
		// Numbers and the ends of lines differ in the sources.
		text := strings.NewReplacer("version 12", "version %d").Replace(m[1])
		if !strings.Contains(sources.String(), text) {
			t.Errorf("no source has %q", m[1])
		}
	}
	if found < 10 {
		t.Errorf("%d texts", found)
	}
}
