package await_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// failing is a test that notes its failure and goes on in another goroutine's place.
type failing struct {
	testing.TB
	said string
}

func (*failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.said = strings.TrimSpace(format)
	for _, a := range args {
		if s, ok := a.(string); ok {
			f.said += " " + s
		}
	}
	panic(f)
}

// fails runs a wait that must fail, and gives what it says.
func fails(wait func(testing.TB)) (said string) {
	f := &failing{}
	defer func() { recover(); said = f.said }()
	wait(f)
	return ""
}

func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		late := func() bool { return time.Since(begin) > time.Minute }
		await.True(t, "a minute", late)
		await.Equal(t, "a minute", true, late)
		ch := make(chan int, 1)
		ch <- 7
		if got := await.Receive(t, "a number", ch); got != 7 {
			t.Error(got)
		}
		if d := time.Since(begin); d > time.Minute+time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

func TestBounds(t *testing.T) {
	for name, wait := range map[string]func(testing.TB){
		"True":    func(t testing.TB) { await.True(t, "the thing", func() bool { return false }) },
		"Equal":   func(t testing.TB) { await.Equal(t, "the thing", "a", func() string { return "what is there" }) },
		"Receive": func(t testing.TB) { await.Receive(t, "the thing", make(chan int)) },
	} {
		synctest.Test(t, func(t *testing.T) {
			said := fails(wait)
			if !strings.Contains(said, "the thing") || name == "Equal" && !strings.Contains(said, "what is there") {
				t.Errorf("%s says %q", name, said)
			}
		})
	}
}
