//go:build unix

package pgserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/das-local/das-local/internal/progress"
)

// templatePrefix begins the name of every prepared data directory.
const templatePrefix = "pgdata-"

// maxTemplates bounds the prepared data directories (40 MB each) that are kept.
const maxTemplates = 4

// prepareData fills in the data directory of d: from a prepared one if there
// is one, else by initdb, whose work is then kept. It says which it was.
func (c Config) prepareData(ctx context.Context, d *runDir, acct *account) (template string, err error) {
	args := initdbArgs(ctx, c.Installation)
	template = c.templatePath(args)
	if template != "" {
		err := copyTree(d.data(), template, acct.chown)
		if err == nil {
			now := time.Now() // the least recently used go first
			_ = os.Chtimes(template, now, now)
			return template, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			c.Logger.Warn("a prepared data directory is of no use", "dir", template, "error", err)
			_ = os.RemoveAll(template)
		}
		if err := os.RemoveAll(d.data()); err != nil {
			return "", err
		}
	}
	return "", c.initialise(ctx, d, acct, args, template)
}

func (c Config) initialise(ctx context.Context, d *runDir, acct *account, args []string, template string) (err error) {
	c.Logger.Debug("initdb", "user", acct.name, "bin", c.Installation.BinDir)
	step := progress.Begin(ctx, c.Logger, "initialising a PostgreSQL "+c.Installation.Version+" data directory, once")
	defer func() { step.End(err) }()
	if err := os.Mkdir(d.data(), 0o700); err != nil {
		return err
	}
	if err := acct.chown(d.data()); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.Installation.BinDir, "initdb"), append(args, "-D", d.data())...)
	cmd.Env = programEnv()
	cmd.Dir = d.data()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: acct.credential()}
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("initdb: %w", ctx.Err())
		}
		return fmt.Errorf("initdb: %w: %s", err, lastLines(string(out), 4))
	}
	if template != "" {
		if err := keepTemplate(template, d.data()); err != nil {
			c.Logger.Warn("cannot keep the prepared data directory for the next start", "dir", template, "error", err)
		}
	}
	return nil
}

// initdbArgs are the same for every server of an installation, so that one
// prepared data directory serves all.
func initdbArgs(ctx context.Context, inst Installation) []string {
	args := []string{"-U", Superuser, "-E", "UTF8", "-A", "trust", "-N", "--locale", "C"}
	// C.UTF-8 knows more than ASCII letters; not every system has it.
	if names, err := runProgram(ctx, "locale", "-a"); err == nil && hasCUTF8(names) {
		args[len(args)-1] = "C.UTF-8"
	}
	return args
}

func hasCUTF8(locales string) bool {
	return slices.ContainsFunc(strings.Fields(locales), func(name string) bool {
		return strings.EqualFold(name, "C.UTF-8") || strings.EqualFold(name, "C.utf8")
	})
}

// templatePath names the prepared data directory; empty if none are kept.
func (c Config) templatePath(args []string) string {
	dir := c.CacheDir
	if dir == "none" {
		return ""
	}
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(cache, "das-local")
	}
	sum := sha256.Sum256([]byte(strings.Join(append(slices.Clone(args),
		c.Installation.banner, c.Installation.BinDir, runtime.GOARCH), "\x00")))
	return filepath.Join(dir, templatePrefix+c.Installation.Version+"-"+hex.EncodeToString(sum[:6]))
}

// keepTemplate copies a fresh data directory into the cache. The rename makes
// it whole or absent for every other process.
func keepTemplate(template, dataDir string) error {
	dir := filepath.Dir(template)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	pruneTemplates(dir)
	tmp, err := os.MkdirTemp(dir, "."+templatePrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	made := filepath.Join(tmp, "data")
	if err := copyTree(made, dataDir, func(string) error { return nil }); err != nil {
		return err
	}
	err = os.Rename(made, template)
	if _, there := os.Stat(template); there == nil {
		return nil // ours, or that of a process that was faster
	}
	return err
}

// pruneTemplates removes half-made ones of the past and all but the most
// recently used. A failure only costs room.
func pruneTemplates(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	type old struct {
		path string
		used time.Time
	}
	var kept []old
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue
		}
		path := filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."+templatePrefix) && time.Since(info.ModTime()) > time.Hour:
			_ = os.RemoveAll(path)
		case strings.HasPrefix(e.Name(), templatePrefix):
			kept = append(kept, old{path, info.ModTime()})
		}
	}
	slices.SortFunc(kept, func(a, b old) int { return b.used.Compare(a.used) })
	for _, t := range kept[min(len(kept), maxTemplates-1):] {
		_ = os.RemoveAll(t.path)
	}
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " / ")
}
