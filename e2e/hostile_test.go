package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// deadly lists texts that end a process which gives them to PostgreSQL's
// parser without care for its stack, or make it work for long.
func deadly() map[string]string {
	repeat := strings.Repeat
	return map[string]string{
		"24,000 terms":         "select 1" + repeat("+1", 24_000),
		"144,000 terms":        "select 1" + repeat("+1", 144_000),
		"1,000,000 terms":      "select 1" + repeat("+1", 1_000_000),
		"24,000 casts":         "select 1" + repeat("::int", 24_000),
		"144,000 casts":        "select 1" + repeat("::int", 144_000),
		"concatenations":       "select ''" + repeat("||''", 72_000),
		"cross joins":          "select 1 from pg_class" + repeat(" cross join pg_class", 24_000),
		"is null chain":        "select 1" + repeat(" is null", 72_000),
		"union chain":          "select 1" + repeat(" union select 1", 144_000),
		"100,000 parentheses":  "select " + repeat("(", 100_000) + "1" + repeat(")", 100_000),
		"not chain":            "select " + repeat("not ", 100_000) + "true",
		"nested arrays":        "select " + repeat("array[", 100_000) + "1" + repeat("]", 100_000),
		"nested cases":         "select " + repeat("case when true then ", 20_000) + "1" + repeat(" end", 20_000),
		"5,000 sub-selects":    "select " + repeat("(select ", 5_000) + "1" + repeat(")", 5_000),
		"1 MB in list":         "select 1 where 1 in (1" + repeat(",1", 500_000) + ")",
		"1 MB of values":       "values (1)" + repeat(",(1)", 250_000),
		"4 MB literal":         "select length('" + repeat("x", 4<<20) + "')",
		"deep comment":         repeat("/*", 10_000) + repeat("*/", 10_000) + "select 1",
		"open comment":         "select 1 /*" + repeat("x", 100_000),
		"open quote":           "select 'x",
		"only semicolons":      repeat(";", 200_000),
		"only blanks":          repeat(" ", 200_000),
		"many statements":      repeat("select 1;", 2_000),
		"deep explain":         "explain select 1" + repeat("+1", 24_000),
		"deep do":              "do $$ begin perform 1" + repeat("+1", 24_000) + "; end $$",
		"deep create view":     "create temp view v as select 1" + repeat("+1", 24_000) + " as n",
		"password and 46 KB":   "alter role nobody_such password 'x' valid until '1" + repeat("+1", 24_000) + "'",
		"100,000 dots":         "select a" + repeat(".a", 100_000),
		"100,000 columns":      "select 1" + repeat(",1", 100_000),
		"dollar quotes":        repeat("$a$", 100_001),
		"unicode identifiers":  `select U&"\0061` + repeat(`\0061`, 50_000) + `"`,
		"bad utf-8 is refused": "select '\xff\xfe'",
	}
}

// TestDeadlyTexts sends them by both protocols; each leaves an event behind,
// and the process and other sessions as they were.
func TestDeadlyTexts(t *testing.T) {
	p := startDAS(t)
	tail, err := p.Tail()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tail.Stop(); err != nil {
			t.Error(err)
		}
	})
	for name, text := range deadly() {
		for _, protocol := range []string{"simple", "extended"} {
			t.Run(name+"/"+protocol, func(t *testing.T) {
				ctx := within(t)
				app := fmt.Sprintf("deadly-%s-%s", strings.ReplaceAll(name, " ", "."), protocol)
				conn, err := pgx.Connect(ctx, p.URL("postgres", "postgres", app))
				if err != nil {
					t.Fatal(err)
				}
				said := send(ctx, conn, protocol, text)
				answer := 0
				if err := conn.QueryRow(ctx, "select 7").Scan(&answer); err != nil || answer != 7 {
					t.Fatalf("the session is gone: %d, %v; the text was answered with %.200v", answer, err, said)
				}
				if err := conn.Close(ctx); err != nil {
					t.Fatal(err)
				}
				events, err := tail.AwaitSession(ctx, app)
				if err != nil {
					t.Fatal(err)
				}
				expectEvent(t, events, text, said)
			})
			if !p.Alive() {
				t.Fatalf("%s ended das-local:\n%s", name, p.Stderr)
			}
		}
	}
}

