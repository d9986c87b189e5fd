package console

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// The plot's own units; the style sheet stretches it to the page.
const (
	plotWidth  = 600
	plotHeight = 100
)

// none is a value that there is not. Lines have a gap there.
var none = math.NaN()

// chart is a drawing over time. Series lie one on the other, the first below.
type chart struct {
	ID, Title, Note string
	Label           string    // of the drawing, for those who do not see it
	Top, Middle     string    // of the axis of values, whose other end is 0
	Times           [3]string // along the axis of time, the last of them now; empty without values
	Now, Highest    string    // of all series together
	Series          []series
	Losses          []band
}

type series struct {
	Name string // empty for the only one
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

// drawing is what the charts of a page have in common.
type drawing struct {
	span   time.Duration
	times  []time.Time // the moments that lines have values for
	losses []band
}

// draw makes a chart of lines.
func (d drawing) draw(id, title, note string, unit unit, lines []line) chart {
	c := chart{ID: id, Title: title, Note: note, Losses: d.losses, Now: "–", Highest: "–"}
	sums := make([][]float64, len(lines)+1) // what lies below each line, and the whole
	sums[0] = make([]float64, len(d.times))
	for i, l := range lines {
		sums[i+1] = slices.Clone(sums[i])
		for k, v := range l.values {
			sums[i+1][k] += v
		}
	}
	whole := sums[len(lines)]
	most, seen := highest(whole)
	top := unit.top(most)
	c.Top, c.Middle = unit.text(top), unit.text(top/2)
	said := []string{"no value"}
	if n := len(whole); n > 0 {
		now := d.times[n-1]
		for i := range c.Times {
			c.Times[i] = now.Add(time.Duration(i-2) * d.span / 2).UTC().Format(time.TimeOnly)
		}
		if !math.IsNaN(whole[n-1]) {
			c.Now = unit.text(whole[n-1])
		}
		said = []string{c.Now}
	}
	if seen {
		c.Highest = unit.text(most)
	}
	for i, l := range lines {
		s := series{Name: l.name, Now: "–"}
		if n := len(l.values); n > 0 && l.name != "" {
			s.Now = unit.text(l.values[n-1])
			said = append(said, l.name+" "+s.Now)
		}
		if own, _ := highest(l.values); own > 0 || l.name == "" { // else it would hide the line below
			s.Line, s.Area = d.trace(sums[i], sums[i+1], top)
		}
		c.Series = append(c.Series, s)
	}
	c.Label = fmt.Sprintf("%s over the last %s; highest: %s; now: %s", title, ago(d.span), c.Highest, strings.Join(said, ", "))
	return c
}

// highest is the largest of the values that there are, 0 if there are none.
func highest(values []float64) (most float64, seen bool) {
	for _, v := range values {
		if !math.IsNaN(v) {
			most, seen = max(most, v), true
		}
	}
	return most, seen
}

// x is where a time stands, the last of times being now.
func x(t, now time.Time, span time.Duration) float64 {
	return plotWidth * (1 - float64(now.Sub(t))/float64(span))
}

// trace gives the paths of a line and of the area between it and what lies below, in as
// many pieces as the line has. A value is of the time since the moment before it, so a
// piece behind a gap begins there.
func (d drawing) trace(below, values []float64, top float64) (line, area string) {
	var lines, areas strings.Builder
	for from := 0; from < len(values); {
		if math.IsNaN(values[from]) {
			from++
			continue
		}
		to := from
		for to < len(values) && !math.IsNaN(values[to]) {
			to++
		}
		var upper, lower []string
		point := func(k int, v float64) string {
			return fmt.Sprintf("%.1f %.1f", x(d.times[k], d.times[len(d.times)-1], d.span), plotHeight*(1-v/top))
		}
		if from > 0 {
			upper, lower = append(upper, point(from-1, values[from])), append(lower, point(from-1, below[from]))
		}
		for k := from; k < to; k++ {
			upper, lower = append(upper, point(k, values[k])), append(lower, point(k, below[k]))
		}
		slices.Reverse(lower)
		edge := "M" + strings.Join(upper, "L")
		lines.WriteString(edge)
		areas.WriteString(edge + "L" + strings.Join(lower, "L") + "Z")
		from = to
	}
	return lines.String(), areas.String()
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

// niceBytes is niceTop for numbers that are written in KiB and MiB, 1 KiB at least.
func niceBytes(v float64) float64 {
	scale := 1024.0
	for v > 1000*scale {
		scale *= 1024
	}
	return scale * max(1, niceTop(v/scale))
}

func ago(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return d.String()
}
