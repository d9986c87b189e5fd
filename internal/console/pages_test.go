package console_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/await"
)

// hostile is SQL that would be more than text if it could.
var hostile = []string{
	`select '<script>window.pwned = 1</script>'`,
	`select '</script><img src=x onerror="window.pwned = 2">'`,
	"select E'esc' as \"\x1b[2J\x1b]0;title\x07\"",
	`create table "<b onmouseover=alert(1)>" (n int)`,
	`select * from "<b onmouseover=alert(1)>"`,
	`select * from "no""><svg onload=alert(1)>"`,
	"select 'data: x\n\nevent: evil\ndata: {}\n\n'",
	`select '{{.Token}} ${1} javascript:alert(1)'`,
	"select '\u202etxt.exe\u2066'",
}

// update is what the live list is sent.
type update struct {
	Feed    int64
	Rows    []map[string]any
	Seen    int
	Shown   int
	Matched int
	Skipped int
	Error   string
	Ended   bool
}

// live reads updates of the feed until enough says so, and returns all of their rows.
func (b *bed) live(query string, enough func(rows []map[string]any, last update) bool) (rows []map[string]any, feed int64) {
	b.t.Helper()
	res, err := b.client.Do(b.request(http.MethodGet, prefix+"/activity/feed?stream="+b.StreamName()+query, ""))
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		b.t.Fatalf("status %d, %s", res.StatusCode, got)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := lines.Text()
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			if line != "" && !strings.HasPrefix(line, "id: ") {
				b.t.Errorf("the feed has the line %q", line)
			}
			continue
		}
		var u update
		if err := json.Unmarshal([]byte(data), &u); err != nil {
			b.t.Fatal(err)
		}
		rows = append(rows, u.Rows...)
		if enough(rows, u) {
			return rows, u.Feed
		}
	}
	b.t.Fatalf("the feed ended after %d rows: %v", len(rows), lines.Err())
	return nil, 0
}

// until waits for a row whose text has a part.
func until(part string) func([]map[string]any, update) bool {
	return func(rows []map[string]any, _ update) bool {
		for _, r := range rows {
			if strings.Contains(fmt.Sprint(r["x"]), part) {
				return true
			}
		}
		return false
	}
}

var markup = regexp.MustCompile(`(?i)<script>|<img|<b onmouseover|<svg onload|<i>`)

// TestHostileStatements reach no page as anything but text.
func TestHostileStatements(t *testing.T) {
	b := newBed(t)
	b.watch()
	big := "select '" + strings.Repeat("<i>", 350_000) + "'"
	b.exec(append(hostile, big, "select 'last'")...)
	rows, feed := b.live("", until("select 'last'"))
	for _, r := range rows {
		for name, v := range r {
			s, _ := v.(string)
			if strings.ContainsAny(s, "\x1b\x07\n\u202e\u2066") || len(s) > 2000 {
				t.Errorf("member %s is %.100q", name, s)
			}
		}
	}
	session := fmt.Sprint(rows[len(rows)-1]["s"])
	stream := url.QueryEscape(b.StreamName())
	whole := b.page(prefix + "/session?stream=" + stream + "&id=" + session)
	for _, sql := range hostile[:2] {
		if !strings.Contains(html.UnescapeString(whole), sql) {
			t.Errorf("the time line lacks %q", sql)
		}
	}
	pages := []string{whole, b.page(prefix + "/session?stream=" + stream + "&id=" + url.QueryEscape(`"><script>alert(1)</script>`)),
		b.page(prefix + "/activity?text=" + url.QueryEscape(`"><img src=x onerror=alert(1)>`))}
	records := b.page(prefix + "/stream?from=oldest")
	links := regexp.MustCompile(`href="(/_das/console/record[^"]+)"`).FindAllStringSubmatch(records, -1)
	if len(links) == 0 {
		t.Fatalf("no record is listed: %s", records)
	}
	for _, l := range links {
		pages = append(pages, b.page(html.UnescapeString(l[1])))
	}
	for _, page := range pages {
		if m := markup.FindStringIndex(page[strings.Index(page, "<main"):]); m != nil {
			t.Errorf("a page has markup of a statement: %.200s", page[strings.Index(page, "<main"):][m[0]:])
		}
	}
	for _, r := range rows {
		_, event := b.send(b.request(http.MethodGet, fmt.Sprintf("%s/activity/event?stream=%s&feed=%d&n=%v", prefix, stream, feed, r["n"]), ""))
		if !json.Valid([]byte(event)) {
			t.Errorf("row %v: %.200s", r["n"], event)
		}
	}
}

