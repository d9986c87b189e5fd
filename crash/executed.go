package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/das-local/das-local/internal/activity"
)

// The guarantees of sync mode.
const (
	acknowledged = "acknowledged"
	executed     = "executed"
)

// unknowns are the statements whose events say that their outcome is unknown.
type unknowns map[writer]map[int]bool

func (u unknowns) note(w writer, n int, d *activity.Decoded) {
	if code, _ := d.ExitCode.(string); code != activity.UnknownOutcome {
		return
	}
	if u[w] == nil {
		u[w] = make(map[int]bool)
	}
	u[w][n] = true
}

func (u unknowns) count() (n int) {
	for _, of := range u {
		n += len(of)
	}
	return n
}

// executedArgs are the flags of das-local for what sessions do under the guarantee.
func (m *machine) executedArgs() []string {
	if m.guarantee != executed {
		return nil
	}
	return []string{"--sync-guarantee", executed, "--command-text", "single"}
}

// judgeExecuted checks what the server has committed: each row has an event, and one of
// known outcome if its statement was acknowledged.
func (m *machine) judgeExecuted(ctx context.Context, seen map[writer][]int) error {
	conn, err := pgx.Connect(ctx, m.upstream)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, "select round, session, n from crash")
	if err != nil {
		return err
	}
	there := make(map[writer]map[int]bool)
	for w, numbers := range seen {
		there[w] = make(map[int]bool)
		for _, n := range numbers {
			there[w][n] = true
		}
	}
	committed, silent, wrong := 0, 0, 0
	var w writer
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&w.round, &w.session, &n}, func() error {
		committed++
		if !there[w][n] {
			silent++
		}
		return nil
	}); err != nil {
		return err
	}
	m.ledger.mu.Lock()
	defer m.ledger.mu.Unlock()
	for w, of := range m.unknown {
		for n := range of {
			if n < len(m.ledger.acked[w]) {
				wrong++
			}
		}
	}
	fmt.Printf("executed: %d crashes of the server, %d rows committed, %d of them without an event; %d events of unknown outcome, %d of them acknowledged\n",
		m.crashes, committed, silent, m.unknown.count(), wrong)
	if silent+wrong > 0 || committed == 0 {
		return fmt.Errorf("%d of %d rows have no event, %d acknowledged statements have an unknown outcome", silent, committed, wrong)
	}
	return nil
}

// crashServer kills a backend that is at work; PostgreSQL then ends all others and
// starts anew.
func (m *machine) crashServer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, m.upstream)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	pid := 0
	for pid == 0 {
		err := conn.QueryRow(ctx, "select pid from pg_stat_activity where query like 'insert into crash%' order by state, random() limit 1").Scan(&pid)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	m.crashes++
	for err == nil { // until this session is ended too
		_, err = conn.Exec(ctx, "select 1")
	}
	return ctx.Err()
}

// awaitServer waits until PostgreSQL takes connections.
func (m *machine) awaitServer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, m.upstream)
		if err == nil {
			return conn.Close(ctx)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("PostgreSQL does not come back: %w", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// work writes the next rows from n on, in one of four ways, and says how many.
func (m *machine) work(ctx context.Context, conn *pgx.Conn, round, session, n int) (rows int, err error) {
	insert := func(i int) string {
		return fmt.Sprintf("insert into crash values (%d, %d, %d)", round, session, n+i)
	}
	run := func(sql string) error {
		_, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
		return err
	}
	if m.guarantee != executed {
		return 1, run(insert(0))
	}
	const several = 4
	switch session % 4 {
	case 1: // a pipeline
		var b pgconn.Batch
		for i := range several {
			b.ExecParams(insert(i), nil, nil, nil, nil)
		}
		_, err := conn.PgConn().ExecBatch(ctx, &b).ReadAll()
		return several, err
	case 2: // a string of several statements
		all := make([]string, several)
		for i := range all {
			all[i] = insert(i)
		}
		return several, run(strings.Join(all, "; "))
	case 3: // a transaction; its rows count when it is committed, its events at once
		if err := run("begin"); err != nil {
			return 0, err
		}
		for i := range several {
			if err := run(insert(i)); err != nil {
				return i, err
			}
		}
		return several, run("commit")
	}
	return 1, run(insert(0))
}
