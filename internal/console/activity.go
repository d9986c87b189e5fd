package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// streamPrefix begins the names of activity streams.
const streamPrefix = "aws-rds-das-"

// streamOption is a stream that one can choose.
type streamOption struct {
	Name, Cluster string
	Chosen        bool
}

// streams lists the activity streams there are. chosen is the one that a page asked
// for, else the first; it may be empty.
func (c *Console) streams(r *http.Request) (options []streamOption, chosen string, err error) {
	clusters, err := c.clusterIDs(r.Context())
	if err != nil {
		return nil, "", err
	}
	in := &kinesis.ListStreamsInput{}
	for {
		out, err := c.kinesis.ListStreams(r.Context(), in)
		if err != nil {
			return nil, "", err
		}
		for _, name := range out.StreamNames {
			if strings.HasPrefix(name, streamPrefix) {
				options = append(options, streamOption{Name: name, Cluster: clusters[strings.TrimPrefix(name, streamPrefix)]})
			}
		}
		if !aws.ToBool(out.HasMoreStreams) {
			break
		}
		in.NextToken, in.ExclusiveStartStreamName = out.NextToken, nil
	}
	slices.SortFunc(options, func(a, b streamOption) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Name, b.Name))
	})
	want := r.URL.Query().Get("stream")
	at := max(0, slices.IndexFunc(options, func(o streamOption) bool { return o.Name == want }))
	if len(options) > 0 {
		options[at].Chosen, chosen = true, options[at].Name
	}
	return options, chosen, nil
}

// activity is the page of the live list.
func (c *Console) activity(w http.ResponseWriter, r *http.Request) {
	options, chosen, err := c.streams(r)
	if err != nil {
		c.failed(w, "The activity streams cannot be listed", err)
		return
	}
	q := r.URL.Query()
	c.render(w, "activity", "Activity", map[string]any{
		"Streams": options, "Stream": chosen,
		"Classes": []string{"CONNECT", "DDL", "FUNCTION", "MISC", "READ", "ROLE", "WRITE"},
		"Q": map[string]string{"class": q.Get("class"), "command": q.Get("command"), "user": q.Get("user"), "database": q.Get("database"),
			"object": q.Get("object"), "text": q.Get("text"), "session": q.Get("session"), "failed": q.Get("failed")},
	})
}

// event finds the event ?n= of the feed ?feed= of ?stream=, or answers that it is not
// kept.
func (c *Console) event(w http.ResponseWriter, r *http.Request) (f *feed, e entry, ok bool) {
	f, done := c.look(w, r)
	if f == nil {
		return nil, entry{}, false
	}
	defer done()
	n, err := strconv.ParseUint(r.URL.Query().Get("n"), 10, 64)
	e, ok = f.find(n)
	if err != nil || !ok || r.URL.Query().Get("feed") != strconv.FormatInt(f.id, 10) {
		http.Error(w, "This event is no longer kept here. It is still in the stream.", http.StatusNotFound)
		return nil, entry{}, false
	}
	return f, e, true
}

// activityEvent answers with the whole JSON of an event, as it was published but for
// blanks and escapes.
func (c *Console) activityEvent(w http.ResponseWriter, r *http.Request) {
	_, e, ok := c.event(w, r)
	if !ok {
		return
	}
	out, ok := showJSON(e.raw)
	if !ok {
		http.Error(w, "The event is not JSON.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, out) // the page may be gone
}

// maxGroup bounds the events of one statement that are listed.
const maxGroup = 500

// activityGroup answers with the events of the same statement as an event's: itself
// and its substatements, in order.
func (c *Console) activityGroup(w http.ResponseWriter, r *http.Request) {
	f, e, ok := c.event(w, r)
	if !ok {
		return
	}
	p, _ := f.after(0, maxGroup, func(other *entry) bool {
		return text(other.SessionID) == text(e.SessionID) && number(other.StatementID) == number(e.StatementID)
	})
	slices.SortStableFunc(p.entries, func(a, b entry) int { return cmp.Compare(number(a.SubstatementID), number(b.SubstatementID)) })
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"rows": rowsOf(p.entries), "matched": p.matched}) // the page may be gone
}

// maxSession bounds the events of a session's time line.
const maxSession = 500

// bar is one statement in a time line; X and Width are in thousandths of its length.
type bar struct {
	row
	Start    string
	Took     string
	X, Width int
}

// session is the page of one session's time line.
func (c *Console) session(w http.ResponseWriter, r *http.Request) {
	f, done := c.look(w, r)
	if f == nil {
		return
	}
	defer done()
	id := r.URL.Query().Get("id")
	p, _ := f.after(0, maxSession, func(e *entry) bool { return text(e.SessionID) == id })
	bars, length := timeLine(p.entries)
	data := map[string]any{"ID": visible(id), "Stream": r.URL.Query().Get("stream"), "Bars": bars, "Length": length, "Matched": p.matched, "Shown": len(bars), "Feed": f.id}
	if len(p.entries) > 0 {
		first := p.entries[0]
		data["User"], data["DB"] = visible(text(first.DBUserName)), visible(text(first.DatabaseName))
		data["Host"], data["App"] = visible(text(first.RemoteHost)+":"+text(first.RemotePort)), visible(text(first.ClientApplication))
	}
	c.render(w, "session", fmt.Sprintf("Session %s", visible(id)), data)
}
