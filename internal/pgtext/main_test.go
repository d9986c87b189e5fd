package pgtext_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/pgserver"
	"github.com/das-local/das-local/internal/pgtest"
	"github.com/das-local/das-local/internal/pgtext"
	"github.com/jackc/pgx/v5/pgconn"
)

// server is the judge: what it prints is right.
var server *pgserver.Server

func TestMain(m *testing.M) { pgtest.Main(m, &server, nil) }

// since says from which major version on the server has a type.
func since(typ string) int {
	switch {
	case strings.Contains(typ, "multirange"):
		return 14
	case typ == "xid8", typ == "pg_snapshot":
		return 13
	}
	return 0
}

// known lists those of the types that the server has.
func known(types iter.Seq[string]) []string {
	return slices.DeleteFunc(slices.Sorted(types), func(typ string) bool { return server.Installation().Major < since(typ) })
}

// session is a connection with the given settings.
type session struct {
	t    *testing.T
	conn *pgconn.PgConn
	s    pgtext.Settings
}

func newSession(t *testing.T, s pgtext.Settings) *session {
	t.Helper()
	s.ServerVersion = server.Installation().Version
	conn, err := pgconn.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	set := func(name, value string) {
		if value == "" {
			return
		}
		sql := fmt.Sprintf("SET %s = '%s'", name, value)
		if name == "datestyle" || name == "timezone" {
			sql = fmt.Sprintf("SELECT set_config('%s', '%s', false)", name, value)
		}
		if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	set("timezone", s.TimeZone)
	set("datestyle", s.DateStyle)
	set("intervalstyle", s.IntervalStyle)
	set("bytea_output", s.ByteaOutput)
	set("client_encoding", s.ClientEncoding)
	switch s.ExtraFloatDigits {
	case 0:
	case pgtext.NoExtraFloatDigits:
		set("extra_float_digits", "0")
	default:
		set("extra_float_digits", fmt.Sprint(s.ExtraFloatDigits))
	}
	return &session{t, conn, s}
}

// print asks the server for the text of a bound value; ok is false if it is refused.
func (s *session) print(typ string, format int16, value []byte) (out []byte, ok bool) {
	s.t.Helper()
	r := s.conn.ExecParams(s.t.Context(), "SELECT $1::"+typ, [][]byte{value}, nil, []int16{format}, nil).Read()
	if r.Err != nil {
		if s.conn.IsClosed() {
			s.t.Fatal(r.Err)
		}
		return nil, false
	}
	return r.Rows[0][0], true
}

// binary asks the server for the binary form of a literal.
func (s *session) binary(expr string, args ...[]byte) (value []byte, ok bool) {
	s.t.Helper()
	r := s.conn.ExecParams(s.t.Context(), expr, args, nil, nil, []int16{1}).Read()
	if r.Err != nil {
		if s.conn.IsClosed() {
			s.t.Fatal(r.Err)
		}
		return nil, false
	}
	return r.Rows[0][0], true
}

// oid of a type's name.
func (s *session) oid(typ string) uint32 {
	s.t.Helper()
	r := s.conn.ExecParams(s.t.Context(), "SELECT $1::regtype::oid", [][]byte{[]byte(typ)}, nil, nil, nil).Read()
	if r.Err != nil {
		s.t.Fatal(r.Err)
	}
	var n uint32
	fmt.Sscan(string(r.Rows[0][0]), &n)
	return n
}
