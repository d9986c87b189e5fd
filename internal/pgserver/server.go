//go:build unix

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/das-local/das-local/internal/progress"
)

// Server is a server that runs. Stop must be called.
type Server struct {
	config  Config
	account *account
	dir     *runDir
	port    int

	mu      sync.Mutex // guards process; held while it is stopped or replaced
	process *postmaster
	stopped bool
}

// Start starts a server and returns when it accepts connections. The context
// bounds the start only; the server runs until Stop.
func Start(ctx context.Context, config Config) (*Server, error) {
	c, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	acct, err := serverAccount()
	if err != nil {
		return nil, err
	}
	if c.Installation, err = c.installation(ctx, acct); err != nil {
		return nil, err
	}
	c.preload(ctx)
	removed, err := sweep(c.Dir)
	if err != nil {
		c.Logger.Warn("cannot remove what an earlier run left", "error", err)
	}
	for _, path := range removed {
		c.Logger.Info("removed what an earlier run left", "dir", path)
	}
	dir, err := newRunDir(c.Dir, acct)
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, account: acct, dir: dir}
	step := progress.Brief(ctx, "starting PostgreSQL "+c.Installation.Version)
	err = s.start(ctx)
	step.End(err)
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// installation is the configured one, else one that is found, else one that is
// fetched.
func (c Config) installation(ctx context.Context, acct *account) (Installation, error) {
	if c.Installation.BinDir != "" {
		return inspect(ctx, c.Installation.BinDir, acct)
	}
	inst, err := Find(ctx)
	if !errors.Is(err, ErrNotFound) || c.NoDownload {
		return inst, err
	}
	r, dlErr := currentRelease()
	if dlErr == nil {
		inst, dlErr = c.download(ctx, r, acct)
	}
	if dlErr != nil {
		return Installation{}, fmt.Errorf("%w; and %w", err, dlErr)
	}
	return inst, nil
}

func (s *Server) start(ctx context.Context) error {
	template, err := s.prepareAndLaunch(ctx)
	if err != nil && template != "" && ctx.Err() == nil && !errors.Is(err, errPortTaken) && !errors.Is(err, errSettings) {
		// What was kept may be damaged: once more, from nothing.
		s.config.Logger.Warn("the prepared data directory does not start, making a new one", "error", err)
		if err := errors.Join(os.RemoveAll(template), os.RemoveAll(s.dir.data())); err != nil {
			return err
		}
		_, err = s.prepareAndLaunch(ctx)
	}
	if err != nil {
		return err
	}
	return s.setUp(ctx)
}

func (s *Server) prepareAndLaunch(ctx context.Context) (template string, err error) {
	kept, err := s.config.keepData(ctx, s.dir, s.account)
	if err == nil && !kept {
		template, err = s.config.prepareData(ctx, s.dir, s.account)
	}
	if err != nil {
		return "", err
	}
	if err := errors.Join(s.appendConf(), s.writeHBA()); err != nil {
		return template, err
	}
	return template, s.launch(ctx)
}

func (s *Server) appendConf() error {
	path := filepath.Join(s.dir.data(), "postgresql.conf")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, _, _ := strings.Cut(string(text), confMark) // of an earlier start
	if err := os.WriteFile(path+".new", []byte(before+s.config.conf(s.dir.socket())), 0o600); err != nil {
		return err
	}
	if err := s.account.chown(path + ".new"); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// launch starts the process on a free port. Between choosing the port and the
// server's taking it somebody else may, so it tries again.
func (s *Server) launch(ctx context.Context) error {
	var err error
	for range 5 {
		port := s.config.Port
		if port == 0 {
			if port, err = freePort(); err != nil {
				return err
			}
		}
		var p *postmaster
		p, err = startPostmaster(ctx, s.config, s.dir, s.account, port)
		if err == nil {
			s.port, s.process = port, p
			return nil
		}
		if !errors.Is(err, errPortTaken) || s.config.Port != 0 {
			break
		}
	}
	return err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// Port is the TCP port on 127.0.0.1.
func (s *Server) Port() int { return s.port }

// Addr is the TCP address, "127.0.0.1:5433".
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// SocketDir is the directory of the Unix socket: psql -h takes it.
func (s *Server) SocketDir() string { return s.dir.socket() }

// DataDir is the data directory.
func (s *Server) DataDir() string { return s.dir.data() }

// Installation says whose binaries run.
func (s *Server) Installation() Installation { return s.config.Installation }

// URL is the connection string of the superuser over TCP.
func (s *Server) URL() string {
	u := url.URL{Scheme: "postgres", User: url.User(Superuser), Host: s.Addr(), Path: "/" + s.config.Database}
	if s.config.Password != "" {
		u.User = url.UserPassword(Superuser, s.config.Password)
	}
	u.RawQuery = "sslmode=disable"
	return u.String()
}

// Done is closed when the process that runs now has ended, by Stop, by Restart
// or by itself.
func (s *Server) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process.done
}

// portPatience is how long a restart waits for its port. Meanwhile it is nobody's, and
// whoever asks the system for any port may have been given it, mostly for a moment.
const portPatience = 30 * time.Second

// Restart ends the server as a crash would, without a word to the sessions,
// and starts it again on the same port with the same data.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errors.New("restart: the server is stopped")
	}
	s.process.stop(syscall.SIGQUIT)
	end := time.Now().Add(portPatience)
	for {
		p, err := startPostmaster(ctx, s.config, s.dir, s.account, s.port)
		if err == nil {
			s.process = p
			return nil
		}
		if !errors.Is(err, errPortTaken) || ctx.Err() != nil || time.Now().After(end) {
			return fmt.Errorf("restart: %w", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Stop ends the sessions and the server and deletes its directory. Every call
// after the first does nothing.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	if s.process != nil {
		s.process.stop(syscall.SIGINT)
	}
	if err := s.dir.remove(); err != nil {
		return fmt.Errorf("remove %s: %w", s.dir.path, err)
	}
	return nil
}
