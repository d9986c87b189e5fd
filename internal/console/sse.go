package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What the live list is sent, and how often: enough for a reader's eye, and bounded
// whatever the stream has.
const (
	feedPause = 250 * time.Millisecond
	perSecond = 200 // rows, at most
)

// update is what the page is told at once.
type update struct {
	Feed       int64  `json:"feed"`
	Rows       []row  `json:"rows"`
	Seen       int    `json:"seen"` // events since the last update, whether they match or not
	Shown      int    `json:"shown"`
	Matched    int    `json:"matched"`           // in the second that Shown is of
	Skipped    int    `json:"skipped,omitempty"` // of those that matched since the last update
	Unreadable int    `json:"unreadable,omitempty"`
	Error      string `json:"error,omitempty"`
	Ended      bool   `json:"ended,omitempty"`
}

// sampler says how many rows may be sent, so that no more than perSecond are, and
// counts what is shown of a second.
type sampler struct {
	began          time.Time
	shown, matched int // in this second
	busy           bool
}

// limit is the number of rows that the next update may have. Once a second had too
// many, they are spread over the updates of the next.
func (s *sampler) limit(now time.Time) int {
	if now.Sub(s.began) >= time.Second {
		s.busy = s.matched > perSecond
		s.began, s.shown, s.matched = now, 0, 0
	}
	left := perSecond - s.shown
	if s.busy {
		left = min(left, perSecond*int(feedPause)/int(time.Second))
	}
	return left
}

func (s *sampler) sent(shown, matched int) {
	s.shown += shown
	s.matched += matched
}

// activityFeed sends the events of ?stream= that match the query as server-sent
// events.
func (c *Console) activityFeed(w http.ResponseWriter, r *http.Request) {
	f, done := c.look(w, r)
	if f == nil {
		return
	}
	defer done()
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	match := filterOf(r.URL.Query()).match
	seq := seen(r.Header.Get("Last-Event-ID"), f.id)
	var s sampler
	for first := true; ; first = false {
		limit := s.limit(time.Now())
		if limit == 0 { // what comes now is shown, the newest of it, in the next second
			if !c.pause(r) {
				return
			}
			continue
		}
		p, changed := f.after(seq, limit, match)
		if p.seen > 0 || p.err != nil || p.ended || first {
			s.sent(len(p.entries), p.matched)
			u := update{Feed: f.id, Rows: rowsOf(p.entries), Seen: p.seen, Shown: s.shown, Matched: s.matched, Skipped: p.matched - len(p.entries), Unreadable: p.unreadable, Ended: p.ended}
			if p.err != nil {
				u.Error = visible(cause(p.err))
			}
			if send(w, out, fmt.Sprintf("%d.%d", f.id, p.last), u) != nil {
				return // the page is gone
			}
			seq = p.last
		}
		if p.ended || !c.wait(r, changed) {
			return
		}
	}
}

// seen is how far a page has read that comes again, given the id of what it got last.
func seen(lastID string, feed int64) uint64 {
	of, seq, _ := strings.Cut(lastID, ".")
	if of != strconv.FormatInt(feed, 10) {
		return 0 // of another feed, or none
	}
	n, _ := strconv.ParseUint(seq, 10, 64) // an odd one: from the start
	return n
}

// look gives the feed of ?stream=, or answers why there is none.
func (c *Console) look(w http.ResponseWriter, r *http.Request) (f *feed, done func()) {
	name := r.URL.Query().Get("stream")
	if !strings.HasPrefix(name, streamPrefix) || len(name) > 128 {
		http.Error(w, "das-local: stream is the name of an activity stream", http.StatusBadRequest)
		return nil, nil
	}
	f, done, err := c.feeds.look(name)
	if err != nil {
		http.Error(w, "das-local: "+err.Error(), http.StatusServiceUnavailable)
		return nil, nil
	}
	return f, done
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
	return c.over(r, pause)
}

// pause returns after feedPause; false if there is nobody left to tell.
func (c *Console) pause(r *http.Request) bool {
	pause := time.NewTimer(feedPause)
	defer pause.Stop()
	return c.over(r, pause)
}

func (c *Console) over(r *http.Request, pause *time.Timer) bool {
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
func send(w http.ResponseWriter, out *http.ResponseController, id string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "id: %s\ndata: %s\n\n", id, data); err != nil {
		return err
	}
	return out.Flush()
}
