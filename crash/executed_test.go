package main

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
)

// TestCrashServer: the server is killed under a session that works, and comes back.
func TestCrashServer(t *testing.T) {
	ctx := t.Context()
	pg, err := testbed.StartPostgres(ctx, testbed.PostgresConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Stop()
	if err := pg.Exec(ctx, "postgres", "create table crash (round int, session int, n int)"); err != nil {
		t.Fatal(err)
	}
	m := &machine{upstream: pg.URL("postgres"), options: options{guarantee: executed}}
	conn, err := pgx.Connect(ctx, m.upstream)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	n, err := m.work(ctx, conn, 1, 0, 0) // a row is there, whenever the server is killed
	if err != nil {
		t.Fatal(err)
	}
	worked := make(chan int, 1)
	go func() {
		for session := 1; ; session++ { // all four ways
			rows, err := m.work(ctx, conn, 1, session, n)
			if n += rows; err != nil {
				worked <- n
				return
			}
		}
	}()
	if err := m.crashServer(ctx); err != nil {
		t.Fatal(err)
	}
	if err := m.awaitServer(ctx); err != nil {
		t.Fatal(err)
	}
	if <-worked == 0 || m.crashes != 1 {
		t.Errorf("%d crashes", m.crashes)
	}
	// Each row is there, and has no event.
	if err := m.judgeExecuted(ctx, nil); err == nil {
		t.Error("rows without events are not found")
	}
}
