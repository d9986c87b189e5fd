package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

// A string of many statements is read once, and its events do not repeat it
// without bound.
func TestLongStrings(t *testing.T) {
	classifier, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const n = 20000
	for name, text := range map[string]string{
		"split":   strings.Repeat("select 1;", n),
		"unknown": strings.Repeat("frobnicate 1;", n),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := audit.New(audit.Config{Classifier: classifier, Session: &activity.Session{}})
			if err != nil {
				t.Fatal(err)
			}
			var items []track.Item
			for i := range n {
				items = append(items, track.Item{Kind: track.Completed, Source: track.Query, Text: text, TextLen: len(text), Index: i, Tag: "SELECT 1"})
			}
			items = append(items, track.Item{Kind: track.Ready, TxStatus: 'I'})
			begin := time.Now()
			size, whole := 0, 0
			events := s.Apply(t.Context(), nil, items)
			for _, e := range events {
				size += len(e.CommandText)
				if e.CommandText == text {
					whole++
				}
			}
			if len(events) != n || whole == 0 || whole == n || size > 64<<20 {
				t.Errorf("%d events, %d whole, %d bytes", len(events), whole, size)
			}
			t.Logf("%d events in %v, %d whole, %d bytes", n, time.Since(begin), whole, size)
		})
	}
}
