package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/das-local/das-local/internal/pgserver"
)

// pgaudit is the library that the server-assisted audit mode needs.
const pgaudit = "pgaudit"

const catalogOnly = "the audit mode is catalog: statements inside functions, triggers and DO blocks have no events"

// embedded checks the installation that would be run, and runs it for a moment.
func embedded(ctx context.Context, c Config, found func(Finding)) {
	const check = "PostgreSQL"
	inst, err := pgserver.Find(ctx)
	if errors.Is(err, pgserver.ErrNotFound) {
		found(Finding{check, Warn, err.Error(), "install one as it says; without, das-local downloads a build at its first start"})
		return
	}
	if err != nil {
		found(Finding{check, Fail, err.Error(), "see the cause"})
		return
	}
	found(Finding{check, OK, fmt.Sprintf("version %s in %s", inst.Version, inst.BinDir), ""})
	start := time.Now()
	s, err := pgserver.Start(ctx, pgserver.Config{Installation: inst, Logger: c.Logger})
	if err == nil {
		err = s.Stop()
	}
	if err != nil {
		found(Finding{"embedded server", Fail, err.Error(), "see the cause; with --upstream URL das-local uses a server of yours instead"})
	} else {
		found(Finding{"embedded server", OK, fmt.Sprintf("started and stopped in %.1f s", time.Since(start).Seconds()), ""})
	}
	if inst.HasLibrary(ctx, pgaudit) {
		found(Finding{pgaudit, OK, "the server-assisted audit mode can be used", ""})
		return
	}
	found(Finding{pgaudit, Warn, "not installed for this PostgreSQL: " + catalogOnly,
		fmt.Sprintf("install it (Debian: apt-get install postgresql-%d-pgaudit)", inst.Major)})
}

// upstream checks the server that would be audited.
func upstream(ctx context.Context, c Config, found func(Finding)) {
	const check = "upstream PostgreSQL"
	config, err := pgx.ParseConfig(c.Upstream)
	if err != nil {
		found(Finding{check, Fail, "--upstream is not a PostgreSQL URL", "its form is postgres://USER:PASSWORD@HOST:PORT/DATABASE"})
		return
	}
	where := fmt.Sprintf("%s port %d", config.Host, config.Port)
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		found(Finding{check, Fail, fmt.Sprintf("%s: %s", where, cause(err)), "check host, port, user, password and pg_hba.conf; psql with the same URL must connect"})
		return
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var version, libraries string
	var number int
	var super bool
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version'), current_setting('server_version_num')::int,
		coalesce(current_setting('shared_preload_libraries', true), ''), rolsuper FROM pg_roles WHERE rolname = current_user`).Scan(&version, &number, &libraries, &super)
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, &pgErr) && pgErr.Code == "42501":
		libraries = "" // only for pg_read_all_settings
	case err != nil:
		found(Finding{check, Fail, fmt.Sprintf("%s: %s", where, cause(err)), "see the cause"})
		return
	}
	if number != 0 && number/10000 < pgserver.MinMajor {
		found(Finding{check, Fail, fmt.Sprintf("%s is PostgreSQL %s", where, version), fmt.Sprintf("das-local needs version %d or later", pgserver.MinMajor)})
		return
	}
	found(Finding{check, OK, fmt.Sprintf("version %s at %s", version, where), ""})
	if super {
		found(Finding{"upstream's user", OK, config.User + " is a superuser", ""})
	} else {
		found(Finding{"upstream's user", Warn, config.User + " is no superuser: views, rules and overloads are told from the text alone, and pgaudit cannot be configured",
			"give a superuser in --upstream; only das-local's own look-ups use it"})
	}
	if strings.Contains(libraries, pgaudit) {
		found(Finding{pgaudit, OK, "preloaded: the server-assisted audit mode can be used", ""})
		return
	}
	found(Finding{pgaudit, Warn, "not preloaded: " + catalogOnly, "install pgaudit there, set shared_preload_libraries = 'pgaudit' and restart the server"})
}

// cause is the server's own sentence, or the first line of the network's.
func cause(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return fmt.Sprintf("%s (SQLSTATE %s)", pgErr.Message, pgErr.Code)
	}
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if i := strings.LastIndex(last, "): "); i >= 0 {
		last = last[i+3:]
	}
	return last
}
