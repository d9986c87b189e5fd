package pgtext_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/pgtext"
)

// random makes a value of a type in binary format: any bytes that the server may accept.
func random(r *rand.Rand, typ string) []byte {
	b := make([]byte, 24)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	small := func(v, limit int64) int64 { // of either sign, all magnitudes
		return v % (int64(1) << (1 + r.IntN(62))) % limit
	}
	v := int64(binary.BigEndian.Uint64(b))
	switch typ {
	case "float4", "int4", "oid":
		return b[:4]
	case "float8", "int8", "money", "pg_lsn", "xid8", "macaddr8":
		return b[:8]
	case "uuid":
		return b[:16]
	case "macaddr", "tid":
		return b[:6]
	case "date":
		return binary.BigEndian.AppendUint32(nil, uint32(small(v, 2145031949)))
	case "timestamp", "timestamptz":
		return binary.BigEndian.AppendUint64(nil, uint64(small(v, 9223371331200000000)))
	case "time":
		return binary.BigEndian.AppendUint64(nil, uint64(abs(small(v, 86400000001))))
	case "timetz":
		zone := int32(r.IntN(2*57600)) - 57600
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, uint64(abs(small(v, 86400000001)))), uint32(zone))
	case "interval":
		out := binary.BigEndian.AppendUint64(nil, uint64(small(v, 1<<62)))
		out = binary.BigEndian.AppendUint32(out, uint32(small(int64(r.Uint64()), 1<<31)))
		return binary.BigEndian.AppendUint32(out, uint32(small(int64(r.Uint64()), 1<<31)))
	case "inet":
		for i := range b[:16] {
			if r.IntN(2) == 0 {
				b[i] = 0
			}
		}
		if r.IntN(3) == 0 {
			return append([]byte{2, byte(r.IntN(33)), 0, 4}, b[:4]...)
		}
		return append([]byte{3, byte(r.IntN(129)), 0, 16}, b[:16]...)
	case "numeric":
		n := r.IntN(8)
		out := binary.BigEndian.AppendUint16(nil, uint16(n))
		out = binary.BigEndian.AppendUint16(out, uint16(int16(r.IntN(16)-8)))
		out = binary.BigEndian.AppendUint16(out, uint16(r.IntN(2))*0x4000)
		out = binary.BigEndian.AppendUint16(out, uint16(r.IntN(30)))
		for range n {
			out = binary.BigEndian.AppendUint16(out, uint16(r.IntN(10000)*r.IntN(2)))
		}
		return out
	}
	if out := randomSpans(r, typ); out != nil {
		return out
	}
	return b
}

// randomSpans is random for ranges and multiranges, nil for other types.
func randomSpans(r *rand.Rand, typ string) []byte {
	switch typ {
	case "numrange", "int4range":
		out := []byte{byte(r.IntN(32))}
		for flag := byte(8); flag <= 16; flag *= 2 {
			if out[0]&flag != 0 || out[0]&1 != 0 {
				continue
			}
			item := binary.BigEndian.AppendUint32(nil, uint32(r.IntN(10)-5))
			if typ == "numrange" {
				item = random(r, "numeric")
			}
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(item))), item...)
		}
		return out
	case "int4multirange", "nummultirange":
		n := r.IntN(5)
		out := binary.BigEndian.AppendUint32(nil, uint32(n))
		for range n {
			item := random(r, strings.Replace(typ, "multi", "", 1))
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(item))), item...)
		}
		return out
	}
	return nil
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// TestRandomBinary binds random values and compares what both sides print; then
// binds what the server printed as text.
func TestRandomBinary(t *testing.T) {
	types := []string{"float4", "float8", "int4", "int8", "oid", "money", "pg_lsn", "xid8", "uuid", "macaddr", "macaddr8", "date", "timestamp",
		"timestamptz", "time", "timetz", "interval", "inet", "numeric", "numrange", "int4range", "int4multirange", "nummultirange", "tid"}
	const rounds = 60
	for i, set := range settings() {
		s := newSession(t, set)
		r := rand.New(rand.NewPCG(1, uint64(i)))
		for _, typ := range known(slices.Values(types)) {
			oid, accepted := s.oid(typ), 0
			for range rounds {
				value := random(r, typ)
				want, ok := s.print(typ, 1, value)
				if !ok {
					continue
				}
				accepted++
				if got := pgtext.Text(oid, 1, value, &s.s); got != string(want) {
					t.Errorf("%s %x with %+v: %q, want %q", typ, value, set, got, want)
				}
				got := pgtext.Text(oid, 0, want, &s.s)
				if again, ok := s.print(typ, 0, want); ok && got != string(again) && got != string(want) {
					t.Errorf("%s %q with %+v: %q, want %q", typ, want, set, got, again)
				}
			}
			if accepted < rounds/6 {
				t.Errorf("%s: the server accepted only %d of %d values", typ, accepted, rounds)
			}
		}
	}
}

