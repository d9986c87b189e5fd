package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
)

// patience is how long the stream may take to bring what sessions that have
// ended did.
const patience = 2 * time.Minute

// account says what the stream had of a suite, and what it should have had.
type account struct {
	events, sessions int
	gaps             []string // sessions whose statement ids do not run from 1 without a gap
	notices          []string // RDS events that tell of a possible loss
	complaints       []string // lines of das-local's log above level info
}

// ok says whether nothing is missing and nothing was complained of.
func (a account) ok() bool {
	return a.events > 0 && len(a.gaps)+len(a.notices)+len(a.complaints) == 0
}

func (a account) String() string {
	s := fmt.Sprintf("%d events of %d sessions", a.events, a.sessions)
	if a.ok() {
		return s + ", none missing"
	}
	for _, kind := range []struct {
		what  string
		lines []string
	}{{"sessions with gaps", a.gaps}, {"RDS events", a.notices}, {"das-local's log", a.complaints}} {
		if n := len(kind.lines); n > 0 {
			s += fmt.Sprintf("\n  %s (%d):\n    %s", kind.what, n, strings.Join(kind.lines[:min(n, 10)], "\n    "))
		}
	}
	return s
}

// reckon reads the stream of a process whose clients have all gone, up to the
// end of its last session.
func reckon(ctx context.Context, p *testbed.Process) (a account, err error) {
	const last = "regress-last"
	conn, err := pgx.Connect(ctx, p.URL("postgres", "postgres", last))
	if err != nil {
		return a, fmt.Errorf("end the run with a session: %w", err)
	}
	if err := conn.Close(ctx); err != nil {
		return a, fmt.Errorf("end the run with a session: %w", err)
	}
	tail, err := p.Tail()
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, tail.Stop()) }()
	l := &ledger{sessions: make(map[string]*session)}
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err = tail.Await(wait, func(all []testbed.Event) bool {
		for _, e := range all[a.events:] {
			l.add(e)
			l.last = l.last || e.Application() == last
		}
		a.events = len(all)
		return l.last && l.open == 0
	})
	if err != nil && wait.Err() == nil {
		return a, err
	}
	a.sessions, a.gaps = len(l.sessions), l.gaps()
	a.notices, err = lossNotices(ctx, p.Endpoint)
	return a, err
}

// ledger keeps the statement ids of sessions.
type ledger struct {
	sessions map[string]*session
	open     int  // sessions without a DISCONNECT
	last     bool // the session after all others is in the stream
}

type session struct {
	ids   map[int64]bool
	top   int64
	ended bool
}

func (l *ledger) add(e testbed.Event) {
	s := l.sessions[e.SessionID]
	if s == nil {
		s = &session{ids: make(map[int64]bool)}
		l.sessions[e.SessionID] = s
		l.open++
	}
	s.ids[e.StatementID] = true
	s.top = max(s.top, e.StatementID)
	if !s.ended && (e.Command == "DISCONNECT" || e.Command == "AUTH FAILURE") {
		s.ended = true
		l.open--
	}
}

// gaps names the sessions that have not all of their statements.
func (l *ledger) gaps() []string {
	var gaps []string
	for _, id := range slices.Sorted(maps.Keys(l.sessions)) {
		switch s := l.sessions[id]; {
		case !s.ended:
			gaps = append(gaps, id+": no end")
		case int64(len(s.ids)) != s.top:
			gaps = append(gaps, fmt.Sprintf("%s: %d of %d statements", id, len(s.ids), s.top))
		}
	}
	return gaps
}

// lossNotices reads the RDS events that tell of activity that may be lost.
func lossNotices(ctx context.Context, endpoint string) ([]string, error) {
	client := rds.New(rds.Options{Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	out, err := client.DescribeEvents(ctx, &rds.DescribeEventsInput{Duration: aws.Int32(24 * 60)})
	if err != nil {
		return nil, fmt.Errorf("read the RDS events: %w", err)
	}
	var notices []string
	for _, e := range out.Events {
		if text := aws.ToString(e.Message); strings.Contains(text, "lost") {
			notices = append(notices, text)
		}
	}
	return notices, nil
}

// untranslatable marks a hint that is right to appear: the suite has statements that
// fail with this state by themselves.
const untranslatable = "sqlstate=22P05"

// complaints are the lines of a log that are not at level info, a panic's among
// them.
func complaints(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.Contains(line, "level=INFO") && !strings.HasSuffix(line, untranslatable) {
			lines = append(lines, line)
		}
	}
	return lines
}
