package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/das-local/das-local/e2e/testbed"
)

const pgxModule = "github.com/jackc/pgx/v5"

// pgxPackages are those whose tests speak to a server.
var pgxPackages = []string{".", "./pgconn", "./pgtype", "./pgxpool", "./stdlib", "./tracelog"}

// pgxSuite is the test suite of the Go driver pgx, of the version that this
// module uses, where Go keeps it.
type pgxSuite struct {
	source string // the module's directory
	certs  string // directory of the certificates, decoded
}

func (*pgxSuite) name() string { return "pgx" }

func (p *pgxSuite) open(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", pgxModule).Output()
	if err != nil {
		return fmt.Errorf("find the source of pgx: %w", err)
	}
	p.source = strings.TrimSpace(string(out))
	if p.certs, err = testbed.TempDir("regress-"); err != nil {
		return err
	}
	for _, name := range []string{"ca.pem", "localhost.crt", "localhost.key"} {
		text, err := os.ReadFile(filepath.Join(p.source, "testsetup", "certs", name+".b64"))
		if err != nil {
			return fmt.Errorf("read the certificates of pgx: %w", err)
		}
		plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(text)), ""))
		if err != nil {
			return fmt.Errorf("decode %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(p.certs, name), plain, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (p *pgxSuite) close() error { return os.RemoveAll(p.certs) }

func (*pgxSuite) modes() []string { return []string{"async"} }

func (*pgxSuite) whole() string { return "" }

// server lets each of the suite's users in by the method that it is named for.
func (*pgxSuite) server() testbed.PostgresConfig {
	return testbed.PostgresConfig{HBA: []string{
		"host all pgx_md5 127.0.0.1/32 md5", "host all pgx_scram 127.0.0.1/32 scram-sha-256",
		"host all pgx_pw 127.0.0.1/32 password", "hostssl all pgx_ssl 127.0.0.1/32 scram-sha-256",
	}}
}

// setUp has the suite's own script make its roles, and turns TLS on.
func (p *pgxSuite) setUp(ctx context.Context, pg *testbed.Postgres) ([]string, error) {
	owner, err := os.Stat(pg.DataDir())
	if err != nil {
		return nil, err
	}
	user := owner.Sys().(*syscall.Stat_t)
	for from, to := range map[string]string{"localhost.crt": "server.crt", "localhost.key": "server.key"} {
		text, err := os.ReadFile(filepath.Join(p.certs, from))
		if err != nil {
			return nil, err
		}
		path := filepath.Join(pg.DataDir(), to)
		if err := errors.Join(os.WriteFile(path, text, 0o600), os.Chown(path, int(user.Uid), int(user.Gid))); err != nil {
			return nil, err
		}
	}
	if err := pg.Exec(ctx, "postgres", "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()", "CREATE DATABASE pgx_test"); err != nil {
		return nil, err
	}
	psql := exec.CommandContext(ctx, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", pg.URL("pgx_test"),
		"-f", filepath.Join(p.source, "testsetup", "postgresql_setup.sql"))
	psql.Env = testbed.CleanEnv()
	if out, err := psql.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("set pgx's database up: %w\n%s", err, out)
	}
	return []string{"--upstream=" + strings.Replace(pg.URL("postgres"), "sslmode=disable", "sslmode=require", 1),
		"--upstream-cert=" + filepath.Join(p.certs, "localhost.crt"), "--upstream-key=" + filepath.Join(p.certs, "localhost.key")}, nil
}

// environment has the variables by which the suite finds its servers. One is
// left out: a client's certificate cannot pass a proxy that ends TLS.
func (p *pgxSuite) environment(at place) []string {
	tcp := func(user string) string {
		return fmt.Sprintf("host=127.0.0.1 port=%d user=%s password=secret dbname=pgx_test", at.port, user)
	}
	secure := fmt.Sprintf("host=localhost port=%d user=pgx_ssl password=secret dbname=pgx_test sslmode=verify-full sslrootcert=%s",
		at.port, filepath.Join(p.certs, "ca.pem"))
	return append(testbed.CleanEnv(),
		"PGX_TEST_DATABASE="+tcp("pgx_md5"), "PGX_TEST_TCP_CONN_STRING="+tcp("pgx_md5"),
		"PGX_TEST_MD5_PASSWORD_CONN_STRING="+tcp("pgx_md5"), "PGX_TEST_PLAIN_PASSWORD_CONN_STRING="+tcp("pgx_pw"),
		"PGX_TEST_SCRAM_PASSWORD_CONN_STRING="+tcp("pgx_scram")+" channel_binding=disable",
		"PGX_TEST_TLS_CONN_STRING="+secure+" channel_binding=disable",
		"PGX_TEST_SCRAM_PLUS_CONN_STRING="+secure+" channel_binding=require",
		fmt.Sprintf("PGX_TEST_UNIX_SOCKET_CONN_STRING=host=%s port=%d user=postgres dbname=pgx_test", at.socketDir, at.port))
}

func (p *pgxSuite) run(ctx context.Context, at place, only []string) (outcomes, error) {
	args := []string{"test", "-json", "-vet=off", "-count=1", "-p=1", "-parallel=4"}
	if len(only) > 0 {
		args = append(args, "-run="+selectTests(only))
	}
	cmd := exec.CommandContext(ctx, "go", append(args, pgxPackages...)...)
	cmd.Dir, cmd.Env = p.source, p.environment(at)
	out, err := cmd.Output()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		return nil, fmt.Errorf("run pgx's tests: %w", err)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	o, readErr := readGoTests(out)
	if readErr != nil || len(o) == 0 {
		return nil, fmt.Errorf("run pgx's tests: %w", errors.Join(err, readErr))
	}
	return o, nil
}
