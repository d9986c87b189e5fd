package console

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// perClass are the classes in the order of the chart.
var perClass = []string{"READ", "WRITE", "DDL", "FUNCTION", "ROLE", "MISC", "CONNECT"}

// monitoring is the page of charts.
func (c *Console) monitoring(w http.ResponseWriter, r *http.Request) {
	minutes, err := strconv.Atoi(r.URL.Query().Get("minutes"))
	if err != nil || minutes < 1 || minutes > int(keepSamples*sampleEvery/time.Minute) {
		minutes = 5
	}
	span := time.Duration(minutes) * time.Minute
	moments := c.history.look(time.Now().Add(-span - 2*sampleEvery))
	data := map[string]any{"Minutes": minutes, "Choices": []int{1, 5, 10}, "Charts": charts(moments, span)}
	if n := len(moments); n > 0 {
		lost, streams := int64(0), moments[n-1].Streams
		for _, s := range streams {
			lost += s.Lost
		}
		data["Lost"], data["Running"], data["Window"] = lost, len(streams), moments[n-1].loss()
	}
	c.render(w, "monitoring", "Monitoring", data)
}

// loss says whether events might be lost in any stream.
func (m moment) loss() bool {
	for _, s := range m.Streams {
		if s.LossWindow {
			return true
		}
	}
	return false
}

// charts draws the moments but the first, from which the second has grown.
func charts(moments []moment, span time.Duration) []chart {
	var times []time.Time
	for i := 1; i < len(moments); i++ {
		times = append(times, moments[i].at)
	}
	losses := lossBands(moments, span)
	var classes []line
	for _, name := range perClass {
		classes = append(classes, line{name, rate(moments, func(s Sample) int64 { return s.Classes[name] })})
	}
	events, durations := unit{count, niceTop}, unit{milliseconds, niceTop}
	one := func(values []float64) []line { return []line{{"", values}} }
	return []chart{
		draw("events", "Events per second", "by class, while a stream ran", events, span, times, classes, losses),
		draw("bytes", "Record bytes per second", "what PutRecords has stored", unit{bytesPerSecond, niceBytes}, span, times,
			one(rate(moments, sum(func(s StreamSample) int64 { return s.Bytes }))), losses),
		draw("age", "Iterator age", "of the reader that is furthest behind, this console among them", durations, span, times, one(ages(moments)), losses),
		draw("wait", "Sync wait", "of a batch of events until it was durable, on average", durations, span, times, one(waits(moments)), losses),
		draw("queue", "Queue depth", "bytes of events that are not durable yet", unit{byteCount[float64], niceBytes}, span, times,
			one(level(moments, sum(func(s StreamSample) int64 { return s.Queued }))), losses),
		draw("lost", "Events lost per second", "dropped because the queue was full, or not publishable", events, span, times,
			one(rate(moments, sum(func(s StreamSample) int64 { return s.Lost }))), losses),
	}
}

func count(v float64) string {
	if v > 0 && v < 10 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return comma(int64(v + 0.5))
}

func bytesPerSecond(v float64) string { return byteCount(v) + "/s" }

func milliseconds(v float64) string {
	switch {
	case v >= 10_000:
		return fmt.Sprintf("%.0f s", v/1000)
	case v >= 1000:
		return fmt.Sprintf("%.1f s", v/1000)
	case v > 0 && v < 10:
		return fmt.Sprintf("%.1f ms", v)
	}
	return fmt.Sprintf("%.0f ms", v)
}

// sum adds a number of all streams.
func sum(of func(StreamSample) int64) func(Sample) int64 {
	return func(s Sample) (n int64) {
		for _, one := range s.Streams {
			n += of(one)
		}
		return n
	}
}

// ages are the largest iterator ages, in milliseconds.
func ages(moments []moment) []float64 {
	return level(moments, func(s Sample) (age int64) {
		for _, one := range s.Streams {
			age = max(age, one.IteratorAge.Milliseconds())
		}
		return age
	})
}

// waits are the mean times that sessions of a batch waited, in milliseconds.
func waits(moments []moment) []float64 {
	took := rate(moments, sum(func(s StreamSample) int64 { return int64(s.Waited) }))
	n := rate(moments, sum(func(s StreamSample) int64 { return s.Waits }))
	for i := range took {
		if n[i] == 0 {
			took[i] = 0
			continue
		}
		took[i] /= n[i] * float64(time.Millisecond)
	}
	return took
}

// lossBands are the times in which events might be lost: from a moment that says so to
// the next, at most one band for each run of such moments.
func lossBands(moments []moment, span time.Duration) (bands []band) {
	if len(moments) == 0 {
		return nil
	}
	now := moments[len(moments)-1].at
	for i := 0; i < len(moments); i++ {
		if !moments[i].loss() {
			continue
		}
		from := x(moments[i].at, now, span)
		for i+1 < len(moments) && moments[i].loss() {
			i++
		}
		from = max(from, 0)
		bands = append(bands, band{from, max(x(moments[i].at, now, span)-from, 2)})
	}
	return bands
}
