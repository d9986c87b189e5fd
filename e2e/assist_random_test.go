package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/das-local/das-local/e2e/testbed"
)

// A wanderer is a client that does anything, and knows what the server said.
type wanderer struct {
	*talk
	r    *rand.Rand
	n    int
	sent []string          // statements, in order
	said map[string]string // their command tag, or the SQLSTATE
	tx   byte
	open []string // portals
}

// statement makes a text that no other statement has.
func (w *wanderer) statement() string {
	w.n++
	m := fmt.Sprintf("%s-%d", w.app, w.n)
	switch w.r.IntN(12) {
	case 0:
		return "select rf('" + m + "')"
	case 1:
		return "insert into r values ('" + m + "')"
	case 2:
		return "update r set a = a where a = '" + m + "' returning a"
	case 3:
		return "do $$ begin perform '" + m + "' from t; end $$"
	case 4:
		return "select 1/0 from t where v <> '" + m + "'"
	case 5:
		return "selec '" + m + "'"
	case 6:
		return "set application_name = '" + w.app + "' /* " + m + " */"
	case 7:
		return "select count(*) from t, lateral rf('" + m + "')"
	case 8:
		return "do $$ begin perform '" + m + "' from t; perform 1/0; end $$"
	}
	return "select '" + m + "' from t where id < 3"
}

// answers reads up to n ReadyForQuery. texts are what was executed, in order.
func (w *wanderer) answers(n int, texts ...string) {
	w.t.Helper()
	for _, m := range w.until(strings.Repeat("Z", n)) {
		switch m[0] {
		case 'C', 's', 'I':
			if len(texts) > 0 {
				w.said[texts[0]], texts = strings.Trim(m[5:], "\x00"), texts[1:]
			}
		case 'E':
			if len(texts) > 0 {
				w.said[texts[0]], texts = "error", nil // the rest is skipped
			}
		case 'Z':
			w.tx = m[5]
		}
	}
}

func (w *wanderer) step() {
	if w.tx == 'E' {
		if w.r.IntN(3) == 0 {
			w.query1("rollback")
		} else {
			w.query1("rollback to s")
		}
		if w.tx == 'E' {
			w.query1("rollback")
		}
		w.open = nil
		return
	}
	switch w.r.IntN(14) {
	case 0:
		if w.tx == 'I' {
			w.query1("begin")
			w.query1("savepoint s")
		} else {
			w.query1("commit")
			w.open = nil
		}
	case 1, 2, 3:
		w.query1(w.statement())
	case 4, 5, 6:
		s := w.statement()
		w.note(s)
		w.send(append(extended("", "", s), syncMsg)...)
		w.answers(1, s)
	case 7, 8: // a pipeline
		var all []pgproto3.FrontendMessage
		var texts []string
		for range 2 + w.r.IntN(4) {
			s := w.statement()
			texts = append(texts, s)
			all = append(all, extended("", "", s)...)
		}
		for _, s := range texts {
			w.note(s)
		}
		w.send(append(all, syncMsg)...)
		w.answers(1, texts...)
	case 9: // a portal that stays open, and is run to its end
		if w.tx != 'T' || len(w.open) > 0 {
			return
		}
		s, name := w.statement(), fmt.Sprint("p", w.n)
		w.note(s)
		w.send(append(extended(name, "", s), syncMsg)...)
		w.answers(1, s)
		w.open = append(w.open, name)
	case 10:
		for _, name := range w.open {
			w.send(&pgproto3.Close{ObjectType: 'P', Name: name}, syncMsg)
			w.answers(1)
		}
		w.open = nil
	case 11:
		s, s2 := w.statement(), w.statement()
		w.query2(s, s2)
	case 12:
		time.Sleep(time.Duration(w.r.IntN(3)) * 300 * time.Millisecond)
	case 13:
		if w.tx == 'T' {
			w.query1("savepoint s")
		}
	}
}

func (w *wanderer) note(s string) { w.sent = append(w.sent, s) }

func (w *wanderer) query1(s string) {
	w.note(s)
	w.send(&pgproto3.Query{String: s})
	w.answers(1, s)
}

// query2 sends two statements in two queries at once.
func (w *wanderer) query2(a, b string) {
	w.note(a)
	w.note(b)
	w.send(&pgproto3.Query{String: a}, &pgproto3.Query{String: b})
	first := w.until("Z")
	said := func(list []string, s string) {
		w.said[s] = "error"
		for _, m := range list {
			if m[0] == 'C' {
				w.said[s] = strings.Trim(m[5:], "\x00")
			}
		}
		for _, m := range list {
			if m[0] == 'E' {
				w.said[s] = "error"
			}
			if m[0] == 'Z' {
				w.tx = m[5]
			}
		}
	}
	said(first, a)
	said(w.until("Z"), b)
}

// TestAssistRandom: of whatever a client does, each statement has one event of its
// own, and the numbers have no hole.
func TestAssistRandom(t *testing.T) {
	a, err := audited()
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, a.pg, "postgres", "create table if not exists r (a text)",
		"create or replace function rf(text) returns text language plpgsql as 'begin perform 1 from t where id = 1; return $1; end'", "grant all on r to app")
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		for seed := range uint64(12) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				w := &wanderer{talk: connect(t, a.procs[mode], "app"), r: rand.New(rand.NewPCG(seed, 1)), said: map[string]string{}, tx: 'I'}
				for range 60 {
					w.step()
				}
				for w.tx != 'I' {
					w.query1("rollback")
				}
				events := w.bye(a.tails[mode])
				own, failed := map[string]int{}, map[string]int{}
				for _, e := range events {
					switch {
					case e.Command == "EXECUTE" && e.ObjectKind() == "FUNCTION":
					case e.Failed():
						failed[e.Text()]++
					default:
						own[e.Text()]++
					}
				}
				bad := false
				for _, s := range w.sent {
					if !strings.Contains(s, w.app) {
						continue
					}
					said := w.said[s]
					wantOwn, wantFailed := 1, 0
					switch {
					case said == "":
						wantOwn = 0 // skipped after an error
					case said == "error":
						wantOwn, wantFailed = 0, 1
					}
					if strings.HasPrefix(s, "select count(*) from t, lateral") && said != "" && said != "error" {
						wantOwn = 1
					}
					if own[s] != wantOwn || failed[s] != wantFailed {
						t.Errorf("%q (%q): %d events and %d of a failure, want %d and %d", s, said, own[s], failed[s], wantOwn, wantFailed)
						bad = true
					}
				}
				if bad {
					t.Logf("sent\n%s\nevents\n%s", strings.Join(w.sent, "\n"), list(events))
				}
			})
		}
	})
}

// TestAssistPgbench: every statement of every transaction is in the stream exactly
// once.
func TestAssistPgbench(t *testing.T) {
	const clients, each = 4, 50
	inBoth(t, func(t *testing.T, a *aud, mode string) {
		port := a.procs[mode].PGPort
		mustRun(t, pgTool(t, port, "postgres", "postgres", "init", "pgbench", "-q", "-i", "-s", "1"))
		for _, protocol := range []string{"simple", "extended", "prepared"} {
			app := "assist-pgbench-" + protocol
			mustRun(t, pgTool(t, port, "postgres", "postgres", app, "pgbench", "-n", "-M", protocol, "-c", fmt.Sprint(clients), "-j", "2", "-t", fmt.Sprint(each)))
			all, err := a.tails[mode].Await(within(t), func(all []testbed.Event) bool { return sessionsEnded(all, app) >= clients+1 })
			if err != nil {
				t.Fatal(err)
			}
			countTransactions(t, all, app, clients*each, protocol != "simple")
		}
	})
}
