//go:build unix

package store

import (
	"syscall"
	"testing"
)

// TestAChildKeepsNoLock: what a child has of a directory's descriptors, before it runs its
// program, does not keep the directory from being opened again.
func TestAChildKeepsNoLock(t *testing.T) {
	dir := t.TempDir()
	l, err := claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	inherited, err := syscall.Dup(int(l.file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(inherited)
	if err := l.release(); err != nil {
		t.Fatal(err)
	}
	if l, err = claim(dir); err != nil {
		t.Fatal(err)
	}
	if err := l.release(); err != nil {
		t.Error(err)
	}
}
