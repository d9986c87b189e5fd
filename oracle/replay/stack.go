package replay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
)

// A Stack is a private server, a das-local in front of it, and a reader of its
// activity stream's end.
type Stack struct {
	PG   *testbed.Postgres
	Proc *testbed.Process
	Tail *testbed.Tail
}

// StackConfig says how a stack is made.
type StackConfig struct {
	Bin      string            // das-local
	Mode     string            // of its audit: in mode server, the server has pgaudit
	Stream   string            // mode of the activity stream; empty: das-local's default
	Settings map[string]string // of the server; nil: those that the cases were recorded with
	BinDir   string            // has the server's programs; empty: the newest installed
	Preload  bool              // the server has pgaudit in mode catalog too
}

// StartStack starts all parts; on failure none is left running.
func StartStack(ctx context.Context, c StackConfig) (*Stack, error) {
	conf := c.Settings
	if conf == nil {
		conf = settings
	}
	conf = maps.Clone(conf)
	if c.Mode == "server" || c.Preload {
		conf["shared_preload_libraries"] = "pgaudit"
	}
	s := new(Stack)
	var err error
	if s.PG, err = testbed.StartPostgres(ctx, testbed.PostgresConfig{Settings: conf, BinDir: c.BinDir}); err != nil {
		return nil, err
	}
	args := []string{"--upstream=" + s.PG.URL("postgres"), "--heartbeat=0", "--audit=" + c.Mode}
	if c.Stream != "" {
		args = append(args, "--start-stream="+c.Stream)
	}
	if s.Proc, err = testbed.Start(ctx, testbed.Config{Bin: c.Bin, Args: args}); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if s.Tail, err = s.Proc.Tail(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Stop ends all parts.
func (s *Stack) Stop() error {
	var errs []error
	if s.Tail != nil {
		errs = append(errs, s.Tail.Stop())
	}
	if s.Proc != nil {
		errs = append(errs, s.Proc.Stop())
	}
	return errors.Join(append(errs, s.PG.Stop())...)
}

// last is the application name of the session after all others.
const last = "replay-last"

// sessionsTime bounds the wait for the events of sessions that have ended.
const sessionsTime = 2 * time.Minute

// Session has the events of one session.
type Session struct {
	Application string // as it connected
	Events      []testbed.Event
}

// Sessions are all sessions of the stack, in the order of their connecting, once
// all clients have gone.
func (s *Stack) Sessions(ctx context.Context) ([]Session, error) {
	conn, err := pgx.Connect(ctx, s.Proc.URL("postgres", "postgres", last))
	if err != nil {
		return nil, fmt.Errorf("open the last session: %w", err)
	}
	if err := conn.Close(ctx); err != nil {
		return nil, fmt.Errorf("close the last session: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sessionsTime)
	defer cancel()
	var sessions []*Session
	byID := map[string]*Session{}
	seen, open, lastSeen := 0, 0, false
	_, err = s.Tail.Await(ctx, func(all []testbed.Event) bool {
		for _, e := range all[seen:] {
			of := byID[e.SessionID]
			if of == nil {
				of = &Session{Application: e.Application()}
				byID[e.SessionID] = of
				sessions = append(sessions, of)
				open++
			}
			of.Events = append(of.Events, e)
			if e.Command == "DISCONNECT" || e.Command == "AUTH FAILURE" {
				open--
			}
			lastSeen = lastSeen || e.Application() == last
		}
		seen = len(all)
		return lastSeen && open == 0
	})
	if err != nil {
		return nil, fmt.Errorf("wait for %d sessions to end in the stream: %w", open, err)
	}
	var out []Session
	for _, of := range sessions {
		if of.Application != last {
			out = append(out, *of)
		}
	}
	return out, nil
}
