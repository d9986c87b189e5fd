package emulator

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/stream"
)

// TestLossIsCounted lets more come than the stream can keep while it cannot
// record: what there is room for is kept, published late and in order, and the RDS
// event that ends the window counts the rest.
func TestLossIsCounted(t *testing.T) {
	t.Parallel()
	const total = 200 // of about 2 KB each
	for _, mode := range []stream.Mode{stream.Sync, stream.Async} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			o := failing(mode, "")
			o.queueBytes = 100_000
			b := newBed(t, o)
			conn := b.connect()
			b.key(false)
			big := strings.Repeat("x", 1000)
			for n := range total {
				if _, err := conn.Exec(t.Context(), fmt.Sprintf("select %d, length('%s')", n, big)); err != nil {
					t.Fatal(err)
				}
			}
			b.awaitMessage("activity events might be lost")
			await.True(t, "all events to be made", func() bool { // in async mode, behind the answers
				b.mu.Lock()
				defer b.mu.Unlock()
				stats := b.streams[b.first.ResourceID].stream.Stats()
				return stats.Events+stats.Lost == total+1 // and a CONNECT
			})
			b.key(true)
			m := b.awaitMessage("activity events are durable again")
			found := regexp.MustCompile(`Events lost: (\d+), logTime (\S+ \S+)\+00 to (\S+ \S+)\+00$`).FindStringSubmatch(m)
			if found == nil || found[2] >= found[3] {
				t.Fatalf("the loss is not told: %s", m)
			}
			lost, _ := strconv.Atoi(found[1])
			if _, err := conn.Exec(t.Context(), "select 'end'"); err != nil {
				t.Fatal(err)
			}
			kept, last := 0, -1
			for event, err := range b.Events(b.within()) {
				if err != nil {
					t.Fatal(err)
				}
				if event.CommandText == nil {
					continue
				}
				if *event.CommandText == "select 'end'" {
					break
				}
				n := -1
				if _, err := fmt.Sscanf(*event.CommandText, "select %d,", &n); err != nil || n <= last {
					t.Fatalf("%.20q comes after %d", *event.CommandText, last)
				}
				last = n
				kept++
			}
			if kept+lost != total || kept < 20 || lost < 20 {
				t.Errorf("%d kept and %d lost of %d", kept, lost, total)
			}
		})
	}
}
