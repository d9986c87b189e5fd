//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// The files that say whose a data directory is, and what it is.
const (
	lockName   = "lock"
	formatName = "FORMAT"
	format     = "das-local data, format 1"
)

// dirLock is held as long as a data directory is in use. It ends with its process.
type dirLock struct{ file *os.File }

// claim makes a data directory if there is none, locks it and checks what it is.
func claim(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	if err := checkFormat(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	l := &dirLock{f}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner := ""
		if text, err := os.ReadFile(f.Name()); err == nil && len(text) > 0 && len(text) < 20 {
			owner = " (process " + strings.TrimSpace(string(text)) + ")"
		}
		return nil, errors.Join(fmt.Errorf("the data directory %s is in use by another das-local%s", dir, owner), f.Close())
	}
	// Key material is inside; the directory itself may be opened to others later,
	// for what else is in it.
	if err = os.MkdirAll(filepath.Join(dir, stateDir), 0o700); err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err == nil {
		err = writeFormat(dir)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data directory: %w", err), l.release())
	}
	return l, nil
}

// release frees the lock itself: a child that this process is just starting has the file
// open too, until it runs its own program.
func (l *dirLock) release() error {
	return errors.Join(syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), l.file.Close())
}

// checkFormat refuses a directory of another format, or of something else.
func checkFormat(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, formatName))
	switch found := strings.TrimSpace(string(text)); {
	case err == nil && found == format:
		return nil
	case err == nil && strings.HasPrefix(found, "das-local data, format "):
		return fmt.Errorf("the data directory %s is of another version: it has %q, this das-local reads %q", dir, found, format)
	case err == nil:
		return fmt.Errorf("the data directory %s has a file %s that is not das-local's", dir, formatName)
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("read the data directory: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read the data directory: %w", err)
	}
	for _, e := range entries {
		if e.Name() != lockName && e.Name() != formatName+".new" {
			return fmt.Errorf("the directory %s is not empty and not a data directory of das-local", dir)
		}
	}
	return nil
}

// writeFormat says what a new directory is.
func writeFormat(dir string) error {
	path := filepath.Join(dir, formatName)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(format + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
