package emulator

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestForTest: tests beside each other see their own statements only.
func TestForTest(t *testing.T) {
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			e := ForTest(t)
			conn, err := pgx.Connect(t.Context(), e.PostgresURL())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(context.Background())
			own := fmt.Sprintf("own_%d", i)
			if _, err := conn.Exec(t.Context(), "CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 3); SELECT n AS "+own+" FROM t"); err != nil {
				t.Fatal(err)
			}
			event, err := e.WaitFor(t.Context(), Match{Class: "READ", Command: "SELECT", ObjectName: "public.t", TextHas: own}.Matches)
			if err != nil {
				t.Fatal(err)
			}
			if event.RowCount == nil || *event.RowCount != 3 || !strings.HasPrefix(*event.DatabaseName, "das_test_") {
				t.Errorf("event %s", event.JSON)
			}
			for event, err := range e.Events(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				text := event.CommandText
				if text != nil && strings.Contains(*text, "own_") && !strings.Contains(*text, own) {
					t.Errorf("another test's %s", event.JSON)
				}
				if *event.Command == "SELECT" {
					break
				}
			}
		})
	}
}

// tb notes what a test is told, and ends it when it is asked to.
type tb struct {
	*testing.T
	cleanups []func()
	errors   []string
}

func (t *tb) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func (t *tb) Errorf(format string, args ...any) {
	t.errors = append(t.errors, fmt.Sprintf(format, args...))
}

func (t *tb) end() string {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
	return strings.Join(t.errors, "\n")
}

// TestForTestLeak: sessions and goroutines that are left behind fail the test.
func TestForTestLeak(t *testing.T) {
	defer func(d time.Duration) { leakPatience = d }(leakPatience)
	leakPatience = 50 * time.Millisecond
	in := &tb{T: t}
	e := ForTest(in)
	conn, err := pgx.Connect(t.Context(), e.PostgresURL())
	if err != nil {
		t.Fatal(err)
	}
	if got := in.end(); !strings.Contains(got, "leaves 1 sessions open") {
		t.Errorf("the test was told %q", got)
	}
	conn.Close(context.Background()) // the emulator has ended it already

	in = &tb{T: t}
	begun, stop, ended := make(chan struct{}), make(chan struct{}), sync.WaitGroup{}
	pprof.Do(t.Context(), pprof.Labels(leakLabel, "leaky/1"), func(context.Context) { ended.Go(func() { close(begun); <-stop }) })
	<-begun
	leftBehind(in, "leaky/1")
	close(stop)
	ended.Wait()
	if got := in.end(); !strings.Contains(got, "outlive the emulator") || !strings.Contains(got, "TestForTestLeak") {
		t.Errorf("the test was told %q", got)
	}
}

func TestWaitForTells(t *testing.T) {
	e := ForTest(t, func(o *Options) { o.Audit = "catalog" })
	never := func(Event) bool { return false }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.WaitFor(ctx, never); err == nil || !strings.Contains(err.Error(), "there is none at all") {
		t.Errorf("got %v", err)
	}
	conn, err := pgx.Connect(t.Context(), e.PostgresURL())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = e.WaitFor(ctx, func(e Event) bool {
		if *e.Command == "DISCONNECT" {
			cancel()
		}
		return false
	})
	if err == nil || !strings.Contains(err.Error(), "none of 2 matches") || !strings.Contains(err.Error(), "DISCONNECT") {
		t.Errorf("got %v", err)
	}
}

func TestStartAndStopActivityStream(t *testing.T) {
	e := ForTest(t, func(o *Options) { o.StartStream = "" })
	for _, mode := range []Mode{Sync, Async} {
		if err := e.StartActivityStream(t.Context(), mode); err != nil {
			t.Fatal(err)
		}
		if err := e.StartActivityStream(t.Context(), mode); err == nil {
			t.Error("it was started twice")
		}
		conn, err := pgx.Connect(t.Context(), e.PostgresURL())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := e.WaitFor(t.Context(), Match{Command: "CONNECT"}.Matches); err != nil {
			t.Error(err)
		}
		if err := e.StopActivityStream(t.Context()); err != nil || e.StreamStatus() != "stopped" {
			t.Fatal(err, e.StreamStatus())
		}
	}
}
