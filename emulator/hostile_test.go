package emulator_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/das-local/das-local/emulator"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A role's functions never run with the rights of the upstream user, who looks up what its statements mean. As a
// superuser this one leaves a lock, which outlives errors and transactions.
const hostile = `
CREATE FUNCTION pub_f(v text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
	IF pg_catalog.current_setting('is_superuser') = 'on' THEN PERFORM pg_catalog.pg_advisory_lock_shared(4712); END IF;
	RETURN true;
END $$;
CREATE DOMAIN evil AS text CHECK (public.pub_f(VALUE));
CREATE TYPE comp AS (a evil);
CREATE TABLE t (c comp)`

func TestClientCodeNeverRunsAsTheUpstreamUser(t *testing.T) {
	for _, mode := range []string{"catalog", "auto"} {
		t.Run(mode, func(t *testing.T) {
			e := emulator.ForTest(t, func(o *emulator.Options) { o.Audit = mode })
			admin, err := pgx.Connect(t.Context(), e.PostgresURL())
			if err != nil {
				t.Fatal(err)
			}
			defer admin.Close(t.Context())
			const setup = `DO $$ BEGIN CREATE ROLE das_mallory LOGIN; EXCEPTION WHEN duplicate_object THEN END $$; GRANT CREATE ON SCHEMA public TO das_mallory`
			if _, err := admin.PgConn().Exec(t.Context(), setup).ReadAll(); err != nil {
				t.Fatal(err)
			}
			config, err := pgx.ParseConfig(e.PostgresURL())
			if err != nil {
				t.Fatal(err)
			}
			config.User = "das_mallory"
			mallory, err := pgx.ConnectConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			defer mallory.Close(t.Context())
			if _, err := mallory.PgConn().Exec(t.Context(), hostile).ReadAll(); err != nil {
				t.Fatal(err)
			}
			attacks := []string{
				"SELECT '(x)'::public.comp", "SELECT '(y)'::public.comp, 1", "SELECT comp '(x)'", "SELECT '{x}'::evil[]",
				"INSERT INTO t VALUES ('(x)')", "SELECT '(z)'::comp, 1/0", "CREATE TABLE z AS SELECT '(x)'::comp", "EXPLAIN SELECT '(x)'::comp",
			}
			for _, sql := range attacks {
				_, err := mallory.PgConn().Exec(t.Context(), sql).ReadAll()
				if pgErr := (*pgconn.PgError)(nil); err != nil && !(errors.As(err, &pgErr) && strings.Contains(sql, "1/0")) {
					t.Errorf("%s: %v", sql, err)
				}
			}
			var text string
			if err := mallory.QueryRow(t.Context(), "SELECT '(x)'::comp::text || $1", "p").Scan(&text); err != nil || text != "(x)p" {
				t.Errorf("with a parameter: %q, %v", text, err)
			}
			if _, err := e.WaitFor(t.Context(), emulator.Match{TextHas: "|| $1"}.Matches); err != nil {
				t.Error(err)
			}
			var locks int
			if err := admin.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4712").Scan(&locks); err != nil || locks != 0 {
				t.Errorf("%d sessions ran the role's function as a superuser; %v", locks, err)
			}
		})
	}
}
