package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
)

// DamagedError is an entry that cannot be read, and without which the state would be
// another one.
type DamagedError struct {
	Dir   string // the data directory
	Entry string // see Describe
	Cause error
}

// Error names the entry, what is wrong with it, and what helps.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("the data directory %s is damaged: its entry %s cannot be read (%v): put a copy of the directory in its place, or give another directory",
		e.Dir, e.Entry, e.Cause)
}

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Cause }

// Damaged is the error of an entry that cannot be read.
func (s *Store) Damaged(key []byte, cause error) error {
	if known := (*DamagedError)(nil); errors.As(cause, &known) {
		return cause
	}
	return &DamagedError{s.cfg.Dir, Describe(key), cause}
}

// IsDamage says of an error of a reader that what is on disk is not what was written:
// reading it again is of no use.
func IsDamage(err error) bool { return pebble.IsCorruptionError(err) }

// maxAsideName bounds the names of files; file systems take 255 bytes.
const maxAsideName = 200

// KeepAside writes a damaged entry to a file in the directory damaged of the data
// directory, for somebody to look at, and returns the file's path. It leaves the entry
// where it is: the caller deletes it.
func (s *Store) KeepAside(key, value []byte) (path string, err error) {
	name := url.PathEscape(string(key))
	name = name[:min(len(name), maxAsideName)]
	dir := filepath.Join(s.cfg.Dir, damagedDir, s.opened.UTC().Format(damagedTime))
	path = filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("keep a damaged entry: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", fmt.Errorf("keep a damaged entry: %w", err)
	}
	_, err = f.Write(value)
	if err := errors.Join(err, f.Sync(), f.Close(), syncDir(dir), syncDir(filepath.Dir(dir)), syncDir(s.cfg.Dir)); err != nil {
		return "", fmt.Errorf("keep a damaged entry: %w", err)
	}
	return path, nil
}

// kindNames say what the kinds are, and how many numbers the key has; 0: a name.
var kindNames = map[Kind]struct {
	name    string
	numbers int
}{
	kindTicket: {"number of the last write", 0}, KindMeta: {"fact of the directory", 0},
	KindKey: {"KMS key", 0}, KindAlias: {"KMS alias", 0}, KindGrant: {"KMS grant", 0},
	KindStream: {"Kinesis stream", 1}, KindRecord: {"Kinesis record", 3}, KindTrim: {"beginning of a Kinesis shard", 2},
	KindCluster: {"DB cluster", 0}, KindInstance: {"DB instance", 0}, KindEvent: {"RDS event", 1},
	KindSubscription: {"event subscription", 0}, KindSnapshot: {"DB cluster snapshot", 0},
	KindClusterGroup: {"DB cluster parameter group", 0}, KindDBGroup: {"DB parameter group", 0}, KindSubnetGroup: {"DB subnet group", 0},
	KindSpool: {"queued batch of events", 0}, KindIntent: {"intent of a statement", 0},
}

// Describe names an entry for people: what it is, and which one.
func Describe(key []byte) string {
	if len(key) == 0 {
		return "without a name"
	}
	kind, known := kindNames[Kind(key[0])]
	if !known || kind.numbers > 0 && len(key) != 1+8*kind.numbers {
		return strconv.Quote(string(key))
	}
	if kind.numbers == 0 {
		return fmt.Sprintf("%q (%s)", key[1:], kind.name)
	}
	which := ""
	for rest := key[1:]; len(rest) > 0; rest = rest[8:] {
		which += "/" + strconv.FormatUint(binary.BigEndian.Uint64(rest), 10)
	}
	return fmt.Sprintf("%s (%s)", which[1:], kind.name)
}
