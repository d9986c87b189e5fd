package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

// pythonDir is the virtual environment with boto3, aws-encryption-sdk and the
// aws command line, of the versions that the requirements pin.
var pythonDir = installed("python", venv, "requirements.txt")

// nodeDir holds the JavaScript Encryption SDK beside the program that uses it.
var nodeDir = installed("node", npm, "package.json", "package-lock.json", "decrypt.mjs")

// tools are the commands that fill a directory with tools. The pins, files of src, say
// which.
type tools func(src, dst string, pins []string) [][]string

// venv makes a virtual environment of Python.
func venv(src, dst string, pins []string) [][]string {
	return [][]string{
		{"python3", "-m", "venv", dst},
		{filepath.Join(dst, "bin", "pip"), "install", "-q", "--disable-pip-version-check", "-r", filepath.Join(src, pins[0])},
	}
}

// npm makes a directory of JavaScript modules, with the pins beside them.
func npm(src, dst string, pins []string) [][]string {
	copied := []string{"cp"}
	for _, f := range pins {
		copied = append(copied, filepath.Join(src, f))
	}
	return [][]string{append(copied, dst), {"npm", "--prefix", dst, "ci", "--ignore-scripts", "--no-audit", "--no-fund"}}
}

// installed is the directory of tools of testdata/consumers, made when it is first asked
// for.
func installed(name string, make tools, pins ...string) func() (string, error) {
	return sync.OnceValues(func() (string, error) { return install(name, make, pins) })
}

// install runs the commands that fill a directory of tools, once for each
// content of the files that pin their versions.
func install(name string, commands tools, pins []string) (string, error) {
	root, err := testbed.ModuleRoot()
	if err != nil {
		return "", err
	}
	src := filepath.Join(root, "testdata", "consumers", name)
	sum := sha256.New()
	for _, f := range pins {
		b, err := os.ReadFile(filepath.Join(src, f))
		if err != nil {
			return "", fmt.Errorf("read the versions of the %s tools: %w", name, err)
		}
		sum.Write(b)
	}
	dst := filepath.Join(root, ".cache", "e2e", name+"-"+hex.EncodeToString(sum.Sum(nil))[:12])
	complete := filepath.Join(dst, "complete")
	if _, err := os.Stat(complete); err == nil {
		return dst, nil
	}
	fmt.Fprintf(os.Stderr, "e2e: installing the %s tools into %s\n", name, dst)
	if err := os.RemoveAll(dst); err != nil {
		return "", fmt.Errorf("clear %s: %w", dst, err)
	}
	if err := os.MkdirAll(dst, 0o755); err != nil {
		return "", fmt.Errorf("make %s: %w", dst, err)
	}
	for _, args := range commands(src, dst, pins) {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return dst, os.WriteFile(complete, nil, 0o644)
}

// python is a command of the virtual environment.
func python(t *testing.T, command string, args ...string) *exec.Cmd {
	t.Helper()
	dir, err := pythonDir()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "bin", command), args...)
	cmd.Env = testbed.CleanEnv()
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// awsEnv is what a client needs to reach das-local: the endpoint, and any
// credentials.
func awsEnv(p *testbed.Process, region string) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + p.Endpoint, "AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region,
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
	}
}

// result is what a finished command left.
type result struct {
	stdout, stderr string
	code           int
}

// runCmd runs a command to its end, whatever its exit status is.
func runCmd(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatalf("%s: %v", strings.Join(cmd.Args, " "), err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// mustRun runs a command that must succeed and returns its standard output.
func mustRun(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	r := runCmd(t, cmd)
	if r.code != 0 {
		t.Fatalf("%s: exit status %d\n%s\n%s", strings.Join(cmd.Args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// pgTool is a PostgreSQL client program with its connection in the
// environment. application is what the events of its sessions carry; empty is
// the program's own name.
func pgTool(t *testing.T, port int, user, database, application, program string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is needed: install the PostgreSQL client programs, for example with `apt-get install postgresql-client postgresql`", program)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(testbed.CleanEnv(), "PGHOST=127.0.0.1", fmt.Sprintf("PGPORT=%d", port),
		"PGUSER="+user, "PGDATABASE="+database, "PGCONNECT_TIMEOUT=120")
	if application != "" {
		cmd.Env = append(cmd.Env, "PGAPPNAME="+application)
	}
	return cmd
}

// psql runs statements in one session, each as a query of its own.
func psql(t *testing.T, port int, user, database, application, script string) result {
	t.Helper()
	cmd := pgTool(t, port, user, database, application, "psql", "-X", "-q", "-A", "-t")
	cmd.Stdin = strings.NewReader(script)
	return runCmd(t, cmd)
}
