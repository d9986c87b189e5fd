package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/das-local/das-local/internal/store"
	"github.com/das-local/das-local/internal/stream"
	"github.com/das-local/das-local/rdsapi"
)

// damage are entries of a stream's queue and intents that cannot be read. They are set
// aside, and the stream starts without them: what they held is lost, and told.
type damage struct {
	disk      *store.Store
	entries   []damagedEntry
	lost      stream.Loss // of the entries that say how many events they have
	uncounted int         // entries that do not
	err       error       // an entry could not be kept
}

type damagedEntry struct {
	key   []byte
	cause error
	path  string // of what is kept of it
}

// add keeps an entry in a file. It reports false if that is not possible: then err says why.
func (d *damage) add(key, value []byte, of stream.Loss, cause error) bool {
	path, err := d.disk.KeepAside(key, value)
	if err != nil {
		d.err = fmt.Errorf("the entry %s is damaged (%w) and cannot be set aside: %w", store.Describe(key), cause, err)
		return false
	}
	d.entries = append(d.entries, damagedEntry{slices.Clone(key), cause, path})
	if d.lost.Add(of); of.Lost == 0 {
		d.uncounted++
	}
	return true
}

// setAside tells of the loss, and has a batch remove the entries. A process that is killed
// before the batch is stored tells it once more.
func (e *Emulator) setAside(s rdsapi.ActivityStream, d *damage, b *store.Batch) {
	if len(d.entries) == 0 {
		return
	}
	for _, entry := range d.entries {
		e.log.Error("a stored entry of the activity stream is damaged: it was set aside, and its events are lost",
			"stream", s.StreamName, "entry", store.Describe(entry.key), "cause", entry.cause, "kept", entry.path)
		b.Delete(entry.key)
	}
	e.rds.RecordDamage(s.ClusterResourceID, len(d.entries), filepath.Dir(d.entries[0].path), rdsapi.Loss(d.lost), d.uncounted)
}

// plausible is what a damaged batch says of its events, if that can be: a damaged number is
// none that fits the batch.
func plausible(of stream.Loss, bytes int) stream.Loss {
	const least = 64 // of an event's JSON, which has some thirty members
	earliest, latest := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Now().Add(maxAhead)
	if of.Lost < 1 || of.Lost > int64(bytes/least+1) || of.First.Before(earliest) || of.Last.Before(of.First) || of.Last.After(latest) {
		return stream.Loss{}
	}
	return of
}

var errNoEvents = errors.New("its events are not JSON")

// checkEvents refuses what no record can be made of.
func checkEvents(lists ...[]byte) error {
	for _, events := range lists {
		if len(events) > 0 && !json.Valid(slices.Concat([]byte("["), events, []byte("]"))) {
			return errNoEvents
		}
	}
	return nil
}
