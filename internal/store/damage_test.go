package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/store"
)

// crashed is a directory as a killed process leaves it: copied while it is open.
func crashed(t *testing.T, records uint64) (dir, log string) {
	t.Helper()
	source := t.TempDir()
	s := open(t, store.Config{Dir: source})
	for n := range records {
		if err := put(t, s, n); err != nil {
			t.Fatal(err)
		}
	}
	dir = filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Glob(filepath.Join(dir, "state", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no log: %v", err)
	}
	slices.Sort(logs)
	return dir, logs[len(logs)-1]
}

// prefix checks that what is stored are the first so many records.
func prefix(t *testing.T, dir string, atLeast, atMost int) (log string) {
	t.Helper()
	var buffer logBuffer
	s := open(t, store.Config{Dir: dir, Logger: buffer.logger()})
	found := all(t, s)
	for n := range uint64(len(found)) {
		if !found[n] {
			t.Fatalf("record %d of %d is missing", n, len(found))
		}
	}
	if len(found) < atLeast || len(found) > atMost {
		t.Errorf("%d records are there, want %d to %d", len(found), atLeast, atMost)
	}
	if err := put(t, s, uint64(len(found))); err != nil {
		t.Errorf("the store takes no more: %v", err)
	}
	return buffer.String()
}

func TestACleanCrashIsNotReported(t *testing.T) {
	dir, _ := crashed(t, 300)
	if log := prefix(t, dir, 300, 300); strings.Contains(log, "level=WARN") || strings.Contains(log, "level=ERROR") {
		t.Errorf("the log says %s", log)
	}
}

func TestATornTailIsCutAndReported(t *testing.T) {
	for _, cut := range []int64{0, 3, 18, 19, 41, 55, 96} {
		dir, log := crashed(t, 20)
		info, err := os.Stat(log)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(log, info.Size()-cut-1); err != nil {
			t.Fatal(err)
		}
		said := prefix(t, dir, 16, 19)
		if whole := strings.Contains(said, "level=WARN"); cut == 0 && !whole {
			t.Errorf("cut by %d bytes: the log says %q", cut+1, said)
		}
	}
}

func TestGarbageAtTheTailIsCutAndReported(t *testing.T) {
	dir, log := crashed(t, 20)
	f, err := os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(strings.Repeat("garbage", 30)); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if said := prefix(t, dir, 20, 20); !strings.Contains(said, "cut off by a crash") {
		t.Errorf("the log says %q", said)
	}
}

// TestDamageInTheLastBlock: what was acknowledged is not said to have been torn by a crash, and is
// kept, also where nothing but the last block of the log follows.
func TestDamageInTheLastBlock(t *testing.T) {
	for _, part := range []int{8, 2} {
		dir, log := crashed(t, 40)
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		used := len(bytes.TrimRight(data, "\x00"))
		if used > 32<<10 {
			t.Fatalf("a log of %d bytes has more than one block", used)
		}
		data[used/part] ^= 4
		if err := os.WriteFile(log, data, 0o600); err != nil {
			t.Fatal(err)
		}
		said := prefix(t, dir, 1, 39)
		if strings.Count(said, "log is damaged") != 1 || strings.Contains(said, "cut off by a crash") || strings.Contains(said, "stack trace") {
			t.Errorf("the log says %q", said)
		}
		kept, err := filepath.Glob(filepath.Join(dir, "damaged", "*", "*.log"))
		if err != nil || len(kept) != 1 {
			t.Errorf("the damaged log was not kept: %q, %v", kept, err)
		}
	}
}

func TestAFlippedBitIsFound(t *testing.T) {
	for _, part := range []int{4, 2} {
		dir, log := crashed(t, 2000)
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/part] ^= 4
		if err := os.WriteFile(log, data, 0o600); err != nil {
			t.Fatal(err)
		}
		said := prefix(t, dir, 100, 1999)
		if !strings.Contains(said, "log is damaged") || strings.Contains(said, "cut off by a crash") {
			t.Errorf("the log says %q", said)
		}
		kept, err := filepath.Glob(filepath.Join(dir, "damaged", "*", "*.log"))
		if err != nil || len(kept) == 0 {
			t.Errorf("the damaged log was not kept: %v", err)
		}
	}
}
