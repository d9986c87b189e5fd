package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/record"
)

// damagedDir keeps what was cut from the log, and entries that could not be read, inside
// the data directory, in a directory for each time that something was found.
const (
	damagedDir  = "damaged"
	damagedTime = "20060102T150405.000"
)

// logs are the files of the write-ahead log, oldest first.
func logs(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.log"))
	slices.SortFunc(names, func(a, b string) int {
		n, _ := logNumber(a)
		m, _ := logNumber(b)
		return int(n) - int(m)
	})
	return names, err
}

func logNumber(path string) (uint64, bool) {
	n, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(path), ".log"), 10, 32)
	return n, err == nil
}

// scanLog reads a log as recovery does. It returns how many bytes of it are whole
// records, the bytes behind them without the zeros of room that was only
// reserved, and io.EOF or what ended the records.
func scanLog(path string) (whole int64, rest int64, err error) {
	number, ok := logNumber(path)
	if !ok {
		return 0, 0, fmt.Errorf("%s is not the name of a log", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	r := newReader(record.NewReader, bytes.NewReader(data), number)
	for {
		whole = r.Offset()
		next, err := r.Next()
		if err == nil {
			_, err = io.Copy(io.Discard, next)
		}
		if err != nil {
			tail := bytes.TrimRight(data[min(whole, int64(len(data))):], "\x00")
			return whole, int64(len(tail)), err
		}
	}
}

// newReader calls record.NewReader, which takes a number of a type that has no
// public name.
func newReader[N ~uint64](make func(io.Reader, N) *record.Reader, r io.Reader, number uint64) *record.Reader {
	return make(r, N(number))
}

// mendTail says in the log if a crash tore the last write, which opening cuts. Where what was synced
// is damaged it cuts the log itself.
func (s *Store) mendTail(dir string) error {
	names, err := logs(dir)
	if err != nil || len(names) == 0 {
		return nil // opening says what is wrong
	}
	last := names[len(names)-1]
	whole, rest, err := scanLog(last)
	if rest == 0 || !record.IsInvalidRecord(err) {
		return nil
	}
	number, _ := logNumber(last)
	synced, err := wasSynced(last, number, whole)
	if err != nil {
		return err
	}
	if synced {
		return s.cutLog(dir, number)
	}
	s.log.Warn("the last write to the store was cut off by a crash; what is left of it is dropped", "file", last, "bytes", rest)
	return nil
}

var replaying = regexp.MustCompile(`replaying wal (\d+)`)

// damagedLog tells which file of the log keeps the database from being opened.
func damagedLog(err error) (number uint64, ok bool) {
	if err == nil || !pebble.IsCorruptionError(err) {
		return 0, false
	}
	m := replaying.FindStringSubmatch(fmt.Sprintf("%+v", err))
	if m == nil {
		return 0, false
	}
	number, err = strconv.ParseUint(m[1], 10, 32)
	return number, err == nil
}

// cutLog cuts a damaged log behind its last whole record, and what comes after it
// with it: the state is then as it was at that time. The files as they were are
// kept.
func (s *Store) cutLog(dir string, number uint64) error {
	names, err := logs(dir)
	if err != nil {
		return err
	}
	keep := filepath.Join(s.cfg.Dir, damagedDir, time.Now().UTC().Format(damagedTime))
	if err := os.MkdirAll(keep, 0o700); err != nil {
		return err
	}
	for _, name := range names {
		n, _ := logNumber(name)
		saved := filepath.Join(keep, filepath.Base(name))
		switch {
		case n < number:
		case n > number:
			if err := os.Rename(name, saved); err != nil {
				return err
			}
		default:
			whole, rest, cause := scanLog(name)
			if err := copyFile(saved, name); err != nil {
				return err
			}
			if err := os.Truncate(name, whole); err != nil {
				return err
			}
			s.log.Error("the store's log is damaged; it was cut where the damage begins, and what was stored later is lost",
				"file", name, "at", whole, "bytes", rest, "cause", cause.Error(), "kept", keep)
		}
	}
	s.cut.Store(&keep)
	return errors.Join(syncDir(dir), syncDir(keep))
}

func copyFile(to, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}
