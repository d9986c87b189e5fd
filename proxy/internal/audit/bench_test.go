package audit_test

import (
	"fmt"
	"testing"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

func newSession(t testing.TB, cfg audit.Config) *audit.Session {
	t.Helper()
	var err error
	if cfg.Classifier, err = classify.New(classify.Config{}); err != nil {
		t.Fatal(err)
	}
	if cfg.Session == nil {
		cfg.Session = &activity.Session{DatabaseName: "d", UserName: "u"}
	}
	s, err := audit.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func BenchmarkApply(b *testing.B) {
	const update = "UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2"
	b.Run("prepared", func(b *testing.B) {
		s := newSession(b, audit.Config{})
		s.Apply(b.Context(), nil, []track.Item{{Kind: track.Prepared, Name: "P1", Text: update}})
		items := []track.Item{{
			Kind: track.Completed, Source: track.Execute, Name: "P1", Text: update, Tag: "UPDATE 1",
			Params: &track.Params{Types: []uint32{23, 23}, Values: [][]byte{[]byte("17"), []byte("4711")}},
		}, {Kind: track.Ready, TxStatus: 'I'}}
		var dst []activity.Event
		b.ReportAllocs()
		for b.Loop() {
			dst = s.Apply(b.Context(), dst[:0], items)
		}
	})
	b.Run("simple, new literals", func(b *testing.B) {
		s := newSession(b, audit.Config{})
		texts := make([]string, 10000)
		for i := range texts {
			texts[i] = fmt.Sprintf("UPDATE pgbench_accounts SET abalance = abalance + %d WHERE aid = %d;", i, i*17)
		}
		items := []track.Item{{Kind: track.Completed, Source: track.Query, Tag: "UPDATE 1"}, {Kind: track.Ready, TxStatus: 'I'}}
		var dst []activity.Event
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			items[0].Text = texts[i%len(texts)]
			i++
			dst = s.Apply(b.Context(), dst[:0], items)
		}
	})
}
