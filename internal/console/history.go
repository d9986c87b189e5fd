package console

import (
	"context"
	"sync"
	"time"
)

// The history's bounds: a sample a second, for ten minutes.
const (
	sampleEvery = time.Second
	keepSamples = 600
)

// moment is a sample and when it was taken.
type moment struct {
	at time.Time
	Sample
}

// history samples the source once a second.
type history struct {
	source Source
	ctx    context.Context
	runs   sync.WaitGroup

	mu      sync.Mutex // guards the rest
	moments []moment   // the oldest first
}

func newHistory(ctx context.Context, source Source) *history {
	h := &history{source: source, ctx: ctx}
	h.runs.Go(h.run)
	return h
}

// look gives the moments there are since a time.
func (h *history) look(since time.Time) []moment {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.moments {
		if !h.moments[i].at.Before(since) {
			return append([]moment(nil), h.moments[i:]...)
		}
	}
	return nil
}

func (h *history) run() {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
			h.take()
		}
	}
}

func (h *history) take() {
	m := moment{time.Now(), h.source.Sample()}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.moments) == keepSamples {
		h.moments = append(h.moments[:0], h.moments[1:]...)
	}
	h.moments = append(h.moments, m)
}

// close waits for the end of the sampling. The context has been cancelled.
func (h *history) close() { h.runs.Wait() }

// rate is the growth of a count in a second, at each moment but the first. A count
// that begins anew, with a stream, has grown from zero.
func rate(moments []moment, count func(Sample) int64) []float64 {
	var out []float64
	for i := 1; i < len(moments); i++ {
		seconds := moments[i].at.Sub(moments[i-1].at).Seconds()
		was, is := count(moments[i-1].Sample), count(moments[i].Sample)
		if is < was {
			was = 0
		}
		if seconds <= 0 {
			seconds = sampleEvery.Seconds()
		}
		out = append(out, float64(is-was)/seconds)
	}
	return out
}

// level is a number at each moment but the first.
func level(moments []moment, of func(Sample) int64) []float64 {
	var out []float64
	for i := 1; i < len(moments); i++ {
		out = append(out, float64(of(moments[i].Sample)))
	}
	return out
}
