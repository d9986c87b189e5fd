package stream

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/das-local/das-local/internal/activity"
)

// FuzzRender renders events with any texts under any limits: every piece is a
// list of whole events, none is missing, and a cut event fits.
func FuzzRender(f *testing.F) {
	f.Add("select 1", "x", 1, 1, 2000, 4000)
	f.Add("\x00\"\xff…", "\x01\x01", 3000, 7, 100, 3000)
	f.Add("…", "", 5000, 3, 30000, 40000)
	f.Fuzz(func(t *testing.T, text, param string, times, n, batch, fits int) {
		n, fits = 1+abs(n)%20, 16_000+abs(fits)%100_000
		text = strings.Repeat(text, min(1+abs(times)%5000, 1+40_000/(1+len(text)))) // short inputs make long texts
		param = strings.Repeat(param, min(1+abs(times)%1000, 1+10_000/(1+len(param))))
		batch = 1 + abs(batch)%fits
		events := make([]activity.Event, n)
		for i := range events {
			events[i] = event(int64(i), text)
			events[i].ErrorMessage, events[i].Params = text, []string{param, text}
			if i%3 == 0 {
				events[i] = event(int64(i), param)
			}
		}
		var r rendering
		r.render(events, activity.V11, batch, fits)
		id, end := int64(0), 0
		for _, p := range r.pieces {
			end = p.end
			list := r.buf[p.start:p.end]
			if p.cut != nil {
				if len(p.cut) > fits || len(list) <= fits {
					t.Fatalf("%d bytes cut to %d, where %d fit", len(list), len(p.cut), fits)
				}
				check(t, p.cut, 1, id)
			}
			if int(p.span.Lost) > 1 && len(list) > batch {
				t.Fatalf("%d events of %d bytes in a batch of %d", int(p.span.Lost), len(list), batch)
			}
			check(t, list, int(p.span.Lost), id)
			id += int64(int(p.span.Lost))
		}
		if id != int64(n) || end != len(r.buf) || lossOf(r.pieces).Lost != int64(n) {
			t.Fatalf("%d events of %d", id, n)
		}
	})
}

func check(t *testing.T, list []byte, n int, first int64) {
	t.Helper()
	var got []activity.Decoded
	if err := json.Unmarshal([]byte("["+string(list)+"]"), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != n || *got[0].StatementID != first {
		t.Fatalf("%d events from %d, want %d from %d", len(got), *got[0].StatementID, n, first)
	}
}

func abs(n int) int { return max(n, -(n + 1)) }

func TestCutText(t *testing.T) {
	text := strings.Repeat("ü…", 1000)
	for _, limit := range []int{0, 10, 300, 301, 302, 303, 304, 4_999, 5_000} {
		got := cutText(text, limit)
		head := got
		if i := strings.LastIndex(got, activity.CutMark); i >= 0 {
			head = got[:i]
		}
		if limit > activity.MaxCutMark && (len(got) > limit || got != text && len(head) < limit-activity.MaxCutMark-3) {
			t.Errorf("limit %d: %d bytes", limit, len(got))
		}
		marked := got == fmt.Sprintf("%s… [cut: %d bytes]", head, len(text)-len(head))
		if !utf8.ValidString(got) || !marked && got != text || marked && !strings.HasPrefix(text, head) {
			t.Errorf("limit %d: %q", limit, got)
		}
		if (limit >= len(text)) != (got == text) {
			t.Errorf("limit %d: cut or not", limit)
		}
	}
}

// TestShortenedUsesTheRoom: of texts that are too large for a record as much stays as has room.
func TestShortenedUsesTheRoom(t *testing.T) {
	const limit = 700_000
	large, small := strings.Repeat("x", 200_000), strings.Repeat("\n", 100)
	for name, e := range map[string]activity.Event{
		"text":   {CommandText: strings.Repeat("y", 800_000), HasCommandText: true},
		"params": {CommandText: "select", HasCommandText: true, Params: []string{large, small, large, large, large}},
		"both":   {CommandText: strings.Repeat("y", 800_000), HasCommandText: true, Params: []string{large, small}},
		"error":  {CommandText: strings.Repeat("y", 800_000), HasCommandText: true, ErrorMessage: strings.Repeat("z", 800_000)},
	} {
		short := shortened(&e, limit)
		size := len(activity.AppendEvent(nil, &short, activity.V11))
		if size > limit || size < limit/4*3 {
			t.Errorf("%s: %d bytes where %d fit", name, size, limit)
		}
		if len(short.Params) != len(e.Params) || len(e.Params) > 1 && short.Params[1] != small {
			t.Errorf("%s: a small parameter was cut", name)
		}
	}
}

// TestManyParams: what does not fit is counted.
func TestManyParams(t *testing.T) {
	e := event(1, "select 1")
	for range 65535 {
		e.Params = append(e.Params, "a parameter")
	}
	short := shortened(&e, 500_000)
	kept := len(short.Params) - 1
	if kept < 1000 || short.Params[kept] != fmt.Sprintf("… [cut: %d parameters]", 65535-kept) || short.Params[kept-1] != "a parameter" || len(e.Params) != 65535 {
		t.Errorf("%d kept, then %q", kept, short.Params[kept])
	}
}
