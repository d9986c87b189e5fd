package proxy

import (
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/das-local/das-local/internal/pgserver"
	"github.com/das-local/das-local/proxy/internal/track"
)

func TestStandInsWrap(t *testing.T) {
	const room = math.MaxInt32 - pidMax + 1
	var s standIns
	for _, last := range []uint32{0, room - 2, room - 1, math.MaxUint32 - 1, math.MaxUint32} {
		s.last.Store(last)
		one, two := s.next(), s.next()
		if one < pidMax || two < pidMax || one == two {
			t.Errorf("after %d: %d, %d", last, one, two)
		}
	}
}

// TestRefusedSessionsDiffer has many sessions refused at once, and one let in: each has
// an identity of its own, in the form of the others'.
func TestRefusedSessionsDiffer(t *testing.T) {
	rec := newRecording()
	p := startProxy(t, rec, nil)
	const n = 8
	var wg sync.WaitGroup
	for i := range n + 1 {
		database := "no_such_database"
		if i == n {
			database = "postgres"
		}
		wg.Go(func() {
			cmd := exec.Command(filepath.Join(server.Installation().BinDir, "psql"), "-XAtc", "select 1", "-h", "localhost", "-p", port(p),
				"-U", pgserver.Superuser, "-d", database)
			cmd.Env = append(cmd.Environ(), "LC_ALL=C", "PGCONNECT_TIMEOUT=120")
			out, err := cmd.CombinedOutput()
			if refused := err != nil && strings.Contains(string(out), "does not exist"); refused != (database != "postgres") {
				t.Errorf("%s: %v %s", database, err, out)
			}
		})
	}
	wg.Wait()
	seen := map[int32]bool{}
	for _, s := range rec.ended(t, n+1) {
		about := s.about
		if seen[about.PID] {
			t.Errorf("two sessions have pid %d", about.PID)
		}
		seen[about.PID] = true
		if refused := len(s.of(track.AuthFailed)) > 0; refused != (about.PID >= pidMax) {
			t.Errorf("refused %v, pid %d", refused, about.PID)
		}
		if _, end, ok := strings.Cut(about.SessionID, "."); !ok || end != fmt.Sprintf("%x", about.PID) {
			t.Errorf("pid %d, session %s", about.PID, about.SessionID)
		}
	}
}
