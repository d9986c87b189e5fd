package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/pgserver"
)

// ownPG starts a server for one test.
func ownPG(t *testing.T, settings map[string]string) *testbed.Postgres {
	t.Helper()
	pg, err := testbed.StartPostgres(t.Context(), testbed.PostgresConfig{Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Stop(); err != nil {
			t.Error(err)
		}
	})
	return pg
}

func mustExec(t *testing.T, pg *testbed.Postgres, database string, sql ...string) {
	t.Helper()
	if err := pg.Exec(t.Context(), database, sql...); err != nil {
		t.Fatal(err)
	}
}

// ask gives one value.
func ask(t *testing.T, url, sql string) string {
	t.Helper()
	ctx := within(t)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var v *string
	if err := conn.QueryRow(ctx, sql).Scan(&v); err != nil {
		t.Fatal(err)
	}
	if v == nil {
		return "NULL"
	}
	return *v
}

// allRoles are the settings for all roles.
func allRoles(t *testing.T, pg *testbed.Postgres) string {
	return ask(t, pg.URL("postgres"), "select coalesce(string_agg(array_to_string(setconfig, ' '), ' '), '') from pg_db_role_setting where setrole = 0 and setdatabase = 0")
}

func upDAS(t *testing.T, args ...string) *testbed.Process {
	t.Helper()
	p, err := testbed.Start(t.Context(), testbed.Config{Bin: bed.bin, Env: env(bed.dir), Args: args})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Signal(syscall.SIGKILL); p.Wait(await.Patience) })
	return p
}

func stop(t *testing.T, p *testbed.Process) {
	t.Helper()
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

// sees says whether nested statements have events: the server helps.
func sees(t *testing.T, p *testbed.Process, user, database string) bool {
	t.Helper()
	app := fmt.Sprintf("sees-%d", time.Now().UnixNano())
	conn, err := pgx.Connect(within(t), p.URL(user, database, app))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "do $$ begin perform 42; end $$"); err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())
	tail, err := p.Tail()
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Stop()
	events, err := tail.AwaitSession(within(t), app)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(events); n != 3 && n != 4 {
		t.Errorf("%s", list(events))
	}
	return len(events) == 4
}