// TestLiveList: rows in order, filters, groups, and what is no longer there.
func TestLiveList(t *testing.T) {
	b := newBed(t)
	b.watch()
	b.exec("create table t (n int)", "create function f() returns bigint language sql as 'select count(*) from t'", "select f()", "select 'last'")
	rows, feed := b.live("", until("'last'"))
	var order []string
	function := any(nil)
	for _, r := range rows {
		order = append(order, fmt.Sprint(r["i"], " ", r["m"]))
		if r["m"] == "EXECUTE" {
			function = r["n"]
		}
	}
	if got, want := strings.Join(order[:4], ", "), "1.1 CONNECT, 2.1 CREATE TABLE, 3.1 CREATE FUNCTION, 4.1 EXECUTE"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	group := struct{ Rows []map[string]any }{}
	_, body := b.send(b.request(http.MethodGet, fmt.Sprintf("%s/activity/group?stream=%s&feed=%d&n=%v", prefix, b.StreamName(), feed, function), ""))
	if err := json.Unmarshal([]byte(body), &group); err != nil || len(group.Rows) != 3 || group.Rows[0]["i"] != "4.1" || group.Rows[1]["i"] != "4.2" {
		t.Errorf("%v: %s", err, body)
	}
	if rows, _ := b.live("&class=DDL", func(rows []map[string]any, _ update) bool { return len(rows) >= 2 }); len(rows) != 2 {
		t.Errorf("%d rows of class DDL", len(rows))
	}
	for _, q := range []string{fmt.Sprintf("feed=%d&n=999999", feed), "feed=1&n=1", "feed=x&n=y", ""} {
		res, body := b.send(b.request(http.MethodGet, prefix+"/activity/event?stream="+b.StreamName()+"&"+q, ""))
		if res.StatusCode != http.StatusNotFound || !strings.Contains(body, "no longer kept") {
			t.Errorf("%q: %d %s", q, res.StatusCode, body)
		}
	}
	for _, name := range []string{"", "other", "aws-rds-das-" + strings.Repeat("x", 200)} {
		if res, _ := b.send(b.request(http.MethodGet, prefix+"/activity/feed?stream="+name, "")); res.StatusCode != http.StatusBadRequest {
			t.Errorf("stream %.20q: status %d", name, res.StatusCode)
		}
	}
	b.live("&class=none", func(_ []map[string]any, u update) bool { return u.Matched == 0 }) // a first update comes at once
}

// TestBusyFeedIsSampled and says so: who comes when a thousand events are kept gets the
// newest of them.
func TestBusyFeedIsSampled(t *testing.T) {
	b := newBed(t)
	b.exec(strings.Repeat("select 1;", 1000), "select 'last'")
	b.live("&text='last'", func(rows []map[string]any, u update) bool { // keeps the feed open
		if !until("'last'")(rows, u) {
			return false
		}
		b.live("", func(_ []map[string]any, u update) bool {
			if len(u.Rows) != 200 || u.Shown != 200 || u.Matched < 1001 || u.Skipped != u.Matched-u.Shown {
				t.Errorf("%d rows, %d of %d shown, %d skipped", len(u.Rows), u.Shown, u.Matched, u.Skipped)
			}
			return true
		})
		return true
	})
}

// TestStreamThatEnds tells its page so.
func TestStreamThatEnds(t *testing.T) {
	b := newBed(t)
	stopped := false
	b.live("", func(_ []map[string]any, u update) bool {
		if !stopped {
			b.must("stop-stream", "cluster", b.ClusterARN(), "when", "now")
			stopped = true
		}
		return u.Ended
	})
}

// TestRecordThatCannotBeDecrypted says why, and shows what it can.
func TestRecordThatCannotBeDecrypted(t *testing.T) {
	b := newBed(t)
	b.exec("select 1")
	link := regexp.MustCompile(`href="(/_das/console/record[^"]+)"`)
	await.True(t, "a record", func() bool { return link.MatchString(b.page(prefix + "/stream?from=oldest")) })
	record := html.UnescapeString(link.FindStringSubmatch(b.page(prefix + "/stream?from=oldest"))[1])
	page := b.page(record)
	for _, want := range []string{"DatabaseActivityMonitoringRecords", "databaseActivityEventList", "AES_256_GCM_IV12_TAG16_HKDF_SHA256", "aws:rds:dbc-id", "1f 8b"} {
		if !strings.Contains(page, want) {
			t.Errorf("the record lacks %q", want)
		}
	}
	b.must("disable-key", "id", b.KeyARN())
	page = b.page(record)
	if !strings.Contains(page, "DisabledException") || strings.Contains(page, "databaseActivityEventList") || !strings.Contains(page, "Algorithm suite") {
		t.Errorf("with its key disabled:\n%s", page[strings.Index(page, "<main"):])
	}
	if page := b.page(prefix + "/stream?from=oldest"); !strings.Contains(page, "DisabledException") {
		t.Error("the list does not say why it cannot look into records")
	}
	for _, q := range []string{"", "?stream=x&shard=y&sequence=z", "?stream=" + b.StreamName() + "&shard=shardId-000000000000&sequence=1"} {
		if res, _ := b.send(b.request(http.MethodGet, prefix+"/record"+q, "")); res.StatusCode == http.StatusOK || res.StatusCode >= 500 {
			t.Errorf("record%s: status %d", q, res.StatusCode)
		}
	}
}
