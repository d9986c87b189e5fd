package browser

import (
	"testing"

	"github.com/das-local/das-local/internal/await"
)

// prefix is the path of all pages but the first.
const prefix = "/_das/console"

// pages are all pages that are there without more ado.
var pages = []struct{ name, path, text string }{
	{"databases", "/", "my-cluster-instance-1"},
	{"cluster", prefix + "/cluster?id=my-cluster", "Database activity stream"},
	{"cluster-instances", prefix + "/cluster?id=my-cluster&tab=instances", "Writer"},
	{"cluster-events", prefix + "/cluster?id=my-cluster&tab=events", "created"},
	{"activity", prefix + "/activity", "CREATE TABLE"},
	{"monitoring", prefix + "/monitoring", "Events per second"},
	{"events", prefix + "/events", "db-instance"},
	{"stream", prefix + "/stream?from=5m", "shardId-000000000000"},
	{"keys", prefix + "/keys", "Enabled"},
}

// TestPages looks at all pages on all screens: they fit, no rule of axe-core is seriously
// broken, and nothing complains.
func TestPages(t *testing.T) {
	conn := connect(t, "pages")
	mustExec(t, conn, "create table if not exists shown (id int primary key, v text)", "insert into shown values (1, 'a') on conflict do nothing",
		"create or replace function twice(n int) returns int language sql as 'select count(*)::int * n from shown'", "select twice(id) from shown")
	_ = try(t, conn, "select * from nowhere")
	for _, s := range []screen{wide, narrow, {wide.width, wide.height, true}, {narrow.width, narrow.height, true}} {
		t.Run(s.String(), func(t *testing.T) {
			b := open(t, s)
			for _, p := range pages {
				b.visit(p.path)
				b.see(p.text)
				b.shoot(s, p.name)
				b.fits(s, p.name)
				b.checkAccessible(p.name)
			}
			b.visit(prefix + "/activity?text=twice")
			b.await("an event", `document.querySelector(".row:not([hidden])")`)
			b.click(".row:not([hidden])")
			b.await("its record", `document.querySelector("#json").textContent.includes("commandText")`)
			b.await("its group", `document.querySelector("#group li")`)
			b.shoot(s, "activity detail")
			b.fits(s, "activity detail")
			b.checkAccessible("activity detail")
			b.click("#detail-session")
			b.see("Application")
			b.shoot(s, "session")
			b.fits(s, "session")
			b.checkAccessible("session")
			b.records()
			b.click("#records tbody a")
			b.see("Encryption SDK message")
			b.shoot(s, "record")
			b.fits(s, "record")
			b.checkAccessible("record")
			b.visit("/")
			b.act("my-cluster", "Stop activity stream")
			b.await("the dialog", `document.querySelector("#stop-stream[open]")`)
			b.shoot(s, "dialog")
			b.checkAccessible("dialog")
		})
	}
}

// TestMonitoring: the charts are of the cluster that one chooses, which the address keeps.
func TestMonitoring(t *testing.T) {
	b := open(t, narrow)
	b.visit(prefix + "/monitoring?minutes=1")
	b.see("Events per second")
	b.pick("[name=cluster]", "my-cluster")
	b.await("the address to say so", `location.search.includes("cluster=my-cluster") && location.search.includes("minutes=1")`)
	conn := connect(t, "monitoring")
	await.Seen(t, "the events of the cluster in its chart", func() (any, bool) {
		mustExec(t, conn, "select 'seen'")
		highest, ok := look[string](b, `document.querySelector("#chart-events .said b:last-child").textContent`)
		return highest, ok && highest != "–" && highest != "0"
	})
	b.fits(narrow, "monitoring of a cluster")
	b.checkAccessible("monitoring of a cluster")
}

// records goes to the first page of the stream's records that has any but heartbeats: each
// page looks through so many records, and nobody knows how many heartbeats come first.
func (b *tab) records() {
	b.t.Helper()
	path := prefix + "/stream?from=oldest"
	await.Seen(b.t, "a record of events", func() (any, bool) {
		b.visit(path)
		b.see("shardId-000000000000")
		if next := js[string](b, `document.querySelector("#next")?.getAttribute("href") || ""`); next != "" {
			path = next
		}
		return path, js[bool](b, `!!document.querySelector("#records tbody tr:not(.quiet) a")`)
	})
}

// fits fails if the page is wider than the screen.
func (b *tab) fits(s screen, where string) {
	b.t.Helper()
	if w := js[int64](b, "document.documentElement.scrollWidth"); w > s.width {
		b.t.Errorf("%s is %d pixels wide on a screen of %d: %s", where, w, s.width, js[string](b, `[...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 200)).join("\n")`))
	}
}
