package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/store"
)

func TestWhatIsCommittedIsThereAfterOpening(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Config{Dir: dir})
	for n := range uint64(100) {
		if err := put(t, s, n); err != nil {
			t.Fatal(err)
		}
	}
	var b store.Batch
	b.DeleteRange(key(0), key(50))
	b.Delete(key(99))
	if err := s.Commit(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := len(all(t, s)); got != 49 || all(t, s)[99] || !all(t, s)[50] {
			t.Fatalf("%d keys are there, want 49", got)
		}
		var last []byte
		if err := s.Last(key(0), key(1000), func(k, _ []byte) { last = bytes.Clone(k) }); err != nil || !bytes.Equal(last, key(98)) {
			t.Fatalf("the last key is %x, %v", last, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, store.Config{Dir: dir})
	}
}

func TestADirectoryHasOneUser(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Config{Dir: dir})
	_, err := store.Open(store.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("the second opening says %v", err)
	}
	if err := put(t, s, 1); err != nil {
		t.Errorf("the first user was disturbed: %v", err)
	}
}

func TestDirectoriesThatAreNotOurs(t *testing.T) {
	tests := map[string]struct{ file, content, want string }{
		"a newer format":          {"FORMAT", "das-local data, format 2\n", `"das-local data, format 2"`},
		"another program":         {"FORMAT", "elephants\n", "not das-local's"},
		"files of a user":         {"letter.txt", "Dear", "not empty"},
		"a file, not a directory": {"", "", "not a directory"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			path := dir
			if test.file != "" {
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				path = filepath.Join(dir, test.file)
			}
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := store.Open(store.Config{Dir: dir})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("opening says %v", err)
			}
			if left, _ := os.ReadFile(path); string(left) != test.content {
				t.Errorf("the file has become %q", left)
			}
		})
	}
}
