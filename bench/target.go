package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/das-local/das-local/e2e/testbed"
)

// database is where pgbench's tables are.
const database = "bench"

// target is one way to the server.
type target struct {
	name string
	user string
	port int
	pid  int // of the process in between; 0 if there is none
}

// plain is the user whose sessions pgaudit, if it is there, leaves alone.
const plain = "plain"

// stand is the server and the two processes in front of it.
type stand struct {
	dir     string
	pg      *testbed.Postgres
	bouncer *exec.Cmd
	das     *testbed.Process
	targets []target // direct, pgbouncer, das-local
}

// newStand starts everything. The server syncs its log, as a real one does.
func newStand(ctx context.Context, o options) (s *stand, err error) {
	s = new(stand)
	if s.dir, err = testbed.TempDir("bench-"); err != nil {
		return nil, err
	}
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *stand) start(ctx context.Context, o options) (err error) {
	bin, err := testbed.Build(ctx, s.dir)
	if err != nil {
		return err
	}
	settings := map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "512MB", "max_wal_size": "4GB", "autovacuum": "off",
	}
	sql := []string{"CREATE DATABASE " + database, "CREATE ROLE " + plain + " LOGIN SUPERUSER"}
	if o.audit == "server" {
		settings["shared_preload_libraries"] = "pgaudit"
		sql = append(sql, "ALTER ROLE "+plain+" SET pgaudit.log = 'none'")
	}
	if s.pg, err = testbed.StartPostgres(ctx, testbed.PostgresConfig{Settings: settings}); err != nil {
		return err
	}
	if err := s.pg.Exec(ctx, "postgres", sql...); err != nil {
		return err
	}
	direct := target{"direct", plain, s.pg.Port(), 0}
	if _, err := pgbench(ctx, direct, "bench-init", "-q", "-i", "-s", strconv.Itoa(o.scale)); err != nil {
		return err
	}
	port, err := s.startBouncer(ctx)
	if err != nil {
		return err
	}
	s.das, err = testbed.Start(ctx, testbed.Config{Bin: bin, Args: []string{"--upstream=" + s.pg.URL("postgres"), "--start-stream=async", "--audit=" + o.audit}})
	if err != nil {
		return err
	}
	s.targets = []target{direct, {"pgbouncer", plain, port, s.bouncer.Process.Pid}, {"das-local", "postgres", s.das.PGPort, s.das.PID()}}
	return nil
}

// startBouncer starts pgbouncer in session mode, as a user without rights: it
// refuses root.
func (s *stand) startBouncer(ctx context.Context) (port int, err error) {
	program, err := lookBouncer()
	if err != nil {
		return 0, err
	}
	cred, err := testbed.Unprivileged()
	if err != nil {
		return 0, err
	}
	ports, err := testbed.FreePorts(1)
	if err != nil {
		return 0, err
	}
	users, ini := filepath.Join(s.dir, "users.txt"), filepath.Join(s.dir, "pgbouncer.ini")
	config := fmt.Sprintf("[databases]\n* = host=127.0.0.1 port=%d\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\n"+
		"auth_type = trust\nauth_file = %s\npool_mode = session\ndefault_pool_size = 100\nmax_client_conn = 200\nlog_connections = 0\nlog_disconnections = 0\n",
		s.pg.Port(), ports[0], users)
	if err := errors.Join(os.WriteFile(users, []byte("\""+plain+"\" \"\"\n"), 0o644), os.WriteFile(ini, []byte(config), 0o644)); err != nil {
		return 0, fmt.Errorf("configure pgbouncer: %w", err)
	}
	log := new(testbed.Log)
	s.bouncer = exec.Command(program, "-q", ini)
	s.bouncer.SysProcAttr, s.bouncer.Stderr, s.bouncer.Dir = &syscall.SysProcAttr{Credential: cred}, log, s.dir
	if err := s.bouncer.Start(); err != nil {
		return 0, fmt.Errorf("start pgbouncer: %w", err)
	}
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", ports[0]))
		if err == nil {
			return ports[0], conn.Close()
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return 0, fmt.Errorf("pgbouncer does not answer: %w\n%s", err, log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// lookBouncer finds pgbouncer, which Debian keeps among the administrator's
// programs.
func lookBouncer() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("pgbouncer is needed to compare with: `apt-get install pgbouncer`")
}

// stop ends what runs and removes what was written.
func (s *stand) stop() error {
	var errs []error
	if s.das != nil {
		errs = append(errs, s.das.Stop())
	}
	if s.bouncer != nil && s.bouncer.Process != nil {
		errs = append(errs, s.bouncer.Process.Kill())
		_ = s.bouncer.Wait() // killed: its status says nothing
	}
	if s.pg != nil {
		errs = append(errs, s.pg.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