// send runs a text by one of the two query protocols. (pgx's Exec takes the
// simple one for every statement without arguments.)
func send(ctx context.Context, conn *pgx.Conn, protocol, text string, args ...string) error {
	if protocol == "simple" {
		_, err := conn.PgConn().Exec(ctx, text).ReadAll()
		return err
	}
	values := make([][]byte, len(args))
	for i, a := range args {
		values[i] = []byte(a)
	}
	return conn.PgConn().ExecParams(ctx, text, values, nil, nil, nil).Read().Err
}

// expectEvent looks for the text's event: an empty query has none.
func expectEvent(t *testing.T, events []testbed.Event, text string, said error) {
	t.Helper()
	if strings.Trim(text, "; ") == "" {
		return
	}
	for _, e := range events {
		// Bytes that are no UTF-8 cannot be in JSON; how they are shown is free.
		// What is cut ends in a mark.
		shown, _, _ := strings.Cut(e.Text(), "… [cut: ")
		if sent, got := strings.ToValidUTF8(text, ""), strings.ReplaceAll(shown, "\ufffd", ""); got != "" && (strings.HasPrefix(sent, got) || strings.Contains(got, "<REDACTED>")) {
			if e.Failed() != (said != nil) {
				t.Errorf("answered with %.200v, the event says %v", said, e.ExitCode)
			}
			return
		}
	}
	t.Errorf("no event among %d for a text of %d bytes (answered with %.200v)", len(events), len(text), said)
}

// TestMalformed sends bytes that are no protocol: that session ends, with an
// error or without, and nothing else does.
func TestMalformed(t *testing.T) {
	startup := "\x00\x00\x00\x2b\x00\x03\x00\x00user\x00postgres\x00database\x00postgres\x00\x00"
	for name, bytes := range map[string]string{
		"http":               "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"huge startup":       "\x7f\xff\xff\xff\x00\x03\x00\x00",
		"negative startup":   "\xff\xff\xff\xff\x00\x03\x00\x00",
		"tiny startup":       "\x00\x00\x00\x04",
		"no end":             "\x00\x00\x00\x10\x00\x03\x00\x00user\x00pos",
		"zeros":              strings.Repeat("\x00", 4096),
		"tls":                "\x16\x03\x01\x00\x05hello",
		"negative length":    startup + "Q\xff\xff\xff\xff",
		"length of 3":        startup + "Q\x00\x00\x00\x03",
		"2 GB query":         startup + "Q\x7f\xff\xff\xffselect 1",
		"unknown type":       startup + "\x01\x00\x00\x00\x08abcd",
		"query without text": startup + "Q\x00\x00\x00\x04",
		"bind of nothing":    startup + "B\x00\x00\x00\x06\x00\x00S\x00\x00\x00\x04",
		"parse cut short":    startup + "P\x00\x00\x00\x05aS\x00\x00\x00\x04",
		"bind, many params":  startup + "B\x00\x00\x00\x0c\x00\x00\x00\x00\xff\xff\x00\x00S\x00\x00\x00\x04",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", bed.proc.PGPort), await.Patience)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(await.Deadline()); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, bytes); err != nil {
				t.Logf("refused while writing: %v", err)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Logf("already closed: %v", err)
			}
			if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
				t.Error("the session neither answers nor ends")
			}
			if r := psql(t, bed.proc.PGPort, "postgres", "postgres", "e2e-after", "select 1;\n"); r.code != 0 {
				t.Errorf("the next session: %s", r.stderr)
			}
		})
	}
}
