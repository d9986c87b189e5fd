//go:build unix

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// keepData has the private directory's data be a link to the directory that is
// kept, which is made if it is not there. It returns false if no data is to be
// kept, or if the server's user cannot get there.
func (c Config) keepData(ctx context.Context, d *runDir, acct *account) (kept bool, err error) {
	if c.DataDir == "" {
		return false, nil
	}
	if err := letIn(filepath.Dir(c.DataDir), acct); err != nil {
		c.Logger.Warn("the database is not kept: its user cannot use the directory",
			"dir", c.DataDir, "user", acct.name, "error", err)
		return false, nil
	}
	version, err := os.ReadFile(filepath.Join(c.DataDir, "PG_VERSION"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = c.makeKept(ctx, d, acct)
	case err == nil && strings.TrimSpace(string(version)) != majorOf(c.Installation.Version):
		err = fmt.Errorf("the database in %s is of PostgreSQL %s, and what is installed is %s",
			c.DataDir, strings.TrimSpace(string(version)), c.Installation.Version)
	}
	if err == nil {
		err = os.Symlink(c.DataDir, d.data())
	}
	return err == nil, err
}

// majorOf is what PG_VERSION says of a server's version.
func majorOf(version string) string {
	major, _, _ := strings.Cut(version, ".")
	return major
}

// letIn opens a directory of the caller's to the server's user, to pass through.
func letIn(dir string, acct *account) error {
	if err := acct.canReach(dir); err == nil {
		return nil
	}
	info, err := os.Stat(dir)
	if err == nil {
		err = os.Chmod(dir, info.Mode().Perm()|0o011)
	}
	if err == nil {
		err = acct.canReach(dir)
	}
	return err
}

// makeKept makes the directory that is kept. It appears whole and synced, or not
// at all.
func (c Config) makeKept(ctx context.Context, d *runDir, acct *account) error {
	if _, err := c.prepareData(ctx, d, acct); err != nil {
		return err
	}
	fresh := c.DataDir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := copyTree(fresh, d.data(), acct.chown); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	sync := exec.CommandContext(ctx, filepath.Join(c.Installation.BinDir, "initdb"), "--sync-only", "-D", fresh)
	sync.Env = programEnv()
	sync.Dir = fresh
	sync.SysProcAttr = &syscall.SysProcAttr{Credential: acct.credential()}
	if out, err := sync.CombinedOutput(); err != nil {
		return fmt.Errorf("make the database: %w: %s", err, lastLines(string(out), 4))
	}
	if err := os.Rename(fresh, c.DataDir); err != nil {
		return err
	}
	return os.RemoveAll(d.data())
}
