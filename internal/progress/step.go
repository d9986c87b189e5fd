package progress

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// Step is a piece of work that takes a while. End must be called.
type Step struct {
	what    string
	began   time.Time
	display *Display     // nil: there is none
	log     *slog.Logger // then; nil: a step that is shown and not told of

	done, total atomic.Int64 // bytes; total is 0 for work that is not counted
}

// Begin begins a step; what says what is being done ("downloading PostgreSQL 17.11").
// Without a display in the context, log is told that it begins and ends.
func Begin(ctx context.Context, log *slog.Logger, what string) *Step {
	s := &Step{what: what, began: time.Now(), log: log}
	if d, ok := ctx.Value(key{}).(*Display); ok {
		s.display, s.log = d, nil
		d.begin(s)
	} else {
		log.Info(what)
	}
	return s
}

// Brief is Begin for a step that mostly takes well under a second: a terminal alone
// shows it.
func Brief(ctx context.Context, what string) *Step {
	s := &Step{what: what, began: time.Now()}
	if d, ok := ctx.Value(key{}).(*Display); ok && d.cfg.Terminal {
		s.display = d
		d.begin(s)
	}
	return s
}

// Bytes says how many bytes of how many are done; a total of 0 or less is not known.
func (s *Step) Bytes(done, total int64) {
	s.done.Store(done)
	s.total.Store(max(total, 0))
}

// End ends the step; err says whether it failed. The caller tells of the error itself.
func (s *Step) End(err error) {
	switch {
	case s.display != nil:
		s.display.end(s, err)
	case s.log == nil:
	case err != nil:
		s.log.Info(s.what+": failed", "after", took(s.elapsed()))
	default:
		s.log.Info(s.what+": done", "in", took(s.elapsed()))
	}
}

func (s *Step) elapsed() time.Duration { return time.Since(s.began) }

// state is how far the step has come: bytes if they are counted, and its time.
func (s *Step) state() string {
	text := fmt.Sprintf("%d s", int(s.elapsed().Seconds()))
	done, total := s.done.Load(), s.total.Load()
	switch {
	case total > 0:
		return fmt.Sprintf("%s of %s MB (%d %%), %s", megabytes(done), megabytes(total), 100*done/total, text)
	case done > 0:
		return fmt.Sprintf("%s MB, %s", megabytes(done), text)
	}
	return text
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }

func took(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
