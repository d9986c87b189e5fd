package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// readBeside has two sessions take turns in holding a snapshot of a database's
// catalogues, so that there always is one, until leave is called.
func readBeside(ctx context.Context, url string) (leave func() error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var readers sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			cancel()
			readers.Wait()
			return nil, fmt.Errorf("read the catalogues beside the suite: %w", err)
		}
		if err := holdSnapshot(ctx, conn, 0); err != nil {
			cancel()
			readers.Wait()
			return nil, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
		}
		readers.Go(func() { errs[i] = readCatalogues(ctx, conn, i) })
	}
	return func() error {
		cancel()
		readers.Wait()
		return errors.Join(errs...)
	}, nil
}

// readCatalogues reads until the context ends. The first snapshot of the
// first session is shorter: the two never pause together.
func readCatalogues(ctx context.Context, conn *pgx.Conn, turn int) error {
	defer conn.Close(context.WithoutCancel(ctx))
	hold := time.Duration(turn+1) * 20 * time.Millisecond
	for ctx.Err() == nil {
		if err := holdSnapshot(ctx, conn, hold); err != nil && ctx.Err() == nil {
			return err
		}
		hold = 40 * time.Millisecond
	}
	return nil
}

// holdSnapshot keeps one open for a time.
func holdSnapshot(ctx context.Context, conn *pgx.Conn, hold time.Duration) error {
	_, err := conn.PgConn().Exec(ctx, fmt.Sprintf(
		"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class; SELECT pg_sleep(%f); COMMIT", hold.Seconds())).ReadAll()
	if err != nil {
		return fmt.Errorf("read the catalogues beside the suite: %w", err)
	}
	return nil
}
