package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
)

// mavenDir is a copy of docs/examples/junit with a repository that has what it needs.
func mavenDir(t *testing.T) (project, repository string) {
	t.Helper()
	root, err := testbed.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(root, "docs", "examples", "junit")
	project = t.TempDir()
	if err := os.CopyFS(project, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	return project, filepath.Join(root, ".cache", "e2e", "maven")
}

// TestJUnitExample runs the example of docs/testing.md with the binary: the first time
// Maven fetches its libraries, later it works offline.
func TestJUnitExample(t *testing.T) {
	project, repository := mavenDir(t)
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(within(t), "mvn", append([]string{"-q", "-B", "-Dmaven.repo.local=" + repository, "test"}, args...)...)
		cmd.Dir = project
		cmd.Env = append(testbed.CleanEnv(), append(env(bed.dir), "DAS_LOCAL="+bed.bin)...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("-o")
	if err != nil && strings.Contains(out, "offline") {
		out, err = run()
	}
	if err != nil {
		t.Fatalf("mvn test: %v\n%s", err, out)
	}
	report, err := os.ReadFile(filepath.Join(project, "target", "surefire-reports", "AuditTest.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(report), "Tests run: 2, Failures: 0, Errors: 0, Skipped: 0") {
		t.Errorf("it reports:\n%s", report)
	}
}
