package emulator

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The values of Options.Audit.
const (
	auditAuto    = "auto"
	auditCatalog = "catalog"
	auditServer  = "server"
)

// pgaudit is the library whose records the server-assisted mode reads.
const pgaudit = "pgaudit"

// auditSettings make pgaudit say all it knows to the client, at a level that the
// client cannot silence and that stays out of the server's log.
var auditSettings = map[string]string{
	"pgaudit.log":                "all",
	"pgaudit.log_catalog":        "on",
	"pgaudit.log_client":         "on",
	"pgaudit.log_level":          "info",
	"pgaudit.log_parameter":      "on",
	"pgaudit.log_relation":       "on",
	"pgaudit.log_rows":           "on",
	"pgaudit.log_statement":      "on",
	"pgaudit.log_statement_once": "off",
}

// auditMark is a setting that says whose the settings for all roles are. Only those
// that a das-local made are undone.
const auditMark = "das_local.pgaudit"

// auditLock is the advisory lock that das-local processes share while they use
// pgaudit on one server, so that the last of them undoes its settings.
var auditLock = func() int64 {
	h := fnv.New64a()
	h.Write([]byte("das-local pgaudit"))
	return int64(h.Sum64())
}()

// auditRole names the role whose grants pgaudit audits besides.
const auditRole = "pgaudit.role"

// An assist is the server's own audit in the service of the emulator.
type assist struct {
	on    bool
	why   string    // why it is on, or not
	super bool      // the user of the look-ups may silence it for them
	lock  *pgx.Conn // holds auditLock; nil: nothing to undo
}

