//go:build unix

package pgserver

import (
	"bytes"
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

// hbaRules are the rules of pg_hba.conf, by the method for loopback connections.
func hbaRules(method string) []byte {
	return []byte("local all all trust\nlocal replication all trust\n" +
		"host all all 127.0.0.1/32 " + method + "\nhost replication all 127.0.0.1/32 " + method + "\n")
}

// writeHBA lets loopback connections in with the password only, if there is one. Without one, rules
// in data that was kept are left as they are, unless they are those of a start with one.
func (s *Server) writeHBA() error {
	path, rules := filepath.Join(s.dir.data(), "pg_hba.conf"), hbaRules("scram-sha-256")
	if s.config.Password == "" {
		if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, rules) {
			return err
		}
		rules = hbaRules("trust")
	}
	if err := os.WriteFile(path, rules, 0o600); err != nil {
		return err
	}
	return s.account.chown(path)
}

func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteLiteral quotes for standard_conforming_strings in either state.
func quoteLiteral(s string) string {
	return " E'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", "''") + "'"
}
