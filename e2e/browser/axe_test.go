package browser

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/das-local/das-local/e2e/testbed"
)

// axe is axe-core's script, of the version that the lock file pins; it is fetched once.
var axe = sync.OnceValues(func() (string, error) {
	root, err := testbed.ModuleRoot()
	if err != nil {
		return "", err
	}
	pins := filepath.Join(root, "e2e", "browser", "axe")
	lock, err := os.ReadFile(filepath.Join(pins, "package-lock.json"))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(root, ".cache", "e2e", "axe-"+hex.EncodeToString(sum[:])[:12])
	script := filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(script); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: fetching axe-core into", dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		for _, args := range [][]string{
			{"cp", filepath.Join(pins, "package.json"), filepath.Join(pins, "package-lock.json"), dir},
			{"npm", "--prefix", dir, "ci", "--ignore-scripts", "--no-audit", "--no-fund"},
		} {
			if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
				return "", fmt.Errorf("%v: %w\n%s", args, err, out)
			}
		}
	}
	b, err := os.ReadFile(script)
	return string(b), err
})

// finding is a rule of axe-core that a page breaks.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// checkAccessible fails for each serious finding on the page as it is.
func (b *tab) checkAccessible(where string) {
	b.t.Helper()
	script, err := axe()
	if err != nil {
		b.t.Fatal(err)
	}
	js[any](b, script+"\n;null")
	found := js[[]finding](b, `axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations)`)
	for _, f := range found {
		if f.Impact != "serious" && f.Impact != "critical" {
			b.t.Logf("%s: %s (%s): %s", where, f.ID, f.Impact, f.Help)
			continue
		}
		for _, n := range f.Nodes {
			b.t.Errorf("%s: %s (%s): %s\n%s\n%s", where, f.ID, f.Impact, f.Help, n.HTML, n.FailureSummary)
		}
	}
}
