package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// ApplicationName of the side connections, as pg_stat_activity shows it.
	ApplicationName = "das-local catalog"

	connectTimeout = 10 * time.Second
	closeTimeout   = time.Second
	minBackoff     = 100 * time.Millisecond
	maxBackoff     = 30 * time.Second
)

// setup makes a connection one that can neither write nor wait, whatever the database's owner has set for
// new sessions (ALTER DATABASE … SET). With an empty search path its own queries find pg_catalog alone, operators
// included; definitions that it gets name schemas. The last four decide what a text means and what is printed of it.
const setup = `
SET search_path = '';
SET application_name = '` + ApplicationName + `';
SET default_transaction_read_only = on;
SET statement_timeout = '1s';
SET lock_timeout = '20ms';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET plan_cache_mode = force_generic_plan;
SET quote_all_identifiers = off;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET transform_null_equals = off;
SET debug_print_parse = off;
SET debug_print_plan = off;`

// firstSQL is asked before setup, under whatever search path the database's owner has given new sessions: it leaves
// nothing to that path, neither functions nor operators.
const firstSQL = `SELECT pg_catalog.current_setting('server_version_num'),
	source OPERATOR(pg_catalog.=) ANY (ARRAY['database user', 'user', 'client', 'session', 'interactive']::pg_catalog.text[])
	FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) 'search_path'::pg_catalog.text`

// errBusy: as many side connections as allowed are at work.
var errBusy = errors.New("catalog: all side connections are busy")

// side is a worker's connection and what it learned over it.
type side struct {
	conn    *pgx.Conn
	version int // server_version_num
	// pathKnown: reset_val of search_path is the server's default, not a
	// setting of the side connection's own role.
	pathKnown bool
	mayLog    bool // statements may be analysed; see Analyze
	// asked are the texts that were sent, with the names of those that are prepared.
	asked    map[string]string
	prepared int

	snapshot    string // at the last check
	fingerprint string

	backoff time.Duration // 0: healthy
	retryAt int64
}

// connect opens the side connection if there is none, and reads the
// fingerprint before anything else is asked.
func (d *database) connect(ctx context.Context) error {
	if d.side.conn != nil {
		if !d.side.conn.IsClosed() {
			return nil
		}
		d.disconnect()
	}
	if err := d.c.acquire(ctx); err != nil {
		return err
	}
	conn, err := d.c.cfg.Connect(ctx, d.name)
	if err != nil {
		<-d.c.slots
		return fmt.Errorf("connect: %w", err)
	}
	d.side.conn, d.side.asked, d.side.prepared = conn, map[string]string{}, 0
	if err := d.prepare(ctx); err != nil {
		d.disconnect()
		return fmt.Errorf("set up: %w", err)
	}
	if d.side.backoff != 0 {
		d.c.cfg.Logger.InfoContext(ctx, "catalogue connection is back", "database", d.name)
	}
	d.side.backoff, d.side.retryAt = 0, 0
	d.downUntil.Store(0)
	return nil
}

func (d *database) prepare(ctx context.Context) error {
	rows, err := d.query(ctx, firstSQL)
	if err != nil {
		return err
	}
	if len(rows) != 1 {
		return errors.New("pg_settings has no search_path")
	}
	if d.side.version, err = strconv.Atoi(string(rows[0][0])); err != nil {
		return fmt.Errorf("read server_version_num: %w", err)
	}
	d.side.pathKnown = string(rows[0][1]) == "f"
	if _, err := d.side.conn.PgConn().Exec(ctx, setup).ReadAll(); err != nil {
		return err
	}
	d.side.mayLog = d.mayLog(ctx)
	return d.check(ctx)
}

// acquire takes a connection slot, if need be from an idle worker.
func (c *Catalog) acquire(ctx context.Context) error {
	select {
	case c.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(c.cfg.MaxWait)
	defer timer.Stop()
	pressure := c.pressure
	for {
		select {
		case c.slots <- struct{}{}:
			return nil
		case pressure <- struct{}{}:
			pressure = nil // one gives way; wait for its slot
		case <-timer.C:
			return errBusy
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// disconnect closes the side connection and gives back its slot.
func (d *database) disconnect() {
	if d.side.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := d.side.conn.Close(ctx); err != nil {
		d.c.cfg.Logger.Debug("close catalogue connection", "database", d.name, "error", err)
	}
	d.side.conn = nil
	<-d.c.slots
}

// failed starts or lengthens the pause before the next attempt to connect.
func (d *database) failed(ctx context.Context, err error) {
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	level := slog.LevelDebug
	if d.side.backoff == 0 {
		level = slog.LevelWarn
	}
	d.c.cfg.Logger.Log(ctx, level, "catalogue look-ups are off", "database", d.name, "error", err)
	d.side.backoff = min(max(2*d.side.backoff, minBackoff), maxBackoff)
	d.side.retryAt = d.c.now() + int64(d.side.backoff)
	d.downUntil.Store(d.side.retryAt)
}

// refused handles a question that failed: a lost connection counts as
// failed, anything else concerns only this question.
func (d *database) refused(ctx context.Context, err error) {
	if d.side.conn.IsClosed() {
		d.disconnect()
		d.failed(ctx, err)
		return
	}
	d.c.cfg.Logger.DebugContext(ctx, "catalogue question failed", "database", d.name, "error", err)
}

// query runs a statement of das-local's own with text parameters and returns its rows as
// text; nil is NULL. One that comes again is prepared, since the server takes longer to
// plan it than to run it.
func (d *database) query(ctx context.Context, sql string, params ...string) ([][][]byte, error) {
	values := make([][]byte, len(params))
	for i, p := range params {
		values[i] = []byte(p)
	}
	conn := d.side.conn.PgConn()
	name, again := d.side.asked[sql]
	if again && name == "" {
		d.side.prepared++
		name = "q" + strconv.Itoa(d.side.prepared)
		if _, err := conn.Prepare(ctx, name, sql, nil); err != nil {
			return nil, err
		}
	}
	d.side.asked[sql] = name
	if name == "" {
		return d.queryOnce(ctx, sql, values)
	}
	r := conn.ExecPrepared(ctx, name, values, nil, nil).Read()
	return r.Rows, r.Err
}

// queryOnce runs a statement that is not kept: of texts without number.
func (d *database) queryOnce(ctx context.Context, sql string, values [][]byte) ([][][]byte, error) {
	r := d.side.conn.PgConn().ExecParams(ctx, sql, values, nil, nil, nil).Read()
	return r.Rows, r.Err
}