func health(t *testing.T, p *testbed.Process) string {
	t.Helper()
	resp, err := http.Get(p.Endpoint + "/_das/health")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAssistSuperuser: settings are made for all roles and undone by the last
// das-local that uses them.
func TestAssistSuperuser(t *testing.T) {
	pg := ownPG(t, map[string]string{"shared_preload_libraries": "pgaudit"})
	mustExec(t, pg, "postgres", "create database other", "create role app login", "alter role all set work_mem = '5MB'")
	one := upDAS(t, "--upstream="+pg.URL("postgres"))
	if !strings.Contains(allRoles(t, pg), "pgaudit.log=all") || !sees(t, one, "app", "postgres") {
		t.Errorf("settings %q, health %s", allRoles(t, pg), health(t, one))
	}
	two := upDAS(t, "--upstream="+pg.URL("other"), "--audit=server")
	stop(t, one)
	if !strings.Contains(allRoles(t, pg), "pgaudit.log=all") || !sees(t, two, "app", "other") {
		t.Errorf("the first das-local undid the settings of the second: %q", allRoles(t, pg))
	}
	three := upDAS(t, "--upstream="+pg.URL("postgres"), "--audit=server")
	stop(t, two)
	if !sees(t, three, "app", "postgres") {
		t.Error("the second das-local undid the settings of the third")
	}
	three.Signal(syscall.SIGKILL)
	three.Wait(await.Patience)
	if !strings.Contains(allRoles(t, pg), "pgaudit.log=all") {
		t.Errorf("settings after a kill: %q", allRoles(t, pg))
	}
	four := upDAS(t, "--upstream="+pg.URL("postgres"))
	if !sees(t, four, "app", "postgres") {
		t.Error("settings that a killed das-local left are not used")
	}
	stop(t, four)
	if got := allRoles(t, pg); got != "work_mem=5MB" {
		t.Errorf("settings left behind: %q", got)
	}
}

// TestAssistConfigured: settings that somebody made are used and left.
func TestAssistConfigured(t *testing.T) {
	pg := ownPG(t, map[string]string{"shared_preload_libraries": "pgaudit"})
	mustExec(t, pg, "postgres", "create role plain login", "grant pg_read_all_settings to plain")
	url := strings.Replace(pg.URL("postgres"), "postgres@", "plain@", 1)
	refused, err := testbed.Launch(testbed.Config{Bin: bed.bin, Env: env(bed.dir), Args: []string{"--upstream=" + url, "--audit=server"}})
	if err != nil {
		t.Fatal(err)
	}
	if code, err := refused.Wait(await.Patience); err != nil || code != 1 || !strings.Contains(refused.Stderr.String(), "pgaudit.log=all") {
		t.Errorf("exit %d, %v: %s", code, err, refused.Stderr)
	}
	auto := upDAS(t, "--upstream="+url)
	if h := health(t, auto) + auto.Stdout.String(); !strings.Contains(h, "superuser") || sees(t, auto, "plain", "postgres") {
		t.Errorf("health %s", h)
	}
	stop(t, auto)
	var by []string
	for _, s := range []string{"log=all", "log_catalog=on", "log_client=on", "log_level=info", "log_parameter=on", "log_relation=on", "log_rows=on", "log_statement=on", "log_statement_once=off"} {
		name, value, _ := strings.Cut(s, "=")
		by = append(by, fmt.Sprintf("alter role all set pgaudit.%s = '%s'", name, value))
	}
	mustExec(t, pg, "postgres", by...)
	was := allRoles(t, pg)
	for _, u := range []string{url, pg.URL("postgres")} {
		p := upDAS(t, "--upstream="+u, "--audit=server")
		if !sees(t, p, "plain", "postgres") {
			t.Errorf("%s: settings that are there are not used", u)
		}
		stop(t, p)
		if got := allRoles(t, pg); got != was {
			t.Errorf("%s: settings of somebody else were undone: %q", u, got)
		}
	}
}

// TestAssistOtherwise: where pgaudit serves somebody else, or is not there, the
// catalogue does, and the reason is told.
func TestAssistOtherwise(t *testing.T) {
	for name, c := range map[string]struct {
		settings map[string]string
		word     string
	}{
		"configured otherwise": {map[string]string{"shared_preload_libraries": "pgaudit", "pgaudit.log": "ddl"}, "settings of its own"},
		"object audit":         {map[string]string{"shared_preload_libraries": "pgaudit", "pgaudit.role": "auditor"}, "settings of its own"},
		"not preloaded":        {nil, "shared_preload_libraries"},
	} {
		t.Run(name, func(t *testing.T) {
			pg := ownPG(t, c.settings)
			p := upDAS(t, "--upstream="+pg.URL("postgres"))
			if h := health(t, p) + p.Stdout.String(); !strings.Contains(h, c.word) || !strings.Contains(h, `"audit":"catalog"`) {
				t.Errorf("health and addresses: %s", h)
			}
			if sees(t, p, "postgres", "postgres") || allRoles(t, pg) != "" {
				t.Errorf("settings %q", allRoles(t, pg))
			}
			stop(t, p)
			refused, err := testbed.Launch(testbed.Config{Bin: bed.bin, Env: env(bed.dir), Args: []string{"--upstream=" + pg.URL("postgres"), "--audit=server"}})
			if err != nil {
				t.Fatal(err)
			}
			if code, err := refused.Wait(await.Patience); err != nil || code != 1 || !strings.Contains(refused.Stderr.String(), c.word) {
				t.Errorf("exit %d, %v: %s", code, err, refused.Stderr)
			}
		})
	}
}

// TestAssistEmbedded: with the installation's pgaudit, and with an installation
// that has none.
func TestAssistEmbedded(t *testing.T) {
	p := upDAS(t)
	if !sees(t, p, "postgres", "postgres") {
		t.Errorf("health %s", health(t, p))
	}
	stop(t, p)
	inst, err := pgserver.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(bed.dir, "no-pgaudit")
	if err := os.MkdirAll(filepath.Join(dir, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	mustRun(t, exec.Command("cp", "-rL", inst.BinDir, filepath.Join(dir, "bin")))
	os.Remove(filepath.Join(dir, "bin", "pg_config")) // it would tell where the libraries are
	libs, err := filepath.Glob(filepath.Join(filepath.Dir(inst.BinDir), "lib", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, lib := range libs {
		if strings.HasPrefix(filepath.Base(lib), "pgaudit") {
			continue
		}
		if err := os.Symlink(lib, filepath.Join(dir, "lib", filepath.Base(lib))); err != nil {
			t.Fatal(err)
		}
	}
	path := "PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH")
	without, err := testbed.Start(t.Context(), testbed.Config{Bin: bed.bin, Env: append(env(bed.dir), path)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { without.Signal(syscall.SIGKILL); without.Wait(await.Patience) })
	if h := health(t, without) + without.Stdout.String(); !strings.Contains(h, `"audit":"catalog"`) || !strings.Contains(h, "pgaudit is not installed for the embedded PostgreSQL") || sees(t, without, "postgres", "postgres") {
		t.Errorf("health %s", h)
	}
	stop(t, without)
}
