package progress

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// redraw is how often a line is drawn again.
const redraw = 100 * time.Millisecond

// What a terminal is told: to go to the line's beginning and not to break what is
// wider than it; to clear what is left of the line, and to break lines again.
const (
	lineStart = "\r\x1b[?7l"
	lineEnd   = "\x1b[K\x1b[?7h"
	lineGone  = "\r\x1b[K"
)

// Config is where a Display writes to.
type Config struct {
	W        io.Writer
	Terminal bool   // W is one: lines can be drawn again
	Colours  bool   // it may be coloured
	Name     string // of the program, before plain lines; empty: none
}

// Display shows steps. It is safe for concurrent use. While a step lasts on a terminal
// it has a goroutine, which ends with the last step.
type Display struct {
	cfg Config

	mu    sync.Mutex // guards the rest, and all writing
	steps []*Step    // that last; the last one is shown
	drawn bool       // the terminal's line is the step's
	stop  chan struct{}
	ended chan struct{} // closed when the goroutine has ended
}

// New makes a display that shows nothing yet.
func New(cfg Config) *Display { return &Display{cfg: cfg} }

type key struct{}

// With has steps that are begun in a context shown on a display.
func With(ctx context.Context, d *Display) context.Context { return context.WithValue(ctx, key{}, d) }

// Write writes something else to where the display is: whole lines.
func (d *Display) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erase()
	n, err := d.cfg.W.Write(b)
	d.draw()
	return n, err
}

// begin shows a step.
func (d *Display) begin(s *Step) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.steps = append(d.steps, s)
	if !d.cfg.Terminal {
		d.line("%s …", s.what)
		return
	}
	if d.stop == nil {
		d.stop, d.ended = make(chan struct{}), make(chan struct{})
		go d.animate(d.stop, d.ended)
	}
	d.draw()
}

// end shows it no more.
func (d *Display) end(s *Step, err error) {
	d.mu.Lock()
	d.steps = slices.DeleteFunc(d.steps, func(one *Step) bool { return one == s })
	ended := d.ended
	switch {
	case !d.cfg.Terminal && err != nil:
		d.line("%s: failed after %s", s.what, took(s.elapsed()))
	case !d.cfg.Terminal:
		d.line("%s: done in %s", s.what, took(s.elapsed()))
	case len(d.steps) == 0:
		d.erase()
		close(d.stop)
		d.stop, d.ended = nil, nil
	default:
		d.draw()
		ended = nil
	}
	d.mu.Unlock()
	if ended != nil {
		<-ended
	}
}

// animate draws until the last step has ended.
func (d *Display) animate(stop <-chan struct{}, ended chan<- struct{}) {
	defer close(ended)
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			d.mu.Lock()
			d.draw()
			d.mu.Unlock()
		}
	}
}

// line writes a plain line. mu is held.
func (d *Display) line(format string, args ...any) {
	if d.cfg.Name != "" {
		format = d.cfg.Name + ": " + format
	}
	fmt.Fprintf(d.cfg.W, format+"\n", args...)
}

// draw draws the line of the last step. mu is held.
func (d *Display) draw() {
	if !d.cfg.Terminal || len(d.steps) == 0 {
		return
	}
	s := d.steps[len(d.steps)-1]
	what, rest := s.what, s.state()
	if d.cfg.Colours {
		what, rest = "\x1b[36m"+what+"\x1b[0m", "\x1b[90m"+rest+"\x1b[0m"
	}
	fmt.Fprint(d.cfg.W, strings.Join([]string{lineStart, what, " … ", rest, lineEnd}, ""))
	d.drawn = true
}

// erase takes the line away. mu is held.
func (d *Display) erase() {
	if d.drawn {
		fmt.Fprint(d.cfg.W, lineGone)
		d.drawn = false
	}
}
