package catalog_test

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/das-local/das-local/internal/catalog"
	"github.com/jackc/pgx/v5"
)

// meddler calls do once, before it sends what has a text in it.
type meddler struct {
	net.Conn
	text []byte
	do   func()
}

func (m *meddler) Write(b []byte) (int, error) {
	if bytes.Contains(b, m.text) {
		m.do()
	}
	return m.Conn.Write(b)
}

// TestDroppedMeanwhile: a relation or function that is dropped while an analysis is looked up is
// no reason to leave it out.
func TestDroppedMeanwhile(t *testing.T) {
	newDatabase(t, "meanwhile", "CREATE TABLE t (id int); CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$")
	for _, c := range []struct{ sql, before, drop, make string }{
		{"SELECT id FROM t", "c.relrowsecurity", "DROP TABLE t", "CREATE TABLE t (id int)"},
		{"SELECT f()", "p.pronargdefaults", "DROP FUNCTION f()", "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$"},
	} {
		client := newClient(t, "meanwhile", "postgres")
		dropped := false
		drop := sync.OnceFunc(func() { client.exec(c.drop); dropped = true })
		cat := start(t, catalog.Config{Connect: func(ctx context.Context, database string) (*pgx.Conn, error) {
			u, err := url.Parse(server.URL())
			if err != nil {
				return nil, err
			}
			u.Path = "/" + database
			cfg, err := pgx.ParseConfig(u.String())
			if err != nil {
				return nil, err
			}
			dial := cfg.DialFunc
			cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := dial(ctx, network, addr)
				return &meddler{conn, []byte(c.before), drop}, err
			}
			return pgx.ConnectConfig(ctx, cfg)
		}})
		s := &catalog.Session{Database: "meanwhile", User: "postgres"}
		if a, ok := cat.Analyze(t.Context(), s, catalog.Statement{SQL: c.sql}); ok || !dropped {
			t.Errorf("%s: it is analysed as %s", c.sql, summary(a))
		}
		client.exec(c.make)
		cat.Invalidate("meanwhile")
		if _, ok := cat.Analyze(t.Context(), s, catalog.Statement{SQL: c.sql}); !ok {
			t.Errorf("%s is not analysed when it is there again", c.sql)
		}
	}
}
