package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/das-local/das-local/e2e/testbed"
)

// testsFailed is pytest's exit code if tests ran and failed; greater ones mean
// that they could not all run.
const testsFailed = 1

// asyncpg is the test suite of the Python driver of that name. It speaks the
// extended protocol throughout, with binary parameters.
type asyncpg struct{ dir string }

func (*asyncpg) name() string { return "asyncpg" }

// open has the script fetch the driver and its tests.
func (a *asyncpg) open(ctx context.Context) error {
	root, err := testbed.ModuleRoot()
	if err != nil {
		return err
	}
	a.dir = filepath.Join(root, ".cache", "regress", "asyncpg")
	cmd := exec.CommandContext(ctx, filepath.Join(root, "scripts", "regress-asyncpg"), a.dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("fetch asyncpg and its tests: %w", err)
	}
	return nil
}

func (*asyncpg) close() error { return nil }

func (*asyncpg) modes() []string { return []string{"async"} }

func (*asyncpg) whole() string { return "" }

// server runs without JIT, as the suite's own does: it has tests of timeouts.
func (*asyncpg) server() testbed.PostgresConfig {
	return testbed.PostgresConfig{Settings: map[string]string{"jit": "off"}}
}

func (*asyncpg) setUp(_ context.Context, pg *testbed.Postgres) ([]string, error) {
	return []string{"--upstream=" + pg.URL("postgres")}, nil
}

func (a *asyncpg) run(ctx context.Context, at place, only []string) (_ outcomes, err error) {
	dir, err := testbed.TempDir("regress-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	report := filepath.Join(dir, "report.xml")
	if len(only) == 0 {
		only = []string{"tests"}
	}
	args := []string{"-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=" + report}
	cmd := exec.CommandContext(ctx, filepath.Join(a.dir, "venv", "bin", "python"), append(args, only...)...)
	cmd.Dir = a.dir
	// das-local offers TLS where this server has none; asyncpg would take it.
	cmd.Env = append(testbed.CleanEnv(), "PGSSLMODE=disable", "PGHOST=127.0.0.1", fmt.Sprintf("PGPORT=%d", at.port), "PGUSER=postgres", "PGDATABASE=postgres")
	printed, runErr := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	text, err := os.ReadFile(report)
	if failed, ok := errors.AsType[*exec.ExitError](runErr); err != nil || ok && failed.ExitCode() > testsFailed {
		return nil, fmt.Errorf("run asyncpg's tests: %w\n%s", errors.Join(runErr, err), printed)
	}
	return readJUnit(text)
}

// readJUnit reads a report in JUnit's XML. A test is named as pytest's command
// line takes it, "tests/test_copy.py::TestCopyTo::test_copy_table".
func readJUnit(text []byte) (outcomes, error) {
	type message struct {
		Text string `xml:",chardata"`
	}
	var report struct {
		Cases []struct {
			Class   string   `xml:"classname,attr"`
			Name    string   `xml:"name,attr"`
			Failure *message `xml:"failure"`
			Error   *message `xml:"error"`
			Skipped *message `xml:"skipped"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(text, &report); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	o := make(outcomes)
	for _, c := range report.Cases {
		file, class, _ := strings.Cut(strings.TrimPrefix(c.Class, "tests."), ".")
		name := "tests/" + file + ".py::" + class + "::" + c.Name
		switch {
		case c.Failure != nil:
			o[name] = outcome{"failed", c.Failure.Text}
		case c.Error != nil:
			o[name] = outcome{"failed", c.Error.Text}
		case c.Skipped != nil:
			o[name] = outcome{"skipped", c.Skipped.Text}
		case o[name].text == "": // a test may be reported once more for its tear-down
			o[name] = outcome{text: "passed"}
		}
	}
	return o, nil
}
