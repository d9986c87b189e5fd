package testbed

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

// ModuleRoot is the directory of the go.mod that the caller's working
// directory belongs to.
func ModuleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if mod == "" || mod == os.DevNull {
		return "", fmt.Errorf("find the module: not inside one")
	}
	return filepath.Dir(mod), nil
}

// Build compiles das-local into dir and returns the binary's path. Anybody may
// run it: some tests do so as an unprivileged user.
//
// What was linked is kept under .cache, where the go command finds it up to date the
// next time: linking takes as long as compiling all else that has changed.
func Build(ctx context.Context, dir string) (_ string, err error) {
	root, err := ModuleRoot()
	if err != nil {
		return "", err
	}
	kept := filepath.Join(root, ".cache", "build")
	if err := os.MkdirAll(kept, 0o755); err != nil {
		return "", fmt.Errorf("build das-local: %w", err)
	}
	unlock, err := lock(filepath.Join(kept, "lock"))
	if err != nil {
		return "", fmt.Errorf("build das-local: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	linked, bin := filepath.Join(kept, "das-local"), filepath.Join(dir, "das-local")
	for _, args := range [][]string{{"go", "build", "-o", linked, "./cmd/das-local"}, {"cp", linked, bin}} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build das-local: %s: %w\n%s", args[0], err, out)
		}
	}
	return bin, os.Chmod(bin, 0o755)
}

// lock waits until this process alone has the file, which it makes.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}

// TempDir makes a directory that every user may look into: servers that are
// started as an unprivileged user need that. The caller removes it.
func TempDir(pattern string) (string, error) {
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		return "", fmt.Errorf("make a temporary directory: %w", err)
	}
	return dir, os.Chmod(dir, 0o755)
}
