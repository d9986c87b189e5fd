package progress

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// shown takes what a display's terminal got since the last call.
func shown(d *Display, out *bytes.Buffer) string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	text := strings.NewReplacer(lineStart, "<", lineEnd, ">", lineGone, "~").Replace(out.String())
	out.Reset()
	return text
}

// TestTerminal: one line, drawn again as time passes, out of the way of other output,
// gone at the end.
func TestTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		d := New(Config{W: &out, Terminal: true})
		ctx := With(t.Context(), d)
		want := func(when, want string) {
			t.Helper()
			if got := shown(d, &out); got != want {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
		outer := Brief(ctx, "starting")
		want("at the begin", "<starting … 0 s>")
		load := Begin(ctx, nil, "downloading")
		want("at the begin of the next", "<downloading … 0 s>")
		load.Bytes(1_500_000, -1)
		time.Sleep(redraw)
		want("of unknown size", "<downloading … 1.5 MB, 0 s>")
		load.Bytes(1_500_000, 15_000_000)
		time.Sleep(redraw)
		want("of known size", "<downloading … 1.5 of 15.0 MB (10 %), 0 s>")
		if _, err := d.Write([]byte("a log line\n")); err != nil {
			t.Error(err)
		}
		want("when something else is written", "~a log line\n<downloading … 1.5 of 15.0 MB (10 %), 0 s>")
		load.End(errors.New("cut off"))
		want("at the end of the inner one", "<starting … 0 s>")
		time.Sleep(2 * time.Second)
		if got := shown(d, &out); !strings.HasSuffix(got, "<starting … 2 s>") {
			t.Errorf("after two seconds: %q", got)
		}
		outer.End(nil)
		want("at the end", "~")
		time.Sleep(time.Minute)
		want("later", "")
		if _, err := d.Write([]byte("a log line\n")); err != nil {
			t.Error(err)
		}
		want("when something else is written later", "a log line\n")
	})
}

func TestColours(t *testing.T) {
	var out bytes.Buffer
	s := Begin(With(t.Context(), New(Config{W: &out, Terminal: true, Colours: true})), nil, "initdb")
	s.End(nil)
	if got := out.String(); !strings.Contains(got, "\x1b[36minitdb\x1b[0m") {
		t.Errorf("%q", got)
	}
}

// TestPlain: elsewhere two lines, of steps that last.
func TestPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		ctx := With(t.Context(), New(Config{W: &out, Colours: true, Name: "das-local"}))
		b := Brief(ctx, "starting PostgreSQL")
		s := Begin(ctx, nil, "initdb")
		time.Sleep(2500 * time.Millisecond)
		s.End(nil)
		b.End(nil)
		s = Begin(ctx, nil, "downloading")
		s.Bytes(1, 2)
		s.End(errors.New("no route"))
		const want = "das-local: initdb …\ndas-local: initdb: done in 2.5 s\ndas-local: downloading …\ndas-local: downloading: failed after 0.0 s\n"
		if out.String() != want {
			t.Errorf("%q", &out)
		}
	})
}

// TestLog: without a display, the log tells.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		b := Brief(context.Background(), "starting PostgreSQL")
		s := Begin(context.Background(), log, "initdb")
		s.Bytes(1, 2)
		time.Sleep(time.Second)
		s.End(nil)
		b.End(nil)
		Begin(context.Background(), log, "downloading").End(errors.New("no route"))
		const want = "level=INFO msg=initdb\nlevel=INFO msg=\"initdb: done\" in=\"1.0 s\"\nlevel=INFO msg=downloading\nlevel=INFO msg=\"downloading: failed\" after=\"0.0 s\"\n"
		if out.String() != want {
			t.Errorf("%q", &out)
		}
	})
}
