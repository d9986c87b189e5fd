package emulator

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/pgserver"
)

// lookupPatience is how long a look-up of the catalogue waits for the server, which
// also counts as away for some time afterwards. A server that is merely busy must not
// cost names, and one that hangs holds its sessions up itself.
const lookupPatience = 10 * time.Second

// oldestUpstream is the oldest major version of PostgreSQL that is audited.
const oldestUpstream = 12

// upstream is the real PostgreSQL behind the proxies.
type upstream struct {
	config  *pgx.ConnConfig  // how to connect, for look-ups
	server  *pgserver.Server // the embedded one; nil for a given URL
	version string           // "15.18"
	assist  assist
}

// openUpstream starts the embedded server or checks the given one.
func openUpstream(ctx context.Context, o Options) (*upstream, error) {
	u := &upstream{}
	url := o.Upstream
	if url == "" {
		server, err := startEmbedded(ctx, o)
		if err != nil {
			return nil, err
		}
		u.server, url = server, server.URL()
	}
	err := u.check(ctx, url)
	if err == nil {
		err = u.openAssist(ctx, o.Audit)
	}
	if err != nil {
		return nil, errors.Join(err, u.close(context.WithoutCancel(ctx)))
	}
	return u, nil
}

// startEmbedded starts a private server, with pgaudit if statements may be audited
// by it.
func startEmbedded(ctx context.Context, o Options) (*pgserver.Server, error) {
	config := pgserver.Config{Logger: o.Logger, Password: o.PostgresPassword}
	if o.DataDir != "" {
		config.DataDir = filepath.Join(o.DataDir, "postgres")
	}
	if o.Audit != auditCatalog {
		config.Preload, config.Settings = []string{pgaudit}, auditSettings
	}
	server, err := pgserver.Start(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("start the embedded PostgreSQL: %w", err)
	}
	return server, nil
}

func (u *upstream) check(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("read --upstream: %w", redactURL(err))
	}
	u.config = config
	where := fmt.Sprintf("%s port %d", config.Host, config.Port)
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	conn, err := u.connect(ctx, config.Database)
	if err != nil {
		return fmt.Errorf("reach the upstream PostgreSQL at %s: %w; it must run, and psql with the same URL must connect", where, connectCause(err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var num string
	if err := conn.QueryRow(ctx, "SHOW server_version_num").Scan(&num); err != nil {
		return fmt.Errorf("ask the upstream at %s for its version: %w", where, err)
	}
	if u.version, err = engineVersion(num); err != nil {
		return err
	}
	var major int
	fmt.Sscanf(u.version, "%d", &major)
	if major < oldestUpstream {
		return fmt.Errorf("the upstream at %s is PostgreSQL %s; das-local needs version %d or later", where, u.version, oldestUpstream)
	}
	return nil
}

// connect opens a connection for look-ups in a database.
func (u *upstream) connect(ctx context.Context, database string) (*pgx.Conn, error) {
	config := u.config.Copy()
	config.Database = database
	config.RuntimeParams["application_name"] = catalog.ApplicationName
	if u.assist.on && u.assist.super {
		config.RuntimeParams["pgaudit.log"] = "none"
	}
	return pgx.ConnectConfig(ctx, config)
}

// session opens a connection whose queries find the server's own functions and operators alone, whatever search path the
// database's owner has set for new sessions.
func (u *upstream) session(ctx context.Context) (*pgx.Conn, error) {
	conn, err := u.connect(ctx, u.config.Database)
	if err != nil {
		return nil, err
	}
	if _, err := conn.PgConn().Exec(ctx, "SET search_path = ''").ReadAll(); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// close undoes what openUpstream did.
func (u *upstream) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err := u.closeAssist(ctx)
	if u.server == nil {
		return err
	}
	return errors.Join(err, u.server.Stop())
}

// connectCause is the server's own sentence, or the network's, without the
// connection string around it.
func connectCause(err error) error {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return fmt.Errorf("%s (SQLSTATE %s)", pgErr.Message, pgErr.Code)
	}
	// Otherwise one line for each address and TLS mode tried: the first says it.
	line, _, _ := strings.Cut(err.Error(), "\n")
	if strings.HasSuffix(line, ":") {
		_, rest, _ := strings.Cut(err.Error(), "\n")
		line, _, _ = strings.Cut(strings.TrimSpace(rest), "\n")
	}
	if i := strings.LastIndex(line, "): "); i >= 0 {
		line = line[i+3:]
	}
	return errors.New(strings.TrimSpace(line))
}

// redactURL keeps the connection string, which may hold a password, out of an
// error.
func redactURL(err error) error {
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) {
		msg := parse.Error()
		if i := strings.LastIndex(msg, "`: "); i >= 0 {
			return errors.New("not a valid PostgreSQL URL: " + msg[i+3:])
		}
	}
	return errors.New("not a valid PostgreSQL URL; it has the form postgres://USER:PASSWORD@HOST:PORT/DATABASE")
}

// AddUser makes a superuser that needs no password on the embedded server. It
// is not audited: it goes past the proxy.
func (e *Emulator) AddUser(ctx context.Context, name string) error {
	if e.upstream.server == nil {
		return errors.New("users are added to the embedded PostgreSQL only")
	}
	conn, err := e.upstream.connect(ctx, e.upstream.config.Database)
	if err != nil {
		return fmt.Errorf("add user %s: %w", name, connectCause(err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "CREATE ROLE "+pgx.Identifier{name}.Sanitize()+" LOGIN SUPERUSER"); err != nil {
		return fmt.Errorf("add user %s: %w", name, err)
	}
	return nil
}
