package store

import (
	"math"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Available is the room in bytes that the directory's disk has left.
func (s *Store) Available() (int64, error) {
	usage, err := vfs.Default.GetDiskUsage(s.cfg.Dir)
	if err != nil {
		return 0, err
	}
	return int64(min(usage.AvailBytes, math.MaxInt64)), nil
}
