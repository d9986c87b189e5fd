//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// dirPrefix begins the name of every private directory.
const dirPrefix = "das-local-pg-"

// maxSocketPath is the size of sun_path without its zero byte, on the system
// where it is smallest (macOS; Linux has 107).
const maxSocketPath = 103

// runDir is the private directory of one server. Its lock is held as long as
// the owner lives.
type runDir struct {
	path string
	lock *os.File
}

func (d *runDir) data() string   { return filepath.Join(d.path, "data") }
func (d *runDir) socket() string { return filepath.Join(d.path, "s") }

// newRunDir makes and locks a directory that only the caller and the account
// can use.
func newRunDir(base string, acct *account) (*runDir, error) {
	if err := acct.canReach(base); err != nil {
		return nil, fmt.Errorf("user %s cannot use %s: %w", acct.name, base, err)
	}
	for range 10 {
		path, err := os.MkdirTemp(base, dirPrefix)
		if err != nil {
			return nil, err
		}
		lock, err := lockFile(filepath.Join(path, "lock"))
		if errors.Is(err, errBusy) || errors.Is(err, os.ErrNotExist) {
			continue // a sweep took it for a leftover before it was locked
		}
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(path))
		}
		d := &runDir{path: path, lock: lock}
		if err := d.populate(acct); err != nil {
			return nil, errors.Join(err, d.remove())
		}
		return d, nil
	}
	return nil, errors.New("make a private directory: it vanishes each time")
}

func (d *runDir) populate(acct *account) error {
	if n := len(d.socket()) + len("/.s.PGSQL.65535"); n > maxSocketPath {
		return fmt.Errorf("the path %s is too long for a Unix socket: name a shorter directory", d.path)
	}
	if acct.foreign {
		// The account passes through; what is inside is closed to others.
		if err := os.Chmod(d.path, 0o711); err != nil {
			return err
		}
	}
	if err := os.Mkdir(d.socket(), 0o700); err != nil {
		return err
	}
	return acct.chown(d.socket())
}

// remove deletes the directory, then the lock. Backends of a killed postmaster
// may still write for a moment, so it tries more than once.
func (d *runDir) remove() error {
	var err error
	for range 50 {
		if err = os.RemoveAll(d.path); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.Join(err, d.unlock())
}

// unlock gives up the lock. Closing the file is not enough: a child that is being started
// has a copy of the descriptor until it runs its program, and the lock would stay with that.
func (d *runDir) unlock() error {
	return errors.Join(syscall.Flock(int(d.lock.Fd()), syscall.LOCK_UN), d.lock.Close())
}

var errBusy = errors.New("locked by a process that lives")

// lockFile takes the lock of a file without waiting. The file is checked to be
// still there: a sweep may have deleted it in between.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errBusy, f.Close())
	}
	ours, err1 := f.Stat()
	there, err2 := os.Stat(path)
	if err := errors.Join(err1, err2); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !os.SameFile(ours, there) {
		return nil, errors.Join(errBusy, f.Close())
	}
	return f, nil
}

// sweep removes what dead owners left in base: first their server, should it
// still run, then the directory. It returns what it removed.
func sweep(base string) (removed []string, err error) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), dirPrefix) {
			continue
		}
		path := filepath.Join(base, e.Name())
		gone, err := sweepOne(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("sweep %s: %w", path, err))
		}
		if gone {
			removed = append(removed, path)
		}
	}
	return removed, errors.Join(errs...)
}

// fresh is how long a directory without a lock may be one that is being made.
const fresh = time.Minute

func sweepOne(path string) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, ignoreGone(err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) != os.Geteuid() || !info.IsDir() {
		return false, nil // another user's
	}
	lockPath := filepath.Join(path, "lock")
	if _, err := os.Lstat(lockPath); err != nil && time.Since(info.ModTime()) < fresh {
		return false, nil
	}
	lock, err := lockFile(lockPath)
	if errors.Is(err, errBusy) {
		return false, nil
	}
	if err != nil {
		return false, ignoreGone(err)
	}
	d := &runDir{path: path, lock: lock}
	stopLeftover(d.data())
	return true, d.remove()
}

func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
