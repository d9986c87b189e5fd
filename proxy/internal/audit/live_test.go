package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

// live is a client's session with the real server whose statements are audited with the real
// catalogue, as they would be in sync mode.
type live struct {
	t     *testing.T
	conn  *pgconn.PgConn
	audit *audit.Session
}

// unnoticed is an interval in which nothing is noticed by itself while a test runs.
const unnoticed = time.Hour

func newCatalogue(t *testing.T, check time.Duration) *catalog.Catalog {
	t.Helper()
	c, err := catalog.New(catalog.Config{
		MaxWait:       await.Patience,
		CheckInterval: check,
		Connect: func(ctx context.Context, database string) (*pgx.Conn, error) {
			cfg, err := pgx.ParseConfig(server.URL())
			if err != nil {
				return nil, err
			}
			cfg.Database = database
			return pgx.ConnectConfig(ctx, cfg)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return c
}

func newLive(t *testing.T, c *catalog.Catalog, database string) *live {
	t.Helper()
	conn, err := dial(t.Context(), database, "postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	about := &activity.Session{DatabaseName: database, UserName: "postgres", PID: int32(conn.PID())}
	return &live{t, conn, newSession(t, audit.Config{Catalog: c, Session: about})}
}

// run executes one statement and gives its events: "SELECT TABLE public.t, …".
func (l *live) run(sql string) string { return l.apply(sql, false) }

func (l *live) apply(sql string, quiet bool) string {
	l.t.Helper()
	it := track.Item{Kind: track.Completed, Source: track.Query, Text: sql, Quiet: quiet}
	results, err := l.conn.Exec(l.t.Context(), sql).ReadAll()
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg):
		it.Kind, it.Err = track.Failed, &track.Error{Severity: pg.Severity, SQLState: pg.Code, Message: pg.Message}
	case err != nil:
		l.t.Fatalf("%s: %v", sql, err)
	default:
		it.Tag = results[0].CommandTag.String()
		if it.Tag == "EXPLAIN" {
			for _, row := range results[0].Rows {
				it.Output += string(row[0]) + "\n"
			}
		}
	}
	var out []string
	for _, e := range l.audit.Apply(l.t.Context(), nil, []track.Item{it, ready(l.conn.TxStatus())}) {
		s := strings.TrimSpace(e.Command + " " + e.ObjectType + " " + e.ObjectName)
		if e.ExitCode.SQLState != "" {
			s += " failed"
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (l *live) want(sql, want string) {
	l.t.Helper()
	if got := l.run(sql); got != want {
		l.t.Errorf("%s: %s\nwant %s", sql, got, want)
	}
}

func newLiveDatabase(t *testing.T, name, contents string) {
	t.Helper()
	admin, err := dial(t.Context(), "postgres", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	drop := "DROP DATABASE IF EXISTS " + name
	if major() >= 13 {
		drop += " WITH (FORCE)"
	}
	for _, sql := range []string{drop, "CREATE DATABASE " + name} {
		if _, err := exec(t.Context(), admin, sql); err != nil {
			t.Fatal(err)
		}
	}
	c, err := dial(t.Context(), name, "postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := exec(t.Context(), c, contents); err != nil {
		t.Fatal(err)
	}
}

const liveSchema = `CREATE TABLE t (id int); CREATE VIEW v AS SELECT * FROM t; CREATE SCHEMA a; CREATE TABLE a.t (id int);
	CREATE TABLE u (id int); CREATE FUNCTION f(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
	CREATE FUNCTION a.f(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
	CREATE FUNCTION sets() RETURNS void LANGUAGE plpgsql SET search_path = a AS $$ BEGIN END $$;`

func TestSearchPath(t *testing.T) {
	newLiveDatabase(t, "live_path", liveSchema)
	l := newLive(t, newCatalogue(t, unnoticed), "live_path")
	for _, tt := range [][2]string{
		{"SELECT f(1) FROM t", "EXECUTE FUNCTION public.f, SELECT TABLE public.t"},
		{"BEGIN", "BEGIN"}, {"SET LOCAL search_path = a", "SET"},
		{"SELECT f(1) FROM t", "EXECUTE FUNCTION a.f, SELECT TABLE a.t"},
		{"ROLLBACK", "ROLLBACK"},
		{"SELECT f(1) FROM t", "EXECUTE FUNCTION public.f, SELECT TABLE public.t"},
		{"BEGIN", "BEGIN"}, {"SET search_path = a", "SET"}, {"SAVEPOINT x", "SAVEPOINT"}, {"SET search_path = public", "SET"},
		{"ROLLBACK TO x", "ROLLBACK"}, {"SELECT * FROM t", "SELECT TABLE a.t"}, {"COMMIT", "COMMIT"},
		{"SELECT * FROM t", "SELECT TABLE a.t"},
		{"BEGIN", "BEGIN"}, {"SET search_path = public", "SET"}, {"SELECT 1/0", "SELECT failed"}, {"ROLLBACK", ""},
		{"SELECT * FROM t", "SELECT TABLE a.t"},
		{"RESET search_path", "RESET"}, {"SELECT * FROM t", "SELECT TABLE public.t"},
		{"SELECT sets()", "EXECUTE FUNCTION public.sets, SELECT"}, {"SELECT * FROM t", "SELECT TABLE public.t"},
		{"SELECT set_config('search_path', 'a', false)", "SELECT"}, {"SELECT * FROM t", "SELECT TABLE a.t"},
	} {
		l.want(tt[0], tt[1])
	}
}

func TestWorkOfTheOpenTransaction(t *testing.T) {
	newLiveDatabase(t, "live_tx", liveSchema)
	l := newLive(t, newCatalogue(t, unnoticed), "live_tx")
	for _, tt := range [][2]string{
		{"BEGIN", "BEGIN"},
		{"CREATE TABLE n (id int)", "CREATE TABLE"}, {"INSERT INTO n SELECT * FROM v", "INSERT TABLE public.n, SELECT TABLE public.t, SELECT VIEW public.v"},
		{"ALTER TABLE n RENAME TO m", "ALTER TABLE"}, {"SELECT * FROM m", "SELECT TABLE public.m"},
		{"ALTER TABLE m SET SCHEMA a", "ALTER TABLE"}, {"SELECT * FROM a.m", "SELECT TABLE a.m"},
		{"CREATE VIEW w AS SELECT v.id FROM v, u", "CREATE VIEW"},
		{"SELECT * FROM w", "SELECT TABLE public.t, SELECT TABLE public.u, SELECT VIEW public.v, SELECT VIEW public.w"},
		{"DROP TABLE t CASCADE", "DROP TABLE"}, {"SELECT f(1)", "EXECUTE FUNCTION public.f, SELECT"},
		{"ROLLBACK", "ROLLBACK"},
		{"SELECT * FROM v", "SELECT TABLE public.t, SELECT VIEW public.v"},
		{"SELECT * FROM w", "SELECT failed"},
		// What the session has locked nobody else can look at.
		{"CREATE VIEW own AS SELECT v.id FROM v, u", "CREATE VIEW"},
		{"BEGIN", "BEGIN"}, {"ALTER VIEW own SET (security_barrier = on)", "ALTER VIEW"},
		{"SELECT * FROM own", "SELECT TABLE public.t, SELECT TABLE public.u, SELECT VIEW public.own, SELECT VIEW public.v"},
		{"COMMIT", "COMMIT"},
	} {
		l.want(tt[0], tt[1])
	}
}

// TestIndexOfNoRows: the expressions of an index are not called for a table that is empty.
func TestIndexOfNoRows(t *testing.T) {
	newLiveDatabase(t, "live_index", `CREATE TABLE none (id int); CREATE TABLE one (id int); INSERT INTO one VALUES (1);
		CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$`)
	l := newLive(t, newCatalogue(t, unnoticed), "live_index")
	l.want("CREATE INDEX ON none (f(id))", "CREATE INDEX")
	l.want("CREATE INDEX ON one (f(id))", "CREATE INDEX, EXECUTE FUNCTION public.f")
	l.want("CREATE INDEX ON one (id) WHERE f(id) = 1", "CREATE INDEX, EXECUTE FUNCTION public.f")
	l.want("CREATE INDEX ON one (id)", "CREATE INDEX")
}

// TestSequentialScansOff: the planner of such a session finds min() and max() of few rows by index as well.
func TestSequentialScansOff(t *testing.T) {
	newLiveDatabase(t, "live_seqscan", "CREATE TABLE k (id int PRIMARY KEY); INSERT INTO k VALUES (1); ANALYZE k")
	l := newLive(t, newCatalogue(t, unnoticed), "live_seqscan")
	const once, twice = "SELECT TABLE public.k", "SELECT TABLE public.k, SELECT TABLE public.k"
	for _, tt := range [][2]string{
		{"SELECT max(id) FROM k", once},
		{"SET enable_seqscan = off", "SET"}, {"SELECT max(id) FROM k", twice},
		{"SET enable_seqscan TO true", "SET"}, {"SELECT max(id) FROM k", once},
		{"BEGIN", "BEGIN"}, {"SET LOCAL enable_seqscan = 0", "SET"}, {"SELECT max(id) FROM k", twice}, {"COMMIT", "COMMIT"},
		{"SELECT max(id) FROM k", once},
		{"SET enable_seqscan TO No", "SET"}, {"SELECT max(id) FROM k", twice}, {"RESET enable_seqscan", "RESET"}, {"SELECT max(id) FROM k", once},
	} {
		l.want(tt[0], tt[1])
	}
}

func TestTemporaryRelations(t *testing.T) {
	newLiveDatabase(t, "live_temp", liveSchema)
	l := newLive(t, newCatalogue(t, unnoticed), "live_temp")
	l.want("BEGIN", "BEGIN")
	l.want("CREATE TEMP TABLE x (id int)", "CREATE TABLE")
	results, err := l.conn.Exec(t.Context(), "SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	temp := string(results[0].Rows[0][0])
	if _, err := strconv.Atoi(strings.TrimPrefix(temp, "pg_temp_")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range [][2]string{
		{"INSERT INTO x VALUES (1)", "INSERT TABLE %s.x"}, {"SELECT * FROM pg_temp.x", "SELECT TABLE %s.x"},
		{"COMMIT", "COMMIT"},
		{"SELECT f(id) FROM x", "EXECUTE FUNCTION public.f, SELECT TABLE %s.x"},
		{"CREATE TEMP TABLE t (id int)", "CREATE TABLE"},
		{"SELECT * FROM t, v", "SELECT TABLE %s.t, SELECT TABLE public.t, SELECT VIEW public.v"},
		{"SELECT * FROM public.t", "SELECT TABLE public.t"},
		{"DROP TABLE t", "DROP TABLE"}, {"SELECT * FROM t", "SELECT TABLE public.t"},
		{"CREATE TEMP TABLE t (id int)", "CREATE TABLE"}, {"DISCARD TEMP", "DISCARD TEMP"}, {"SELECT * FROM t", "SELECT TABLE public.t"},
		{"BEGIN", "BEGIN"}, {"CREATE TEMP TABLE t (id int) ON COMMIT DROP", "CREATE TABLE"}, {"SELECT * FROM t", "SELECT TABLE %s.t"},
		{"COMMIT", "COMMIT"}, {"SELECT * FROM t", "SELECT TABLE public.t"},
	} {
		want := tt[1]
		if strings.Contains(want, "%s") {
			want = fmt.Sprintf(want, temp)
		}
		l.want(tt[0], want)
	}
}

// A session keeps the search path that it began with; those that begin later have the new one.
func TestSearchPathOfTheRole(t *testing.T) {
	newLiveDatabase(t, "live_role", liveSchema)
	c := newCatalogue(t, unnoticed)
	l := newLive(t, c, "live_role")
	l.want("SELECT * FROM t", "SELECT TABLE public.t")
	l.want("ALTER DATABASE live_role SET search_path = a", "ALTER DATABASE")
	l.want("SELECT f(1) FROM t", "EXECUTE FUNCTION public.f, SELECT TABLE public.t")
	l.want("SET search_path = a", "SET")
	l.want("RESET search_path", "RESET")
	l.want("SELECT * FROM t", "SELECT TABLE public.t")
	later := newLive(t, c, "live_role")
	later.want("SELECT f(1) FROM t", "EXECUTE FUNCTION a.f, SELECT TABLE a.t")
}

// What another session of the same catalogue has committed holds at once.
func TestDDLOfAnotherSession(t *testing.T) {
	newLiveDatabase(t, "live_ddl", liveSchema)
	c := newCatalogue(t, unnoticed)
	l, other := newLive(t, c, "live_ddl"), newLive(t, c, "live_ddl")
	l.want("SELECT f(1) FROM v", "EXECUTE FUNCTION public.f, SELECT TABLE public.t, SELECT VIEW public.v")
	other.run("ALTER TABLE t RENAME TO renamed")
	l.want("SELECT * FROM v", "SELECT TABLE public.renamed, SELECT VIEW public.v")
	other.run("BEGIN")
	other.run("CREATE OR REPLACE VIEW v AS SELECT * FROM u")
	other.run("COMMIT")
	l.want("SELECT * FROM v", "SELECT TABLE public.u, SELECT VIEW public.v")
	other.run("CREATE RULE r AS ON INSERT TO u DO ALSO NOTIFY ch")
	l.want("INSERT INTO u VALUES (1)", "INSERT TABLE public.u, NOTIFY")
}

// While the stream is stopped, what changes the session is followed, and nothing else is.
func TestStreamStoppedInBetween(t *testing.T) {
	newLiveDatabase(t, "live_quiet", liveSchema)
	l := newLive(t, newCatalogue(t, unnoticed), "live_quiet")
	for _, sql := range []string{"PREPARE p AS SELECT f(1) FROM t", "SET search_path = a", "PREPARE q AS SELECT * FROM u", "DEALLOCATE q"} {
		if got := l.apply(sql, true); got != "" {
			t.Errorf("%s: %s while the stream is stopped", sql, got)
		}
	}
	l.want("SELECT * FROM t", "SELECT TABLE a.t")
	l.apply("SET search_path = public", true)
	l.want("EXECUTE p", "EXECUTE, EXECUTE FUNCTION public.f, SELECT TABLE public.t")
	l.apply("PREPARE q AS SELECT * FROM u", true)
	l.want("EXECUTE q", "EXECUTE, SELECT TABLE public.u")
}

func TestFunctionsOfCopy(t *testing.T) {
	newLiveDatabase(t, "live_copy", `CREATE FUNCTION d() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
		CREATE FUNCTION c(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
		CREATE DOMAIN dom AS int CHECK (c(VALUE)); CREATE TABLE t (a int DEFAULT d(), b dom, "Odd, name" int CHECK (c("Odd, name")));
		CREATE TABLE s (id int); ALTER TABLE s ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON s USING (id > 0)`)
	l := newLive(t, newCatalogue(t, unnoticed), "live_copy")
	run := func(sql string, rows int) string {
		it := track.Item{Kind: track.Completed, Source: track.Query, Text: sql, Tag: "COPY " + strconv.Itoa(rows)}
		var out []string
		for _, e := range l.audit.Apply(t.Context(), nil, []track.Item{it, ready('I')}) {
			out = append(out, strings.TrimSpace(e.Command+" "+e.ObjectName))
		}
		return strings.Join(out, ", ")
	}
	for _, tt := range []struct {
		sql  string
		rows int
		want string
	}{
		{"COPY t FROM STDIN", 1, "EXECUTE public.c, EXECUTE public.c, COPY public.t"},
		{"COPY t FROM STDIN", 0, "COPY public.t"},
		{"COPY t (b) FROM STDIN", 1, "EXECUTE public.d, EXECUTE public.c, EXECUTE public.c, COPY public.t"},
		{`COPY t ("Odd, name") FROM STDIN`, 0, "EXECUTE public.d, COPY public.t"},
		{"COPY t TO STDOUT", 3, "COPY public.t"},
		{"COPY s TO STDOUT", 3, "COPY public.s"}, // a superuser's: no policy
	} {
		if got := run(tt.sql, tt.rows); got != tt.want {
			t.Errorf("%s, %d rows: %s\nwant %s", tt.sql, tt.rows, got, tt.want)
		}
	}
}
