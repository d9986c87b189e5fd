package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/das-local/das-local/e2e/spell"
	"github.com/das-local/das-local/e2e/testbed"
)

// TestSpelledSecrets runs statements that tell a secret, in hundreds of random spellings, and looks
// for it in every event and in the log at level info. The server's own error messages are among them.
func TestSpelledSecrets(t *testing.T) {
	server, err := testbed.StartPostgres(t.Context(), testbed.PostgresConfig{}) // its roles will be changed
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := server.Exec(t.Context(), "postgres", "create extension dblink; create extension postgres_fdw; create extension pgcrypto; create server s foreign data wrapper postgres_fdw"); err != nil {
		t.Fatal(err)
	}
	p := startDAS(t, "--log-level=info", "--upstream="+server.URL("postgres"))
	tail, err := p.Tail()
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Stop()
	seed, ran := uint64(7_000_000), 0
	for session := range 10 {
		r := speak(t, p, "postgres", fmt.Sprint("spelled-", session))
		var list []*spell.Statement
		for range 60 {
			st := spell.New(seed)
			if seed++; strings.Contains(strings.ToUpper(st.Text), "SYSTEM") {
				continue // it would last
			}
			list = append(list, st)
			r.send(&pgproto3.Query{String: "rollback"})
			r.answer(1, "")
			if st.Setup != "" {
				r.run("simple", "deallocate all", "")
				r.run("simple", st.Setup, "")
			}
			if len(st.Params) == 0 {
				r.run([]string{"simple", "extended"}[seed%2], st.Text, "")
				continue
			}
			bind := &pgproto3.Bind{}
			for _, v := range st.Params {
				bind.Parameters = append(bind.Parameters, []byte(v))
			}
			r.send(&pgproto3.Parse{Query: st.Text}, bind, &pgproto3.Execute{}, &pgproto3.Sync{})
			r.answer(1, "")
		}
		for _, e := range r.events(tail) {
			ran++
			said := strings.Join(append([]string{e.Text(), deref(e.ErrorMessage), e.Object()}, e.ParamList...), "\n")
			for _, st := range list {
				if told := st.Told(said); told != "" {
					t.Fatalf("%q is told of %q %q\nby %s", told, st.Text, st.Params, e.Raw)
				}
			}
		}
	}
	if ran < 800 {
		t.Errorf("only %d events", ran)
	}
	for _, log := range []string{p.Stderr.String(), p.Stdout.String()} {
		if told := spell.New(0).Told(log); told != "" {
			t.Errorf("%q is in the log", told)
		}
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
