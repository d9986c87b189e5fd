package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// The operations that a Fault is asked about.
const (
	OpCreate = "create" // also rename and link
	OpWrite  = "write"
	OpSync   = "sync"
	OpRead   = "read"
)

// A Fault stands in for a bad disk: the error it returns is that of the operation
// on the file. A write that fails with ErrTorn has stored its first half.
type Fault func(op, path string) error

// ErrTorn is what a Fault returns for a write that stops half-way.
var ErrTorn = errors.New("injected: short write")

// errFenced answers who reads what was never written.
var errFenced = errors.New("the store is fenced after an error")

// guard is the file system of one opening of the database. After the first error
// of a write it is broken: nothing reaches the disk any more.
//
// Pebble is told of none of these errors. It panics at some, ends the process at
// others and repeats what failed for ever at the rest. So whatever is written to a
// broken guard seems to succeed and goes nowhere, and the store asks the guard
// before it believes anything.
type guard struct {
	vfs.FS
	fault  Fault
	failed func() // called after the first error

	cause atomic.Pointer[error] // the first error
	tear  atomic.Bool           // ErrTorn has been acted out
}

// fail breaks the guard.
func (g *guard) fail(err error) {
	if g.cause.CompareAndSwap(nil, &err) {
		g.failed()
	}
}

// broken reports whether the guard is.
func (g *guard) broken() bool { return g.cause.Load() != nil }

// why is what broke the guard, or nil.
func (g *guard) why() error {
	if err := g.cause.Load(); err != nil {
		return *err
	}
	return nil
}

// change does what changes something on disk, unless the guard is broken; its
// error breaks the guard.
func (g *guard) change(op, path string, f func() error) {
	if g.broken() {
		return
	}
	var err error
	if g.fault != nil {
		err = g.fault(op, path)
	}
	if err == nil {
		err = f()
	}
	if err != nil {
		g.fail(fmt.Errorf("%s %s: %w", op, path, err))
	}
}

func (g *guard) create(path string, open func() (vfs.File, error)) (vfs.File, error) {
	var f vfs.File = void{}
	g.change(OpCreate, path, func() error {
		made, err := open()
		if err == nil {
			f = made
		}
		return err
	})
	return &guardedFile{File: f, guard: g, path: path}, nil
}

func (g *guard) Create(path string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return g.create(path, func() (vfs.File, error) { return g.FS.Create(path, category) })
}

func (g *guard) OpenReadWrite(path string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return g.create(path, func() (vfs.File, error) { return g.FS.OpenReadWrite(path, category, opts...) })
}

// ReuseForWrite does not reuse: what follows the end of a log is then never a
// record of an older one.
func (g *guard) ReuseForWrite(old, path string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return g.create(path, func() (vfs.File, error) {
		if err := g.FS.Remove(old); err != nil {
			return nil, err
		}
		return g.FS.Create(path, category)
	})
}

func (g *guard) Open(path string, opts ...vfs.OpenOption) (vfs.File, error) {
	if g.fault != nil {
		if err := g.fault(OpRead, path); err != nil {
			return nil, err
		}
	}
	f, err := g.FS.Open(path, opts...)
	if err != nil {
		return nil, err
	}
	return &guardedFile{File: f, guard: g, path: path}, nil
}

func (g *guard) OpenDir(path string) (vfs.File, error) {
	f, err := g.FS.OpenDir(path)
	if err != nil {
		return nil, err
	}
	return &guardedFile{File: f, guard: g, path: path}, nil
}

func (g *guard) Link(old, path string) error {
	g.change(OpCreate, path, func() error { return g.FS.Link(old, path) })
	return nil
}

func (g *guard) Rename(old, path string) error {
	g.change(OpCreate, path, func() error { return g.FS.Rename(old, path) })
	return nil
}

func (g *guard) MkdirAll(path string, perm os.FileMode) error {
	g.change(OpCreate, path, func() error { return g.FS.MkdirAll(path, perm) })
	return nil
}

// Remove may fail without harm.
func (g *guard) Remove(path string) error {
	if g.broken() {
		return nil
	}
	return g.FS.Remove(path)
}

func (g *guard) RemoveAll(path string) error {
	if g.broken() {
		return nil
	}
	return g.FS.RemoveAll(path)
}

func (g *guard) Unwrap() vfs.FS { return g.FS }

// Lock is not needed: the store has a lock of its own, held across openings.
func (g *guard) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }
