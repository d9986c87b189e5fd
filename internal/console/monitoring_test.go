package console_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/emulator"
	"github.com/das-local/das-local/internal/await"
)

var eventsHighest = regexp.MustCompile(`(?s)id="chart-events">.*?highest <b>([^<]*)</b>`)

// TestMonitoringOfOneCluster: the charts are of the cluster that the address names, or of
// all.
func TestMonitoringOfOneCluster(t *testing.T) {
	b := newBed(t)
	b.must("create-cluster", "id", "quiet", "instance", "yes")
	highest := func(query string) string {
		t.Helper()
		m := eventsHighest.FindStringSubmatch(b.page(prefix + "/monitoring" + query))
		if m == nil {
			t.Fatal("the page has no chart of events")
		}
		return m[1]
	}
	for _, query := range []string{"", "?cluster=my-cluster"} {
		await.Seen(t, "a sample with events of "+query, func() (any, bool) {
			b.exec("select 1") // the first sample may come behind any one
			got := highest(query)
			return got, got != "–" && got != "0"
		})
	}
	if got := highest("?cluster=quiet&minutes=1"); got != "0" {
		t.Errorf("the other cluster has %s", got)
	}
	page := b.page(prefix + "/monitoring?cluster=quiet&minutes=10")
	for _, want := range []string{"<option selected>quiet</option>", "<option>my-cluster</option>", `<option value="10" selected>`, "No activity stream runs here"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	res, body := b.send(b.request(http.MethodGet, prefix+"/monitoring?cluster=none", ""))
	if res.StatusCode != http.StatusNotFound || !strings.Contains(body, "no such cluster") {
		t.Error(fmt.Sprint(res.StatusCode, body))
	}
}

var (
	nextPage = regexp.MustCompile(`<a href="([^"]+)" id="next">`)
	eventRow = regexp.MustCompile(`<td data-label="Holds">\d+ events?</td>`)
)

// TestHeartbeatsAreLeftOut of the records, unless one wants to see them.
func TestHeartbeatsAreLeftOut(t *testing.T) {
	b := newBed(t, func(o *emulator.Options) { o.Heartbeat = 10 * time.Millisecond })
	const row = `<td data-label="Holds">heartbeat</td>`
	path := prefix + "/stream?from=oldest"
	await.Seen(t, "a heartbeat", func() (any, bool) {
		page := b.page(path + "&heartbeats=show")
		return page, strings.Contains(page, row)
	})
	page := b.page(path)
	if strings.Contains(page, row) || !strings.Contains(page, "left out") || !strings.Contains(page, "Heartbeats alone were found") {
		t.Error(page)
	}
	b.exec("select 'seen'")
	await.Seen(t, "the events alone", func() (any, bool) { // from page to page: how many heartbeats come before is not known
		page := b.page(path)
		if next := nextPage.FindStringSubmatch(page); next != nil {
			path = html.UnescapeString(next[1])
		}
		return page, !strings.Contains(page, row) && eventRow.MatchString(page)
	})
}
