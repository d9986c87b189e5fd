package replay

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// sessionTime bounds one session of a case.
const sessionTime = 2 * time.Minute

// session is one connection that sends messages exactly as a case wants them.
type session struct {
	conn     net.Conn
	fe       *pgproto3.Frontend
	copyData string
	extended bool   // the case sends its SQL by Parse, Bind and Execute
	lastErr  string // SQLSTATE and message of the last ErrorResponse

	// What the client is told while the case runs.
	firstState string
	tags       []string
}

// dial opens a session; user has to be trusted.
func dial(ctx context.Context, addr, user, database, application string) (*session, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	s := &session{conn: conn, fe: pgproto3.NewFrontend(conn, conn)}
	if err := conn.SetDeadline(time.Now().Add(sessionTime)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s.fe.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{
		"user": user, "database": database, "application_name": application,
	}})
	if err := s.untilReady(1); err != nil {
		return nil, errors.Join(fmt.Errorf("log in as %s: %w", user, err), conn.Close())
	}
	if s.lastErr != "" {
		return nil, errors.Join(fmt.Errorf("log in as %s: %s", user, s.lastErr), conn.Close())
	}
	return s, nil
}

// close says goodbye and waits until the other side has closed.
func (s *session) close() {
	s.fe.Send(&pgproto3.Terminate{})
	if s.fe.Flush() == nil {
		for {
			if _, err := s.fe.Receive(); err != nil {
				break
			}
		}
	}
	s.conn.Close()
}

// query runs a simple Query; an error of the server is no error of it.
func (s *session) query(sql string) error {
	s.fe.Send(&pgproto3.Query{String: sql})
	return s.untilReady(1)
}

// untilReady flushes and reads until n ReadyForQuery have come. It answers a
// COPY with the case's data.
func (s *session) untilReady(n int) error {
	if err := s.fe.Flush(); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	s.lastErr = ""
	for n > 0 {
		m, err := s.fe.Receive()
		if err != nil {
			return fmt.Errorf("receive: %w", errors.Join(err, s.failure()))
		}
		switch m := m.(type) {
		case *pgproto3.ReadyForQuery:
			n--
		case *pgproto3.ErrorResponse:
			s.lastErr = m.Code + " " + m.Message
			s.firstState = cmp.Or(s.firstState, m.Code)
		case *pgproto3.CommandComplete:
			s.tags = append(s.tags, string(m.CommandTag))
		case *pgproto3.CopyInResponse:
			if err := s.copyIn(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *session) failure() error {
	if s.lastErr == "" {
		return nil
	}
	return errors.New(s.lastErr)
}

// copyIn sends the case's COPY data; <FAIL> stands for a line and a CopyFail.
// While the server copies it ignores a Sync, so the one that was sent behind
// Execute is sent again.
func (s *session) copyIn() error {
	if s.copyData == "<FAIL>" {
		s.fe.Send(&pgproto3.CopyData{Data: []byte("1\tx\n")})
		s.fe.Send(&pgproto3.CopyFail{Message: "no more"})
	} else {
		s.fe.Send(&pgproto3.CopyData{Data: []byte(s.copyData)})
		s.fe.Send(&pgproto3.CopyDone{})
	}
	if s.extended {
		s.fe.Send(&pgproto3.Sync{})
	}
	if err := s.fe.Flush(); err != nil {
		return fmt.Errorf("send copy data: %w", err)
	}
	return nil
}

// run sends what the case sends and checks that the client is told what the
// recorded one was.
func (s *session) run(c *Case) error {
	s.copyData, s.tags, s.firstState = c.CopyData, nil, ""
	s.extended = c.Protocol == "extended" && len(c.Ops) == 0
	if err := s.send(c); err != nil {
		return err
	}
	if s.firstState != c.Error || !slices.Equal(s.tags, c.CommandTags) {
		return fmt.Errorf("the client is told %q and error %q; it was %q and %q", s.tags, s.firstState, c.CommandTags, c.Error)
	}
	return nil
}

func (s *session) send(c *Case) error {
	if len(c.Ops) > 0 {
		return s.script(c.Ops)
	}
	if c.Protocol == "simple" {
		return s.query(c.SQL)
	}
	bind, err := bindMessage("", "", c.Params, c.ParamFormats, c.ParamsHex)
	if err != nil {
		return err
	}
	s.fe.Send(&pgproto3.Parse{Query: c.SQL, ParameterOIDs: c.ParamTypes})
	s.fe.Send(bind)
	s.fe.Send(&pgproto3.Describe{ObjectType: 'P'})
	s.fe.Send(&pgproto3.Execute{})
	s.fe.Send(&pgproto3.Sync{})
	return s.untilReady(1)
}

// script sends the messages of a scripted session. What a Sync ends goes out
// in one write; "pipeline" means not to wait for its answer.
func (s *session) script(ops []Op) error {
	due := 0
	for _, op := range ops {
		switch op.Op {
		case "query":
			s.fe.Send(&pgproto3.Query{String: op.SQL})
		case "parse":
			s.fe.Send(&pgproto3.Parse{Name: op.Name, Query: op.SQL, ParameterOIDs: op.OIDs})
		case "bind":
			bind, err := bindMessage(op.Portal, op.Name, op.Params, op.ParamFormats, op.ParamsHex)
			if err != nil {
				return err
			}
			s.fe.Send(bind)
		case "describe_portal":
			s.fe.Send(&pgproto3.Describe{ObjectType: 'P', Name: op.Portal})
		case "describe_statement":
			s.fe.Send(&pgproto3.Describe{ObjectType: 'S', Name: op.Name})
		case "execute":
			s.fe.Send(&pgproto3.Execute{Portal: op.Portal, MaxRows: op.MaxRows})
		case "close_portal":
			s.fe.Send(&pgproto3.Close{ObjectType: 'P', Name: op.Portal})
		case "close_statement":
			s.fe.Send(&pgproto3.Close{ObjectType: 'S', Name: op.Name})
		case "flush":
			s.fe.Send(&pgproto3.Flush{})
		case "sync":
			s.fe.Send(&pgproto3.Sync{})
		default:
			return fmt.Errorf("unknown op %q", op.Op)
		}
		if op.Op != "query" && op.Op != "sync" {
			continue
		}
		due++
		if op.Pipeline {
			continue
		}
		if err := s.untilReady(due); err != nil {
			return err
		}
		due = 0
	}
	return s.untilReady(due)
}

func bindMessage(portal, statement string, params []*string, formats []string, hexes []*string) (*pgproto3.Bind, error) {
	b := &pgproto3.Bind{DestinationPortal: portal, PreparedStatement: statement}
	for i, p := range params {
		format := pgproto3.TextFormat
		if i < len(formats) && strings.EqualFold(formats[i], "binary") {
			format = pgproto3.BinaryFormat
		}
		b.ParameterFormatCodes = append(b.ParameterFormatCodes, int16(format))
		switch {
		case p == nil:
			b.Parameters = append(b.Parameters, nil)
		case format == pgproto3.BinaryFormat && i < len(hexes) && hexes[i] != nil:
			raw, err := hex.DecodeString(*hexes[i])
			if err != nil {
				return nil, fmt.Errorf("binary parameter: %w", err)
			}
			b.Parameters = append(b.Parameters, raw)
		default:
			b.Parameters = append(b.Parameters, []byte(*p))
		}
	}
	return b, nil
}
