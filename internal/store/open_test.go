package store

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

// TestAFailedDiskIsNotCalledDamaged: what was written to a broken guard is missing, and
// the next opening writes it again.
func TestAFailedDiskIsNotCalledDamaged(t *testing.T) {
	var said bytes.Buffer
	l := pebbleLog{slog.New(slog.NewTextHandler(&said, nil)), &guard{failed: func() {}}, new(sync.Map)}
	info := pebble.DataCorruptionInfo{Path: "000024.sst", Details: errors.New("no such file")}
	l.damaged(info)
	if !strings.Contains(said.String(), "000024.sst") {
		t.Errorf("damage is not told: %q", said.String())
	}
	said.Reset()
	if l.damaged(info); said.Len() > 0 {
		t.Errorf("it is told again: %q", said.String())
	}
	info.Path = "000025.sst"
	l.guard.fail(errors.New("the disk is full"))
	l.damaged(info)
	if said.Len() > 0 {
		t.Error(said.String())
	}
}
