package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// raw is a session through the proxy that is spoken message by message.
type raw struct {
	t   *testing.T
	app string
	*pgconn.HijackedConn
}

// speak opens a raw session; its application name is app.
func speak(t *testing.T, p *testbed.Process, database, app string) *raw {
	t.Helper()
	conn, err := pgconn.Connect(within(t), p.URL("postgres", database, app))
	if err != nil {
		t.Fatal(err)
	}
	h, err := conn.Hijack()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Conn.Close() })
	return &raw{t, app, h}
}

// send writes messages at once. Their answers have to come in time.
func (r *raw) send(messages ...pgproto3.FrontendMessage) {
	r.t.Helper()
	if err := r.Conn.SetDeadline(await.Deadline()); err != nil {
		r.t.Fatal(err)
	}
	for _, m := range messages {
		r.Frontend.Send(m)
	}
	if err := r.Frontend.Flush(); err != nil {
		r.t.Fatal(err)
	}
}

// answer reads up to the nth ReadyForQuery. It gives the command tags and SQLSTATEs, in order; a
// COPY FROM STDIN gets the data.
func (r *raw) answer(n int, data string, after ...pgproto3.FrontendMessage) (said []string) {
	r.t.Helper()
	for n > 0 {
		m, err := r.Frontend.Receive()
		if err != nil {
			return append(said, "closed")
		}
		switch m := m.(type) {
		case *pgproto3.CommandComplete:
			said = append(said, string(m.CommandTag))
		case *pgproto3.PortalSuspended:
			said = append(said, "suspended")
		case *pgproto3.ErrorResponse:
			said = append(said, m.Code)
		case *pgproto3.CopyInResponse:
			r.send(append([]pgproto3.FrontendMessage{&pgproto3.CopyData{Data: []byte(data)}}, after...)...)
		case *pgproto3.ReadyForQuery:
			n--
		}
	}
	return said
}

// run runs one text by a protocol; a COPY FROM STDIN gets the data.
func (r *raw) run(protocol, sql, data string) []string {
	r.t.Helper()
	if protocol == "simple" {
		r.send(&pgproto3.Query{String: sql})
		return r.answer(1, data, &pgproto3.CopyDone{})
	}
	r.send(&pgproto3.Parse{Query: sql}, &pgproto3.Bind{}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{})
	return r.answer(1, data, &pgproto3.CopyDone{}, &pgproto3.Sync{})
}

// events ends the session and gives what the stream has of it.
func (r *raw) events(tail *testbed.Tail) []testbed.Event {
	r.t.Helper()
	r.Frontend.Send(&pgproto3.Terminate{})
	_ = r.Frontend.Flush() // the server may be gone already
	r.Conn.Close()
	return session(r.t, tail, r.app)
}

// session waits for a session's events; CONNECT and DISCONNECT are left out.
func session(t *testing.T, tail *testbed.Tail, app string) []testbed.Event {
	t.Helper()
	events, err := tail.AwaitSession(within(t), app)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(events, func(e testbed.Event) bool { return e.Command == "CONNECT" || e.Command == "DISCONNECT" })
}

// schemas are those that brief leaves out.
var schemas = regexp.MustCompile(`^(public|pg_temp(_[0-9]+)?)\.`)

// brief is an event in a few words: class, command, object, rows or error.
func brief(e testbed.Event) string {
	s := e.Class + " " + e.Command
	if e.ObjectName != nil {
		s += " " + schemas.ReplaceAllString(*e.ObjectName, "")
	}
	switch {
	case e.Failed():
		s += fmt.Sprintf(" !%v", e.ExitCode)
	case e.RowCount != nil:
		s += fmt.Sprintf(" %d", *e.RowCount)
	default:
		s += " null"
	}
	return s
}

func briefs(events []testbed.Event) []string {
	out := make([]string, 0, len(events))
	for _, e := range events {
		out = append(out, brief(e))
	}
	return out
}

// sameBriefs compares what the stream says with what it should say.
//
// The relations of one query are in no order.
func sameBriefs(t *testing.T, events []testbed.Event, want []string) {
	t.Helper()
	got := briefs(events)
	for from := 0; from < len(got); {
		to := from + 1
		for to < len(got) && events[to].StatementID == events[from].StatementID && events[to].SubstatementID == events[from].SubstatementID {
			to++
		}
		slices.Sort(got[from:to])
		if to <= len(want) {
			want = slices.Clone(want)
			slices.Sort(want[from:to])
		}
		from = to
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("from event %d on, got\n  %s\nwant\n  %s", i, strings.Join(some(got, i), "\n  "), strings.Join(some(want, i), "\n  "))
			return
		}
	}
}

// some are a few of the list, from the ith on.
func some(list []string, i int) []string {
	i = min(i, len(list))
	return list[i:min(len(list), i+8)]
}
