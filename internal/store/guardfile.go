package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guardedFile is a file of a guard. Writing to it never fails.
type guardedFile struct {
	vfs.File
	guard *guard
	path  string
}

func (f *guardedFile) Write(p []byte) (int, error) {
	f.guard.change(OpWrite, f.path, func() error { return whole(f.File.Write(p))(len(p)) })
	if err := f.guard.why(); errors.Is(err, ErrTorn) && f.guard.tear.CompareAndSwap(false, true) {
		_, _ = f.File.Write(p[:len(p)/2])
	}
	return len(p), nil
}

func (f *guardedFile) WriteAt(p []byte, at int64) (int, error) {
	f.guard.change(OpWrite, f.path, func() error { return whole(f.File.WriteAt(p, at))(len(p)) })
	return len(p), nil
}

// whole makes a write that stopped half-way an error.
func whole(n int, err error) func(want int) error {
	return func(want int) error {
		if err == nil && n < want {
			return io.ErrShortWrite
		}
		return err
	}
}

func (f *guardedFile) ReadAt(p []byte, at int64) (int, error) {
	if f.guard.fault != nil {
		if err := f.guard.fault(OpRead, f.path); err != nil {
			return 0, err
		}
	}
	return f.File.ReadAt(p, at)
}

func (f *guardedFile) Preallocate(offset, length int64) error {
	f.guard.change(OpWrite, f.path, func() error { return f.File.Preallocate(offset, length) })
	return nil
}

func (f *guardedFile) Sync() error {
	f.guard.change(OpSync, f.path, f.File.Sync)
	return nil
}

func (f *guardedFile) SyncData() error {
	f.guard.change(OpSync, f.path, f.File.SyncData)
	return nil
}

func (f *guardedFile) SyncTo(length int64) (full bool, err error) {
	f.guard.change(OpSync, f.path, func() (err error) {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, nil
}

func (f *guardedFile) Close() error {
	if err := f.File.Close(); err != nil {
		f.guard.fail(fmt.Errorf("close %s: %w", f.path, err))
	}
	return nil
}

// void is a file that could not be made; its guard is broken.
type void struct{}

func (void) Close() error                           { return nil }
func (void) Read([]byte) (int, error)               { return 0, errFenced }
func (void) ReadAt([]byte, int64) (int, error)      { return 0, errFenced }
func (void) Write(p []byte) (int, error)            { return len(p), nil }
func (void) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (void) Preallocate(_, _ int64) error           { return nil }
func (void) Stat() (vfs.FileInfo, error)            { return voidInfo{}, nil }
func (void) Sync() error                            { return nil }
func (void) SyncTo(int64) (bool, error)             { return true, nil }
func (void) SyncData() error                        { return nil }
func (void) Prefetch(_, _ int64) error              { return nil }
func (void) Fd() uintptr                            { return vfs.InvalidFd }

type voidInfo struct{}

func (voidInfo) Name() string           { return "" }
func (voidInfo) Size() int64            { return 0 }
func (voidInfo) Mode() os.FileMode      { return 0 }
func (voidInfo) ModTime() time.Time     { return time.Time{} }
func (voidInfo) IsDir() bool            { return false }
func (voidInfo) Sys() any               { return nil }
func (voidInfo) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }
