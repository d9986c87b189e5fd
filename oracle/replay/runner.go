package replay

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
)

// mark is a statement that ends a case's set-up. It needs no snapshot, so it
// changes nothing that a case can see; events up to its own are not the case's.
const mark = "SHOW server_version_num /* the set-up ends here */"

// eventTime bounds the wait for the events of a session that has ended.
const eventTime = 2 * time.Minute

// A Run is a case with the events that it caused.
type Run struct {
	*Case
	Events []testbed.Event // without those of its set-up
	Err    error           // the case could not be run
}

// runner replays cases through one stack.
type runner struct {
	*Stack
	cluster *cluster
}

// Replay runs the cases through a das-local, as many as there are workers at a
// time. It prepares the stack's server for that with the shared schema, setup; the
// stack is of no other use then.
func Replay(ctx context.Context, on *Stack, setup string, cs Cases, workers int) ([]Run, error) {
	c := &cluster{pg: on.PG}
	defer c.close(context.WithoutCancel(ctx))
	if err := c.prepare(ctx, setup); err != nil {
		return nil, err
	}
	r := &runner{Stack: on, cluster: c}
	return r.all(ctx, cs, max(1, workers))
}

// all replays every case: those that may, side by side in as many databases as
// there are workers; the others alone, and what they leave is swept.
func (r *runner) all(ctx context.Context, cs Cases, workers int) ([]Run, error) {
	var runs []Run
	var mu sync.Mutex // guards runs
	work := make(chan *Case)
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			database := fmt.Sprintf("das_case_%d", i)
			admin, err := pgx.Connect(ctx, r.cluster.pg.URL("postgres"))
			errs[i] = err
			for c := range work {
				if err != nil {
					continue // drain, so that nobody waits for this worker
				}
				run := r.one(ctx, admin, database, c)
				mu.Lock()
				runs = append(runs, run)
				mu.Unlock()
			}
			if err == nil {
				admin.Close(ctx)
			}
		})
	}
	for _, c := range cs.Together {
		work <- c
	}
	close(work)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("connect to postgres: %w", err)
		}
	}
	for _, c := range cs.Alone {
		runs = append(runs, r.one(ctx, r.cluster.admin, "das_case", c))
		if err := r.cluster.sweep(ctx, "das_case"); err != nil {
			return nil, fmt.Errorf("sweep after %s: %w", c.ID, err)
		}
	}
	return runs, nil
}

// one replays one case in a fresh database.
func (r *runner) one(ctx context.Context, admin *pgx.Conn, database string, c *Case) Run {
	run := Run{Case: c}
	if run.Err = r.cluster.fresh(ctx, admin, database, c); run.Err != nil {
		return run
	}
	if run.Err = r.play(ctx, database, c); run.Err != nil {
		return run
	}
	run.Events, run.Err = r.events(ctx, c)
	return run
}

// play runs the session of a case through the proxy.
func (r *runner) play(ctx context.Context, database string, c *Case) error {
	s, err := dial(ctx, fmt.Sprintf("127.0.0.1:%d", r.Proc.PGPort), c.User, database, application(c))
	if err != nil {
		return err
	}
	defer s.close()
	for _, sql := range c.Setup {
		if err := s.query(sql); err != nil {
			return err
		}
		if s.lastErr != "" {
			return fmt.Errorf("set-up %q: %s", sql, s.lastErr)
		}
	}
	if len(c.Setup) > 0 {
		if err := s.query(mark); err != nil {
			return err
		}
	}
	return s.run(c)
}

func application(c *Case) string { return "oracle-" + c.ID }

// events waits for the events of the case's session and cuts off those of the
// set-up.
func (r *runner) events(ctx context.Context, c *Case) ([]testbed.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, eventTime)
	defer cancel()
	events, err := r.Tail.AwaitSession(ctx, application(c))
	if err != nil {
		return nil, err
	}
	if len(c.Setup) == 0 {
		return events, nil
	}
	for i, e := range events {
		if e.Text() == mark {
			return events[i+1:], nil
		}
	}
	return nil, fmt.Errorf("no event for the mark behind the set-up")
}