// TestRandomText makes spellings from the characters that matter to a type's grammar.
func TestRandomText(t *testing.T) {
	alphabets := map[string]string{
		"numeric": "0123456789.eE+-", "float8": "0123456789.e+-", "text[]": `{},"\ aN`, "int4[]": "{}[]:=,12 -", "int4range": `[](),12"\ `,
		"bytea": `\x0123a `, "jsonb": `{}[]",:1e.-0a\u`, "inet": "0123:./f", "uuid": "0123456789abcdef-{}", "bool": "tfyno10 rue", "bit varying": "01xXbB2f", "int4multirange": "{[(,)]}12 ",
		"numrange": `[](),1.2e-`, "time": "0123:.5", "timestamp": "2024-01-02 03:04:05.9BC", "interval": "12 :.-+daymonsecyrhP", "macaddr": "0123:-.ab",
	}
	starts := map[string][]string{
		"uuid":        {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		"text[]":      {`{a,"b c",NULL}`, `{{a,b},{c,d}}`},
		"int4[]":      {"{1,2}", "[0:1]={1,2}", "{{1,2},{3,4}}"},
		"int4range":   {"[1,2)", "(1,22]"},
		"jsonb":       {`{"a":1,"b":[1e2,"x"]}`, `"\u0061"`},
		"inet":        {"10.0.0.1/8", "1:2::3:0/64"},
		"timestamp":   {"2024-01-02 03:04:05.9", "0202-04-02 01:00:05 BC"},
		"time":        {"03:04:05.5"},
		"interval":    {"1 year 2 mons -3 days 04:05:06", "P1Y2M", "2 h 1 sec", "-1 mon 2 days"},
		"macaddr":     {"08:00:2b:01:02:03"},
		"numrange":    {"[1.5,2e1)"},
		"bytea":       {`\x0a1b`, `a\001\\b`},
		"numeric":     {"-12.50e-3", "0012"},
		"float8":      {"1.5e10"},
		"bit varying": {"0101"},
	}
	s := newSession(t, pgtext.Settings{TimeZone: "Europe/Berlin"})
	r := rand.New(rand.NewPCG(2, 3))
	accepted := 0
	for _, typ := range known(maps.Keys(alphabets)) {
		alphabet := alphabets[typ]
		oid := s.oid(typ)
		for range 500 {
			v := mutate(r, starts[typ], alphabet)
			want, ok := s.print(typ, 0, []byte(v))
			if got := pgtext.Text(oid, 0, []byte(v), &s.s); ok && got != string(want) && got != v {
				t.Errorf("%s %q: %q, want %q", typ, v, got, want)
			}
			if ok {
				accepted++
			}
		}
	}
	if accepted < 1000 {
		t.Errorf("the server accepted only %d values", accepted)
	}
}

// mutate changes a few characters of a start, or makes a short new text.
func mutate(r *rand.Rand, starts []string, alphabet string) string {
	v := ""
	edits := 1 + r.IntN(6)
	if len(starts) > 0 && r.IntN(4) > 0 {
		v, edits = starts[r.IntN(len(starts))], r.IntN(4)
	}
	for range edits {
		at := r.IntN(len(v) + 1)
		c := alphabet[r.IntN(len(alphabet))]
		switch {
		case r.IntN(2) == 0 || at == len(v):
			v = v[:at] + string(c) + v[at:]
		case r.IntN(2) == 0:
			v = v[:at] + v[at+1:]
		default:
			v = v[:at] + string(c) + v[at+1:]
		}
	}
	return v
}

// TestBounded: hostile counts neither panic nor allocate what they claim.
func TestBounded(t *testing.T) {
	huge := func(prefix string, n int) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(prefix, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return append(b, make([]byte, n)...)
	}
	numeric := "0000000c 0001 7fff 0000 0000 0001" // 12 bytes, 131,072 digits
	for i, b := range [][]byte{
		huge("00000001 00000000 00000017 7fffffff 00000001", 0),
		huge("00000006 00000000 00000017", 48),
		huge("ffffffff", 8), huge("7fffffff", 64),
		huge("00000001 00000000 000006a4 00000400 00000001 "+strings.Repeat(numeric, 1024), 0),
	} {
		for _, oid := range []uint32{1007, 1231, 2249, 2287, 3614, 3615, 1562, 602, 604, 2970, 4451, 4532, 1700, 3904, 22, 30} {
			if out := pgtext.Text(oid, 1, b, nil); len(out) > 1<<20+8*len(b) {
				t.Errorf("value %d as %d: %d bytes", i, oid, len(out))
			}
		}
	}
	for _, v := range []string{strings.Repeat("[", 100000), strings.Repeat(`{"a":`, 100000), strings.Repeat("{", 100000), "1e131071", "{" + strings.Repeat("1e131071,", 1000) + "1}"} {
		for _, oid := range []uint32{3802, 1231, 1700, 3906, 4532} {
			if out := pgtext.Text(oid, 0, []byte(v), nil); len(out) > 1<<20+8*len(v) {
				t.Errorf("%.20q as %d: %d bytes", v, oid, len(out))
			}
		}
	}
	deep := []byte("\x00\x00\x00\x00")
	for range 10000 { // a record in a record
		deep = append(append([]byte("\x00\x00\x00\x01\x00\x00\x08\xc9"), binary.BigEndian.AppendUint32(nil, uint32(len(deep)))...), deep...)
	}
	_ = pgtext.Text(2249, 1, deep, nil)
}

func FuzzText(f *testing.F) {
	for i, list := range []string{"{1,2}", "[1,2)", "2024-01-02 03:04:05", `{"a":1}`, "1 day"} {
		f.Add(uint32([]int{1007, 3904, 1184, 3802, 1186}[i]), int16(0), []byte(list))
	}
	r := rand.New(rand.NewPCG(4, 5))
	for _, typ := range []string{"numeric", "inet", "int4multirange", "interval"} {
		f.Add(uint32(map[string]int{"numeric": 1700, "inet": 869, "int4multirange": 4451, "interval": 1186}[typ]), int16(1), random(r, typ))
	}
	for _, oid := range oids {
		f.Add(oid, int16(1), []byte("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x05"))
	}
	set := pgtext.Settings{DateStyle: "Postgres, DMY", IntervalStyle: "postgres_verbose", ByteaOutput: "escape", ClientEncoding: "SJIS"}
	f.Fuzz(func(t *testing.T, oid uint32, format int16, value []byte) {
		for _, s := range []*pgtext.Settings{nil, &set} {
			if out := pgtext.Text(oid, format, value, s); len(out) > 1<<20+8*len(value) {
				t.Fatalf("%d bytes from %d", len(out), len(value))
			}
		}
	})
}

// oids are the built-in types of the fuzz corpus.
var oids = []uint32{16, 17, 18, 20, 21, 22, 23, 26, 27, 30, 142, 600, 602, 603, 604, 628, 700, 701, 718, 774, 790, 829, 869, 1007, 1009, 1020, 1082, 1083,
	1184, 1186, 1231, 1266, 1560, 1562, 1700, 2249, 2287, 2950, 2970, 3220, 3614, 3615, 3802, 3807, 3904, 3906, 3910, 4072, 4451, 4532, 4534, 6150}

func BenchmarkText(b *testing.B) {
	for _, tt := range []struct {
		name   string
		oid    uint32
		format int16
		value  string
	}{
		{"text", 25, 0, "hello"}, {"int4 text", 23, 0, "42"}, {"int4 binary", 23, 1, "\x00\x00\x00\x2a"}, {"timestamptz", 1184, 0, "2024-01-02 03:04:05+00"},
		{"jsonb", 3802, 0, `{"name":"x","id":1,"tags":["a","b"]}`}, {"int4 array", 1007, 0, "{1,2,3,4,5}"},
	} {
		b.Run(strings.ReplaceAll(tt.name, " ", "-"), func(b *testing.B) {
			v := []byte(tt.value)
			b.ReportAllocs()
			for b.Loop() {
				_ = pgtext.Text(tt.oid, tt.format, v, nil)
			}
		})
	}
}

func ExampleText() {
	set := &pgtext.Settings{TimeZone: "Europe/Berlin"}
	fmt.Println(pgtext.Text(16, 0, []byte("yes"), set))
	fmt.Println(pgtext.Text(701, 0, []byte("1e3"), set))
	fmt.Println(pgtext.Text(1184, 0, []byte("2024-07-01T12:00:00Z"), set))
	fmt.Println(strconv.Quote(pgtext.Text(23, 1, []byte{0, 0, 0, 42}, set)))
	// Output:
	// t
	// 1000
	// 2024-07-01 14:00:00+02
	// "42"
}
