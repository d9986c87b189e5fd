package console

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// perClass are the classes in the order of the chart.
var perClass = []string{"READ", "WRITE", "DDL", "FUNCTION", "ROLE", "MISC", "CONNECT"}

// clusterChoice is a cluster that one can choose to see alone.
type clusterChoice struct {
	ID     string
	Chosen bool
}

// monitoring is the page of charts, of ?cluster= or, without it, of all clusters.
func (c *Console) monitoring(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	minutes, err := strconv.Atoi(q.Get("minutes"))
	if err != nil || minutes < 1 || minutes > int(keepSamples*sampleEvery/time.Minute) {
		minutes = 5
	}
	clusters, err := c.clusterIDs(r.Context())
	if err != nil {
		c.failed(w, "The clusters cannot be described", err)
		return
	}
	span := time.Duration(minutes) * time.Minute
	moments := c.history.look(time.Now().Add(-span - 2*sampleEvery))
	var choices []clusterChoice
	for _, id := range slices.Sorted(maps.Values(clusters)) {
		choices = append(choices, clusterChoice{id, id == q.Get("cluster")})
	}
	if id := q.Get("cluster"); id != "" {
		resource := ""
		for r, name := range clusters {
			if name == id {
				resource = r
			}
		}
		if resource == "" {
			c.fail(w, http.StatusNotFound, "There is no such cluster", visible(shorten(id)))
			return
		}
		moments = of(resource, moments)
	}
	data := map[string]any{"Clusters": choices, "Cluster": q.Get("cluster"), "Minutes": minutes, "Choices": []int{1, 5, 10}, "Charts": charts(moments, span)}
	if n := len(moments); n > 0 {
		lost, streams := 0, moments[n-1].Streams
		for _, s := range streams {
			lost += int(s.Lost)
		}
		data["Lost"], data["Running"], data["Window"] = lost, len(streams), moments[n-1].loss()
	}
	c.render(w, "monitoring", "Monitoring", data)
}

// clusterIDs are the identifiers of all clusters by their resource ids.
func (c *Console) clusterIDs(ctx context.Context) (map[string]string, error) {
	ids := map[string]string{}
	pages := rds.NewDescribeDBClustersPaginator(c.rds, &rds.DescribeDBClustersInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, one := range out.DBClusters {
			ids[aws.ToString(one.DbClusterResourceId)] = aws.ToString(one.DBClusterIdentifier)
		}
	}
	return ids, nil
}

// loss says whether events might be lost in any stream.
func (m moment) loss() bool {
	return slices.ContainsFunc(m.Streams, func(s StreamSample) bool { return s.LossWindow })
}

// charts draws the moments but the first, from which the second has grown.
func charts(moments []moment, span time.Duration) []chart {
	d := drawing{span: span, losses: lossBands(moments, span)}
	for i := 1; i < len(moments); i++ {
		d.times = append(d.times, moments[i].at)
	}
	var classes []line
	for _, name := range perClass {
		classes = append(classes, line{name, rate(moments, ofClass(name))})
	}
	events, durations, size := unit{count, niceTop}, unit{milliseconds, niceTop}, unit{byteCount[float64], niceBytes}
	one := func(values []float64) []line { return []line{{"", values}} }
	return []chart{
		d.draw("events", "Events per second", "by class, while a stream ran", events, classes),
		d.draw("bytes", "Record bytes per second", "as PutRecords stored them", size, one(rate(moments, perStream(func(s StreamSample) int64 { return s.Bytes })))),
		d.draw("age", "Iterator age", "of the reader that is furthest behind, this console among them", durations, one(ages(moments))),
		d.draw("wait", "Sync wait", "of sessions for a batch to be durable, on average; none in async mode", durations, one(waits(moments))),
		d.draw("queue", "Queue depth", "bytes of events that are not durable yet", size, one(level(moments, queued))),
		d.draw("lost", "Events lost per second", "because the queue was full, or they could not be published", events, one(rate(moments, perStream(func(s StreamSample) int64 { return s.Lost })))),
	}
}

func count(v float64) string {
	if v > 0 && v < 10 {
		return short(v)
	}
	return comma(int64(v + 0.5))
}

func milliseconds(v float64) string {
	switch {
	case v >= 10_000:
		return fmt.Sprintf("%.0f s", v/1000)
	case v >= 1000:
		return short(v/1000) + " s"
	case v > 0 && v < 10:
		return short(v) + " ms"
	}
	return fmt.Sprintf("%.0f ms", v)
}

// short is a number with one decimal place, if that is not 0.
func short(v float64) string { return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0") }

func queued(s Sample) (n int64) {
	for _, one := range s.Streams {
		n += one.Queued
	}
	return n
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

// waits are the mean times that sessions of a batch waited, in milliseconds; none where
// nobody did.
func waits(moments []moment) []float64 {
	took := rate(moments, perStream(func(s StreamSample) int64 { return int64(s.Waited) }))
	n := rate(moments, perStream(func(s StreamSample) int64 { return s.Waits }))
	for i := range took {
		if n[i] == 0 {
			took[i] = none
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
