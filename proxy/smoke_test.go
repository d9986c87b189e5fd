package proxy

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/das-local/das-local/proxy/internal/track"
)

// client runs one of PostgreSQL's programs.
func client(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(server.Installation().BinDir, name), args...)
	cmd.Env = append(cmd.Environ(), "PGCONNECT_TIMEOUT=120", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestPsql(t *testing.T) {
	for _, mode := range []string{"disable", "require", "prefer"} {
		t.Run(mode, func(t *testing.T) {
			rec := newRecording()
			p := startProxy(t, rec, nil)
			out := client(t, "psql", "-XAtc", "select 1; select 2 as x, 3", "-c", "select 'x'", url(p, "sslmode="+mode))
			if out != "1\n2|3\nx\n" {
				t.Errorf("psql printed %q", out)
			}
			s := rec.ended(t, 1)[0]
			var got []string
			for _, it := range s.of(track.Connected, track.Completed, track.Disconnected) {
				got = append(got, show(it))
			}
			t.Log(strings.Join(got, "\n"))
			if len(got) != 5 {
				t.Errorf("%d items", len(got))
			}
		})
	}
}
