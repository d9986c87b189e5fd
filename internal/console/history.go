package console

import (
	"context"
	"iter"
	"maps"
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

// of leaves in moments only what is of one cluster, given by its resource id.
func of(cluster string, moments []moment) []moment {
	out := make([]moment, 0, len(moments))
	for _, m := range moments {
		one := moment{at: m.at}
		for _, i := range m.Instances {
			if i.Cluster == cluster {
				one.Instances = append(one.Instances, i)
			}
		}
		for _, s := range m.Streams {
			if s.Cluster == cluster {
				one.Streams = append(one.Streams, s)
			}
		}
		out = append(out, one)
	}
	return out
}

// counter gives a count of each part of a sample, by the part's id.
type counter func(Sample) iter.Seq2[string, int64]

func perStream(count func(StreamSample) int64) counter {
	return func(s Sample) iter.Seq2[string, int64] {
		return func(yield func(string, int64) bool) {
			for _, one := range s.Streams {
				if !yield(one.Cluster, count(one)) {
					return
				}
			}
		}
	}
}

func ofClass(class string) counter {
	return func(s Sample) iter.Seq2[string, int64] {
		return func(yield func(string, int64) bool) {
			for _, one := range s.Instances {
				if !yield(one.ID, one.Classes[class]) {
					return
				}
			}
		}
	}
}

// rate is the growth of a count in a second, at each moment but the first, of all parts
// together. A part that was not there before, or whose count begins anew, has grown from
// zero; one that is no longer there has not grown.
func rate(moments []moment, count counter) []float64 {
	var out []float64
	for i := 1; i < len(moments); i++ {
		before, grown := maps.Collect(count(moments[i-1].Sample)), int64(0)
		for id, n := range count(moments[i].Sample) {
			was := before[id]
			if n < was {
				was = 0
			}
			grown += n - was
		}
		seconds := moments[i].at.Sub(moments[i-1].at).Seconds()
		if seconds <= 0 {
			seconds = sampleEvery.Seconds()
		}
		out = append(out, float64(grown)/seconds)
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
