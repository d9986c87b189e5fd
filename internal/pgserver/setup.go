//go:build unix

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// setUp makes what the configuration asks for beyond a bare server. It talks
// over the Unix socket, which always trusts.
func (s *Server) setUp(ctx context.Context) error {
	if s.config.Database == "postgres" && s.config.Password == "" {
		return nil
	}
	var sql []string
	if s.config.Database != "postgres" {
		sql = append(sql, "CREATE DATABASE "+quoteIdent(s.config.Database))
	}
	if s.config.Password != "" {
		sql = append(sql, "ALTER ROLE "+Superuser+" PASSWORD "+quoteLiteral(s.config.Password))
		if err := s.writeHBA(); err != nil {
			return err
		}
		sql = append(sql, "SELECT pg_reload_conf()")
	}
	conn, err := pgconn.ParseConfig(fmt.Sprintf("host='%s' port=%d user=%s dbname=postgres sslmode=disable",
		s.dir.socket(), s.port, Superuser))
	if err != nil {
		return fmt.Errorf("set up the database: %w", err)
	}
	c, err := pgconn.ConnectConfig(ctx, conn)
	if err != nil {
		return fmt.Errorf("set up the database: %w", err)
	}
	for _, stmt := range sql {
		if _, err = c.Exec(ctx, stmt).ReadAll(); err != nil {
			var pgErr *pgconn.PgError
			if errors.As(err, &pgErr) {
				err = errors.New(pgErr.Message) // without the statement: it may have the password
			}
			err = fmt.Errorf("set up the database: %w", err)
			break
		}
	}
	closeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, c.Close(closeCtx))
}

// writeHBA lets loopback connections in with the password only.
func (s *Server) writeHBA() error {
	const rules = "local all all trust\nlocal replication all trust\n" +
		"host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n"
	path := filepath.Join(s.dir.data(), "pg_hba.conf")
	if err := os.WriteFile(path, []byte(rules), 0o600); err != nil {
		return err
	}
	return s.account.chown(path)
}

func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteLiteral quotes for standard_conforming_strings in either state.
func quoteLiteral(s string) string {
	return " E'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", "''") + "'"
}
