package console

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The plot's own units; the style sheet stretches it to the page.
const (
	plotWidth  = 600
	plotHeight = 100
)

// chart is a drawing over time. Series lie one on the other, the first below.
type chart struct {
	ID, Title, Note string
	Label           string // of the drawing, for those who do not see it
	Top, From       string // the ends of the axes; the others are 0 and now
	Series          []series
	Losses          []band
}

type series struct {
	Name string
	Area string // a path
	Line string // a path: its upper edge
	Now  string // the latest value
}

// band is a time that is marked, in units of the plot.
type band struct{ X, Width float64 }

// line is the values of a series at the chart's moments.
type line struct {
	name   string
	values []float64
}

// unit is what values are counted in: how they are written, and where their axes end.
type unit struct {
	text func(float64) string
	top  func(float64) float64
}

// draw makes a chart of lines that have a value for each of the moments.
func draw(id, title, note string, unit unit, span time.Duration, times []time.Time, lines []line, losses []band) chart {
	c := chart{ID: id, Title: title, Note: note, From: "−" + ago(span), Losses: losses}
	below, top := make([]float64, len(times)), 0.0
	sums := make([][]float64, len(lines))
	for i, l := range lines {
		sums[i] = slices.Clone(below)
		for k := range times {
			below[k] += l.values[k]
			sums[i][k] = below[k]
			top = max(top, below[k])
		}
	}
	top = unit.top(top)
	c.Top = unit.text(top)
	var said []string
	floor := make([]float64, len(times))
	for i, l := range lines {
		s := series{Name: l.name, Now: "–"}
		if n := len(times); n > 0 {
			s.Now = unit.text(l.values[n-1])
		}
		if len(times) > 0 && slices.Max(l.values) > 0 { // else it would hide the line below
			s.Line = trace(times, sums[i], span, top)
			s.Area = s.Line + " " + strings.Replace(backwards(times, floor, span, top), "M", "L", 1) + " Z"
		}
		said = append(said, strings.TrimSpace(l.name+" "+s.Now))
		floor = sums[i]
		c.Series = append(c.Series, s)
	}
	c.Label = fmt.Sprintf("%s over the last %s; now: %s", title, ago(span), strings.Join(said, ", "))
	return c
}

// x is where a time stands, the last of times being now.
func x(t, now time.Time, span time.Duration) float64 {
	return plotWidth * (1 - float64(now.Sub(t))/float64(span))
}

func trace(times []time.Time, values []float64, span time.Duration, top float64) string {
	var b strings.Builder
	for i, t := range times {
		verb := 'L'
		if i == 0 {
			verb = 'M'
		}
		fmt.Fprintf(&b, "%c%.1f %.1f", verb, x(t, times[len(times)-1], span), plotHeight*(1-values[i]/top))
	}
	return b.String()
}

func backwards(times []time.Time, values []float64, span time.Duration, top float64) string {
	var b strings.Builder
	verb := 'M'
	for i := len(times) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "%c%.1f %.1f", verb, x(times[i], times[len(times)-1], span), plotHeight*(1-values[i]/top))
		verb = 'L'
	}
	return b.String()
}

// niceTop is the end of an axis: 1, 2 or 5 times a power of ten, not below the value.
func niceTop(v float64) float64 {
	if v <= 0 {
		return 1
	}
	scale := 1.0
	for scale < v {
		scale *= 10
	}
	for scale >= 10*v {
		scale /= 10
	}
	for _, part := range []float64{0.1, 0.2, 0.5} {
		if scale*part >= v {
			return scale * part
		}
	}
	return scale
}

// niceBytes is niceTop for numbers that are written in KiB and MiB.
func niceBytes(v float64) float64 {
	if v > 1000 {
		return 1024 * niceBytes(v/1024)
	}
	return niceTop(v)
}

func ago(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return d.String()
}
