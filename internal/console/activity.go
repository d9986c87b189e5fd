package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/das-local/das-local/internal/consumer"
)

// What the live list is sent, and how often: enough for a reader's eye, and bounded
// whatever the stream has.
const (
	feedPause = 250 * time.Millisecond
	feedRows  = 200
	rowText   = 300 // bytes of a statement's text in a row
)

// row is one event in the live list.
type row struct {
	N       uint64 `json:"n"` // names the event in this feed
	Time    string `json:"t"`
	Session string `json:"s"`
	ID      string `json:"i"` // STATEMENT.SUBSTATEMENT
	Class   string `json:"c"`
	Command string `json:"m"`
	Object  string `json:"o,omitempty"`
	Rows    *int64 `json:"r,omitempty"`
	User    string `json:"u"`
	DB      string `json:"d"`
	Text    string `json:"x,omitempty"`
	Error   string `json:"e,omitempty"`
}

// update is what the page is told at once: the rows that match, how many more match
// that are not shown, and how many events there were in all.
type update struct {
	Rows    []row  `json:"rows"`
	Matched int    `json:"matched"`
	Seen    int    `json:"seen"`
	Error   string `json:"error,omitempty"`
}

func rowOf(e *entry) row {
	d := e.Decoded
	r := row{N: e.seq, Time: text(d.LogTime), Session: text(d.SessionID), Class: text(d.Class), Command: text(d.Command),
		Object: text(d.ObjectName), Rows: d.RowCount, User: text(d.DBUserName), DB: text(d.DatabaseName),
		Text: shorten(text(d.CommandText)), Error: shorten(text(d.ErrorMessage))}
	r.ID = fmt.Sprintf("%d.%d", number(d.StatementID), number(d.SubstatementID))
	return r
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// shorten cuts a text between characters.
func shorten(s string) string {
	if len(s) <= rowText {
		return s
	}
	n := rowText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// activityFeed sends the events of ?stream= that match the query as server-sent
// events, at most feedRows of them in feedPause: see update.
func (c *Console) activityFeed(w http.ResponseWriter, r *http.Request) {
	f, done := c.feeds.look(r.URL.Query().Get("stream"))
	if f == nil {
		http.Error(w, "das-local is ending", http.StatusServiceUnavailable)
		return
	}
	defer done()
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	match := filterOf(r.URL.Query()).match
	seq, _ := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64) // of no or an odd id: from the start
	for first := true; ; first = false {
		p, changed := f.after(seq, feedRows, match)
		if p.seen > 0 || p.err != nil || first {
			u := update{Rows: make([]row, 0, len(p.entries)), Matched: p.matched, Seen: p.seen}
			for i := range p.entries {
				u.Rows = append(u.Rows, rowOf(&p.entries[i]))
			}
			var bad *consumer.RecordError
			if p.err != nil && !errors.As(p.err, &bad) {
				u.Error = p.err.Error()
			}
			if err := send(w, out, p.last, u); err != nil {
				return // the page is gone
			}
			seq = p.last
		}
		if !c.wait(r, changed) {
			return
		}
	}
}

// wait returns when something is new, but not before feedPause; false if there is
// nobody left to tell.
func (c *Console) wait(r *http.Request, changed <-chan struct{}) bool {
	pause := time.NewTimer(feedPause)
	defer pause.Stop()
	select {
	case <-changed:
	case <-r.Context().Done():
		return false
	case <-c.feeds.ctx.Done():
		return false
	}
	select {
	case <-pause.C:
	case <-r.Context().Done():
		return false
	case <-c.feeds.ctx.Done():
		return false
	}
	return true
}

// send writes one server-sent event. JSON has no line breaks of its own, so no text
// can end it.
func send(w http.ResponseWriter, out *http.ResponseController, id uint64, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "id: %d\ndata: %s\n\n", id, data); err != nil {
		return err
	}
	return out.Flush()
}

// activityEvent answers with the whole JSON of the event ?n= of ?stream=.
func (c *Console) activityEvent(w http.ResponseWriter, r *http.Request) {
	f, done := c.feeds.look(r.URL.Query().Get("stream"))
	if f == nil {
		http.Error(w, "das-local is ending", http.StatusServiceUnavailable)
		return
	}
	defer done()
	n, err := strconv.ParseUint(r.URL.Query().Get("n"), 10, 64)
	e, ok := f.find(n)
	if err != nil || !ok {
		http.Error(w, "this event is kept no longer here; it is still in the stream", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(e.raw) // the page may be gone
}
