package console

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/das-local/das-local/internal/envelope"
	"github.com/das-local/das-local/internal/esdk"
)

func parseQuery(t *testing.T, q string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(q)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func moments(n int, sample func(i int) Sample) []moment {
	var list []moment
	for i := range n {
		list = append(list, moment{time.Unix(int64(i), 0), sample(i)})
	}
	return list
}

// TestRate: a count that begins anew, comes or goes has neither a negative growth nor
// that of the others.
func TestRate(t *testing.T) {
	reads := []int64{10, 30, 30, 5, 6, 6}
	list := moments(6, func(i int) Sample {
		s := Sample{Instances: []InstanceSample{{ID: "db-A", Cluster: "cluster-A", Classes: map[string]int64{"READ": reads[i]}}}}
		if i < 3 { // stopped
			s.Instances = append(s.Instances, InstanceSample{ID: "db-B", Cluster: "cluster-B", Classes: map[string]int64{"READ": 1000}})
			s.Streams = append(s.Streams, StreamSample{Cluster: "cluster-B", Bytes: int64(i) * 50})
		}
		if i > 3 { // started
			s.Streams = append(s.Streams, StreamSample{Cluster: "cluster-A", Bytes: int64(i-3) * 7})
		}
		return s
	})
	bytes := perStream(func(s StreamSample) int64 { return s.Bytes })
	for _, test := range []struct {
		what    string
		moments []moment
		count   counter
		want    []float64
	}{
		{"events of all", list, ofClass("READ"), []float64{20, 0, 5, 1, 0}},
		{"events of A", of("cluster-A", list), ofClass("READ"), []float64{20, 0, 5, 1, 0}},
		{"events of B", of("cluster-B", list), ofClass("READ"), []float64{0, 0, 0, 0, 0}},
		{"bytes of all", list, bytes, []float64{50, 50, 0, 7, 7}},
		{"bytes of A", of("cluster-A", list), bytes, []float64{0, 0, 0, 7, 7}},
		{"bytes of B", of("cluster-B", list), bytes, []float64{50, 50, 0, 0, 0}},
		{"bytes of none", of("cluster-C", list), bytes, []float64{0, 0, 0, 0, 0}},
	} {
		if got := rate(test.moments, test.count); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
}

// TestGaps: where there is no value, there is no line, and what comes behind a gap is
// drawn from where it began.
func TestGaps(t *testing.T) {
	d := drawing{span: 10 * time.Second}
	for i := range 6 {
		d.times = append(d.times, time.Unix(int64(i), 0))
	}
	c := d.draw("wait", "Sync wait", "", unit{milliseconds, niceTop}, []line{{"", []float64{10, none, none, 5, 5, none}}})
	if want := "M300.0 0.0M420.0 50.0L480.0 50.0L540.0 50.0"; c.Series[0].Line != want {
		t.Errorf("line %q, want %q", c.Series[0].Line, want)
	}
	if c.Now != "–" || c.Highest != "10 ms" || c.Times != [3]string{"23:59:55", "00:00:00", "00:00:05"} {
		t.Errorf("%+v", c)
	}
}

// TestCharts are well-formed, say their values in words, and mark loss windows.
func TestCharts(t *testing.T) {
	list := moments(61, func(i int) Sample {
		return Sample{Instances: []InstanceSample{{Classes: map[string]int64{"READ": int64(i * 100), "WRITE": int64(i * 20)}}}, Streams: []StreamSample{{Bytes: int64(i) << 20, Queued: int64(i),
			Waits: int64(i), Waited: time.Duration(i) * 3 * time.Millisecond, IteratorAge: 1500 * time.Millisecond, LossWindow: i >= 20 && i < 30}}}
	})
	drawn := charts(list, time.Minute)
	if len(drawn) != 6 {
		t.Fatalf("%d charts", len(drawn))
	}
	byID := map[string]chart{}
	for _, c := range drawn {
		byID[c.ID] = c
		if got := fmt.Sprintf("%.1f", c.Losses); got != "[{200.0 100.0}]" { // 10 s, 40 s ago
			t.Errorf("%s: loss windows %s", c.ID, got)
		}
	}
	for id, want := range map[string]string{"events": "120, READ 100, WRITE 20", "bytes": "1 MiB", "age": "1.5 s", "wait": "3 ms", "queue": "60 B"} {
		if !strings.Contains(byID[id].Label, want) {
			t.Errorf("%s says %q, want %q in it", id, byID[id].Label, want)
		}
	}
	if byID["events"].Top != "200" {
		t.Errorf("120 events a second are drawn up to %s", byID["events"].Top)
	}
	if byID["events"].Series[2].Line != "" || byID["bytes"].Top != "1 MiB" {
		t.Errorf("a class without events has the line %q; the axis of bytes ends at %s", byID["events"].Series[2].Line, byID["bytes"].Top)
	}
	var page bytes.Buffer
	data := map[string]any{"Charts": drawn, "Minutes": 1, "Choices": []int{1}, "Lost": 0, "Running": 1, "Window": false, "Cluster": ""}
	if err := pages["monitoring"].ExecuteTemplate(&page, "layout.html", layout{Page: "monitoring", Data: data}); err != nil {
		t.Fatal(err)
	}
	svgs := strings.SplitAfter(page.String(), "</svg>")
	for _, s := range svgs[:len(svgs)-1] {
		s = s[strings.LastIndex(s, "<svg"):]
		for d := xml.NewDecoder(strings.NewReader(s)); ; {
			if _, err := d.Token(); err != nil {
				if err.Error() != "EOF" {
					t.Errorf("%v in %.300s", err, s)
				}
				break
			}
		}
		if strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
			t.Errorf("not drawable: %.300s", s)
		}
	}
}

// TestChartsOfNothing are empty, not broken.
func TestChartsOfNothing(t *testing.T) {
	for n := range 3 {
		for _, c := range charts(moments(n, func(int) Sample { return Sample{} }), time.Minute) {
			if strings.Contains(c.Label+c.Top, "NaN") || strings.Contains(c.Top, "Inf") {
				t.Errorf("%d moments: %+v", n, c)
			}
		}
	}
}

func TestNiceTop(t *testing.T) {
	for v, want := range map[float64]float64{0: 1, 0.3: 0.5, 1: 1, 1.1: 2, 3: 5, 7: 10, 10: 10, 12_345: 20_000} {
		if got := niceTop(v); got != want {
			t.Errorf("%v: %v, want %v", v, got, want)
		}
	}
	for v, want := range map[float64]string{0: "1 KiB", 300: "1 KiB", 1025: "2 KiB", 150 << 10: "200 KiB", 999 << 10: "1000 KiB", 1001 << 10: "1 MiB", 3 << 30: "5 GiB"} {
		if got := byteCount(niceBytes(v)); got != want {
			t.Errorf("%v: %v, want %v", v, got, want)
		}
	}
}

func TestTimeLine(t *testing.T) {
	f := newFeed(1, nil)
	f.add(event(t, map[string]any{"logTime": "2026-01-02 03:04:05.000000+00", "startTime": "2026-01-02 03:04:05.000000+00"}), nil)
	f.add(event(t, map[string]any{"logTime": "2026-01-02 03:04:06.000000+00", "startTime": "2026-01-02 03:04:05.500000+00", "substatementId": 2}), nil)
	f.add(event(t, map[string]any{"logTime": "2026-01-02 03:04:07.000000+00"}), nil) // of version 1.0
	f.add(event(t, map[string]any{"logTime": "nonsense"}), nil)
	p, _ := f.after(0, 10, all)
	bars, length := timeLine(p.entries)
	if length != "2s" || bars[1].X != 250 || bars[1].Width != 250 || bars[1].Took != "500ms" || bars[1].Start != "+500ms" || !bars[1].Sub || bars[2].X != 996 || bars[3].X != 996 {
		t.Errorf("%s %+v", length, bars)
	}
	if _, length := timeLine(nil); length != "0s" {
		t.Error(length)
	}
}

// TestVisible: what a browser would drop or obey can be seen.
func TestVisible(t *testing.T) {
	for s, want := range map[string]string{
		"plain é 日本": "plain é 日本", "\x1b[2J": "⟨ESC⟩[2J", "a\x00b\x7f": "a⟨NUL⟩b⟨DEL⟩", "1\r\n2\t\x1f": "1⟨CR⟩⟨LF⟩2⟨TAB⟩⟨US⟩", "x\u202eexe": "x⟨U+202E⟩exe", "zero\u200bwidth": "zero⟨U+200B⟩width", "\u009b31m": "⟨U+009B⟩31m",
	} {
		if got := visible(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
	if got := shorten(strings.Repeat("é", 400)); !utf8.ValidString(got) || len(got) > rowText+10 {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

// TestShowJSON: what would not be seen stands as an escape, and it is the same JSON.
func TestShowJSON(t *testing.T) {
	for _, s := range []string{"plain é 日本", "x\u202eexe", "zero\u200bwidth \u0085", "\U000e0041 tag", `quo"te \ `} {
		data, err := json.Marshal(map[string]string{"a": s})
		if err != nil {
			t.Fatal(err)
		}
		shown, ok := showJSON(data)
		if rest := strings.ReplaceAll(shown, "\n", ""); !ok || strings.ContainsFunc(rest, odd) {
			t.Errorf("%q is shown as %q", s, shown)
		}
		var back map[string]string
		if err := json.Unmarshal([]byte(shown), &back); err != nil || back["a"] != s {
			t.Errorf("%q comes back as %q: %v", s, back["a"], err)
		}
	}
	if _, ok := showJSON([]byte("{")); ok {
		t.Error("half of an object is shown")
	}
}

// TestExplain: the fields are the whole header, one behind the other, in both suites.
func TestExplain(t *testing.T) {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	for _, suite := range []esdk.Suite{esdk.Unsigned, esdk.Signed} {
		sealer, err := envelope.NewSealer(envelope.Config{Suite: suite})
		if err != nil {
			t.Fatal(err)
		}
		data, err := sealer.Seal(nil, &envelope.DataKey{Plaintext: key[:], Ciphertext: []byte("blob")}, "cluster-X", "db-X", []byte(`{"type":"heartbeat"}`))
		if err != nil {
			t.Fatal(err)
		}
		outer, err := envelope.ParseOuter(data)
		if err != nil {
			t.Fatal(err)
		}
		h, err := esdk.Explain(outer.Message)
		if err != nil {
			t.Fatal(err)
		}
		fields, named := explain(outer.Message, h), ""
		for _, f := range fields {
			named += f.Name + "\n"
		}
		last := fields[len(fields)-1]
		if last.Name != "Header authentication tag" || last.Offset+len(h.Tag) != h.Length {
			t.Errorf("%s: the tag ends at %d, the header at %d", suite, last.Offset+len(h.Tag), h.Length)
		}
		if strings.Contains(named, "Encryption context\n") != (suite == esdk.Signed) {
			t.Errorf("%s has the fields\n%s", suite, named)
		}
		if explain(outer.Message, esdk.Header{}) != nil {
			t.Error("what was not understood is explained")
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 3412: "3,412", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := comma(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for n, want := range map[int]string{0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 3 << 30: "3 GiB"} {
		if got := byteCount(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