// openAssist decides whether the server's own audit helps, and turns it on.
func (u *upstream) openAssist(ctx context.Context, mode string) error {
	if mode == auditCatalog {
		u.assist.why = "asked for"
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	err := u.turnOn(ctx)
	switch {
	case err == nil:
		u.assist.on = true
	case mode == auditServer:
		return fmt.Errorf("--audit server: %w", err)
	default:
		u.assist.why = err.Error()
	}
	return nil
}

// turnOn makes sure that new sessions get pgaudit's records.
func (u *upstream) turnOn(ctx context.Context) error {
	conn, err := u.session(ctx)
	if err != nil {
		return fmt.Errorf("ask the upstream for pgaudit: %w", connectCause(err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	have, super, err := currentSettings(ctx, conn)
	if err == errNotLoaded && u.server != nil {
		inst := u.server.Installation()
		return fmt.Errorf("pgaudit is not installed for the embedded PostgreSQL %s in %s: install it (Debian: apt-get install postgresql-%d-pgaudit), or use --audit catalog",
			inst.Version, inst.BinDir, inst.Major)
	}
	if err != nil {
		return err
	}
	u.assist.super = super
	forAll, err := setForAll(ctx, conn)
	if err != nil {
		return err
	}
	if suits(have) && !(forAll && super) {
		u.assist.why = "pgaudit is configured for it"
		return nil
	}
	if !suits(have) && (have["pgaudit.log"] != "none" || have[auditRole] != "") {
		return fmt.Errorf("pgaudit has settings of its own on the upstream (pgaudit.log is %q, %s is %q); das-local would change what it logs. "+
			"Set %s there, or use --audit catalog", have["pgaudit.log"], auditRole, have[auditRole], settingsList())
	}
	if !super {
		return fmt.Errorf("the upstream has pgaudit, but user %s is no superuser and may not configure it. Have a superuser set %s "+
			"for all roles, give a superuser in --upstream, or use --audit catalog", u.config.User, settingsList())
	}
	if err := u.share(ctx); err != nil {
		return err
	}
	if err := u.alterAll(ctx, conn, "SET"); err != nil {
		return err
	}
	u.assist.why = "pgaudit was configured for all roles"
	return nil
}

var errNotLoaded = errors.New("the upstream has not loaded pgaudit: put it into shared_preload_libraries and restart the server, or use --audit catalog")

// currentSettings reads pgaudit's settings as a new session has them.
func currentSettings(ctx context.Context, conn *pgx.Conn) (have map[string]string, super bool, err error) {
	var libraries string
	if err := conn.QueryRow(ctx, "SHOW shared_preload_libraries").Scan(&libraries); err != nil {
		var pgErr *pgconn.PgError
		if errors.As(err, &pgErr) && pgErr.Code == "42501" {
			return nil, false, errors.New("the --upstream user may not see shared_preload_libraries; give a superuser, or use --audit catalog")
		}
		return nil, false, fmt.Errorf("ask the upstream for pgaudit: %w", err)
	}
	loaded := slices.ContainsFunc(strings.Split(libraries, ","), func(lib string) bool {
		lib = strings.Trim(strings.TrimSpace(lib), `"`)
		return lib == pgaudit || strings.HasSuffix(lib, "/"+pgaudit) || strings.HasSuffix(lib, "/"+pgaudit+".so")
	})
	if !loaded {
		return nil, false, errNotLoaded
	}
	have = map[string]string{}
	names := append(slices.Collect(maps.Keys(auditSettings)), auditRole)
	for _, name := range names {
		var value *string
		if err := conn.QueryRow(ctx, "SELECT current_setting($1, true)", name).Scan(&value); err != nil {
			return nil, false, fmt.Errorf("ask the upstream for %s: %w", name, err)
		}
		if value == nil {
			return nil, false, fmt.Errorf("the upstream's pgaudit is too old: it has no %s; use --audit catalog", name)
		}
		have[name] = strings.ToLower(*value)
	}
	err = conn.QueryRow(ctx, "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user").Scan(&super)
	return have, super, err
}

func suits(have map[string]string) bool {
	for name, want := range auditSettings {
		if have[name] != want {
			return false
		}
	}
	return true
}

func settingsList() string {
	var list []string
	for name, value := range auditSettings {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// alterAll sets or resets pgaudit's settings for all roles that have none of
// their own. Sessions that are open keep what they have.
func (u *upstream) alterAll(ctx context.Context, conn *pgx.Conn, what string) error {
	var b strings.Builder
	for name, value := range auditSettings {
		fmt.Fprintf(&b, "ALTER ROLE ALL %s %s", what, name)
		if what == "SET" {
			fmt.Fprintf(&b, " = '%s'", value)
		}
		b.WriteString(";")
	}
	fmt.Fprintf(&b, "ALTER ROLE ALL %s %s", what, auditMark)
	if what == "SET" {
		b.WriteString(" = 'on'")
	}
	if _, err := conn.PgConn().Exec(ctx, b.String()).ReadAll(); err != nil {
		return fmt.Errorf("configure the upstream's pgaudit: %w", err)
	}
	return nil
}

// share takes the lock that says that this process uses the settings for all roles.
func (u *upstream) share(ctx context.Context) error {
	lock, err := u.session(ctx)
	if err != nil {
		return fmt.Errorf("connect for the lock on pgaudit's settings: %w", connectCause(err))
	}
	_, err = lock.Exec(ctx, "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'")
	if err == nil {
		_, err = lock.Exec(ctx, "SELECT pg_catalog.pg_advisory_lock_shared($1)", auditLock)
	}
	if err != nil {
		lock.Close(ctx)
		return fmt.Errorf("lock pgaudit's settings: %w", err)
	}
	u.assist.lock = lock
	return nil
}

// setForAll says whether all roles have settings that a das-local made, one that was
// killed perhaps.
func setForAll(ctx context.Context, conn *pgx.Conn) (bool, error) {
	var have bool
	err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_db_role_setting
		WHERE setrole = 0 AND setdatabase = 0 AND $1 = ANY (setconfig))`, auditMark+"=on").Scan(&have)
	if err != nil {
		return false, fmt.Errorf("read the settings of all roles: %w", err)
	}
	return have, nil
}

// closeAssist undoes what openAssist set, if no other das-local uses it.
func (u *upstream) closeAssist(ctx context.Context) error {
	lock := u.assist.lock
	if lock == nil {
		return nil
	}
	u.assist.lock = nil
	if lock.Ping(ctx) != nil { // the server was restarted, perhaps
		lock.Close(ctx)
		var err error
		if lock, err = u.session(ctx); err != nil {
			return fmt.Errorf("connect to undo pgaudit's settings: %w", connectCause(err))
		}
	}
	defer lock.Close(context.WithoutCancel(ctx))
	alone, err := lastUser(ctx, lock)
	if err != nil || !alone {
		return err
	}
	return u.alterAll(ctx, lock, "RESET")
}

// lastUser gives up the lock of share, and says whether nobody else has it. It is
// exclusive then, until the connection is closed. Advisory locks are a database's,
// but all of them can be seen.
func lastUser(ctx context.Context, lock *pgx.Conn) (bool, error) {
	var alone, elsewhere bool
	_, err := lock.Exec(ctx, "SELECT pg_catalog.pg_advisory_unlock_shared($1)", auditLock)
	if err == nil {
		err = lock.QueryRow(ctx, "SELECT pg_catalog.pg_try_advisory_lock($1)", auditLock).Scan(&alone)
	}
	if err == nil {
		err = lock.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1
			AND mode = 'ShareLock' AND (classid::bigint << 32 | objid::bigint) = $1)`, auditLock).Scan(&elsewhere)
	}
	if err != nil {
		return false, fmt.Errorf("unlock pgaudit's settings: %w", err)
	}
	return alone && !elsewhere, nil
}
