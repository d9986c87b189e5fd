package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MinMajor is the oldest major version of PostgreSQL that is accepted.
const MinMajor = 12

// Installation is a directory with the programs of one PostgreSQL version.
type Installation struct {
	BinDir  string // has initdb and postgres
	Version string // "15.18"
	Major   int    // 15
	banner  string // all of postgres --version: packages of one version differ
}

// ErrNotFound is wrapped by Find when the machine has no usable installation.
var ErrNotFound = errors.New("no PostgreSQL installation found")

// places are where package managers keep versions that are not on PATH: Debian,
// Red Hat, SUSE, Alpine, Homebrew on both processors, MacPorts, Postgres.app.
var places = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/lib/postgresql*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/opt/homebrew/opt/postgresql/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql/bin",
	"/usr/local/pgsql/bin",
	"/opt/local/lib/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// Find looks for installations on PATH, asks pg_config, and looks where package
// managers keep them. The newest version wins. Without any, the error names the
// command that installs one on this system.
func Find(ctx context.Context) (Installation, error) {
	acct, err := serverAccount()
	if err != nil {
		return Installation{}, err
	}
	f := finder{path: filepath.SplitList(os.Getenv("PATH")), places: places, account: acct}
	return f.find(ctx)
}

// Inspect says what the programs in one directory are.
func Inspect(ctx context.Context, binDir string) (Installation, error) {
	acct, err := serverAccount()
	if err != nil {
		return Installation{}, err
	}
	return inspect(ctx, binDir, acct)
}

// finder is Find with its surroundings made explicit.
type finder struct {
	path    []string
	places  []string
	account *account
}

func (f finder) find(ctx context.Context) (Installation, error) {
	var found []Installation
	var reasons []string
	for _, dir := range f.candidates(ctx) {
		inst, err := inspect(ctx, dir, f.account)
		if err != nil {
			reasons = append(reasons, err.Error())
			continue
		}
		found = append(found, inst)
	}
	if err := ctx.Err(); err != nil {
		return Installation{}, err
	}
	if len(found) == 0 {
		err := fmt.Errorf("%w; install one with: %s", ErrNotFound, installCommand())
		if len(reasons) > 0 {
			err = fmt.Errorf("%w (passed over: %s)", err, strings.Join(reasons, "; "))
		}
		return Installation{}, err
	}
	// Stable: of two with one version, the one that PATH names first.
	slices.SortStableFunc(found, func(a, b Installation) int { return compareVersions(b, a) })
	return found[0], nil
}

// candidates lists directories that have a postgres program, each once.
func (f finder) candidates(ctx context.Context) []string {
	var dirs []string
	add := func(dir string) {
		real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
		if err != nil {
			return
		}
		if dir = filepath.Dir(real); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range f.path {
		if !filepath.IsAbs(dir) {
			continue // a program in the working directory is nobody's installation
		}
		add(dir)
		if bin, err := pgConfigBinDir(ctx, filepath.Join(dir, "pg_config")); err == nil {
			add(bin)
		}
	}
	for _, place := range f.places {
		matches, _ := filepath.Glob(place) // the patterns are constants
		for _, dir := range matches {
			add(dir)
		}
	}
	return dirs
}

func pgConfigBinDir(ctx context.Context, program string) (string, error) {
	if _, err := os.Stat(program); err != nil {
		return "", err
	}
	out, err := runProgram(ctx, program, "--bindir")
	return strings.TrimSpace(out), err
}

// versionRE matches "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)",
// and 19beta1.
var versionRE = regexp.MustCompile(`\(PostgreSQL\) (\d{1,4})([.\w]*)`)

func inspect(ctx context.Context, dir string, acct *account) (Installation, error) {
	for _, program := range []string{"postgres", "initdb"} {
		path := filepath.Join(dir, program)
		if _, err := exec.LookPath(path); err != nil {
			return Installation{}, fmt.Errorf("%s has no %s", dir, program)
		}
		if err := acct.canReach(path); err != nil {
			return Installation{}, fmt.Errorf("user %s cannot run %s: %w", acct.name, path, err)
		}
	}
	banner, err := runProgram(ctx, filepath.Join(dir, "postgres"), "--version")
	if err != nil {
		return Installation{}, fmt.Errorf("ask %s for its version: %w", dir, err)
	}
	m := versionRE.FindStringSubmatch(banner)
	if m == nil {
		return Installation{}, fmt.Errorf("%s says %.80q for its version", dir, banner)
	}
	major, err := strconv.Atoi(m[1])
	if err != nil {
		return Installation{}, fmt.Errorf("%s says %.80q for its version", dir, banner)
	}
	inst := Installation{BinDir: dir, Version: m[1] + m[2], Major: major, banner: strings.TrimSpace(banner)}
	if major < MinMajor {
		return Installation{}, fmt.Errorf("%s has PostgreSQL %s, too old: %d is the oldest supported", dir, inst.Version, MinMajor)
	}
	return inst, nil
}

func compareVersions(a, b Installation) int {
	if a.Major != b.Major {
		return a.Major - b.Major
	}
	return minor(a.Version) - minor(b.Version)
}

// minor is the number after the dot, -1 for a beta.
func minor(version string) int {
	_, rest, ok := strings.Cut(version, ".")
	if !ok {
		return -1
	}
	n, err := strconv.Atoi(rest)
	if err != nil {
		return -1
	}
	return n
}

// runProgram runs a program that answers at once and returns what it prints.
func runProgram(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = programEnv()
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	return string(out), err
}

// programEnv is the environment of every PostgreSQL program: none of the
// caller's PG variables, messages in English, times in UTC.
func programEnv() []string {
	env := []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	for _, name := range []string{"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
