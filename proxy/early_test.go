package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/das-local/das-local/proxy/internal/track"
)

// TestEarlyParameters: a server that never gets ready fills no memory, whatever it says,
// and the parameters that a session has are those told last.
func TestEarlyParameters(t *testing.T) {
	for name, value := range map[string]func(i int) (string, string){
		"many names":  func(i int) (string, string) { return fmt.Sprint("p", i), strings.Repeat("x", 4000) },
		"one name":    func(i int) (string, string) { return "p", fmt.Sprint(i, strings.Repeat("x", 4000)) },
		"short names": func(i int) (string, string) { return fmt.Sprint(i), "" },
	} {
		var j journal
		most, bytes := 0, 0
		for i := range 20000 {
			name, value := value(i)
			j.items = append(j.items, track.Item{Kind: track.Parameter, Name: name, Value: value})
			if i%16 < 15 {
				continue
			}
			j.write(t.Context(), 0)
			bytes = 0
			for k := range j.items {
				bytes += j.items[k].Size()
			}
			most = max(most, cap(j.items))
			if bytes > maxEarlyBytes+16*5000 || most > 4*maxEarly+64 {
				t.Fatalf("%s: %d bytes in %d of %d items", name, bytes, len(j.items), most)
			}
		}
		if name == "one name" && !strings.HasPrefix(j.items[len(j.items)-1].Value, "19999") {
			t.Errorf("the last of %d has %.10s", len(j.items), j.items[len(j.items)-1].Value)
		}
	}
}
