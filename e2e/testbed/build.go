package testbed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
func Build(ctx context.Context, dir string) (string, error) {
	root, err := ModuleRoot()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "das-local")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin, "./cmd/das-local")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build das-local: %w\n%s", err, out)
	}
	return bin, os.Chmod(bin, 0o755)
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
