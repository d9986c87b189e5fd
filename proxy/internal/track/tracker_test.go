package track

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
)

// msg builds a message; strings get their NUL, ints are as wide as their type.
func msg(typ byte, fields ...any) []byte {
	b := []byte{typ, 0, 0, 0, 0}
	for _, f := range fields {
		switch v := f.(type) {
		case string:
			b = append(append(b, v...), 0)
		case byte:
			b = append(b, v)
		case int16:
			b = binary.BigEndian.AppendUint16(b, uint16(v))
		case int32:
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		case []byte:
			b = append(b, v...)
		default:
			panic(fmt.Sprintf("%T", f))
		}
	}
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-1))
	return b
}

func join(m ...[]byte) []byte { return bytes.Join(m, nil) }

func query(sql string) []byte { return msg('Q', sql) }
func parse(name, sql string, oids ...int32) []byte {
	m := []any{name, sql, int16(len(oids))}
	for _, o := range oids {
		m = append(m, o)
	}
	return msg('P', m...)
}
func bind(portal, stmt string, values ...string) []byte {
	m := []any{portal, stmt, int16(0), int16(len(values))}
	for _, v := range values {
		m = append(m, int32(len(v)), []byte(v))
	}
	return msg('B', append(m, int16(0))...)
}
func execute(portal string, most int32) []byte { return msg('E', portal, most) }
func tag(s string) []byte                      { return msg('C', s) }
func zed(tx byte) []byte                       { return msg('Z', tx) }
func failed(severity, state string) []byte {
	return msg('E', []byte("S"+severity+"\x00V"+severity+"\x00C"+state+"\x00Mit failed\x00Rhere\x00\x00"))
}

var (
	syncMsg   = msg('S')
	flushMsg  = msg('H')
	parsed    = msg('1')
	bound     = msg('2')
	closed    = msg('3')
	noData    = msg('n')
	suspended = msg('s')
	row       = msg('D', int16(1), int32(1), []byte("1"))
	copyDone  = msg('c')
	copyData  = msg('d', []byte("1\n"))
	copyInRsp = msg('G', byte(0), int16(1), int16(0))
	hello     = join(msg('R', int32(0)), msg('S', "server_version", "15.1"), msg('K', int32(4711), int32(1)), zed('I'))
)

// A step is bytes from one side.
type step struct {
	client bool
	bytes  []byte
}

func c(m ...[]byte) step { return step{true, join(m...)} }
func s(m ...[]byte) step { return step{false, join(m...)} }

// play runs steps, cut into chunks of n bytes, and shows what happened to
// statements.
func play(t testing.TB, conf Config, n int, steps ...step) []string {
	t.Helper()
	tr := New(conf)
	items, err := tr.Server(hello, time.Time{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	items = items[:0]
	for _, st := range steps {
		for b := st.bytes; len(b) > 0; {
			k := min(n, len(b))
			if st.client {
				_, err = tr.Client(b[:k], time.Unix(1, 0))
			} else {
				items, err = tr.Server(b[:k], time.Unix(2, 0), items)
			}
			if err != nil {
				t.Fatal(err)
			}
			b = b[k:]
		}
	}
	items = tr.Close(nil, time.Unix(3, 0), items)
	var got []string
	for _, it := range items {
		if it.Kind != Ready && it.Kind != Prepared && it.Kind != Deallocated {
			got = append(got, show(it))
		}
	}
	return got
}

func show(it Item) string {
	kind := map[Kind]string{Connected: "connected", AuthFailed: "refused", Completed: "ok", Failed: "failed",
		Prepared: "prepared", Deallocated: "deallocated", Parameter: "parameter", Ready: "ready", Disconnected: "end"}
	var b strings.Builder
	fmt.Fprintf(&b, "%s", kind[it.Kind])
	if it.Text != "" || it.Source != 0 {
		fmt.Fprintf(&b, " %q", it.Text)
	}
	if it.Index > 0 {
		fmt.Fprintf(&b, " #%d", it.Index)
	}
	if it.Name != "" {
		fmt.Fprintf(&b, " name=%s", it.Name)
	}
	if it.Tag != "" {
		fmt.Fprintf(&b, " tag=%s", it.Tag)
	}
	if p := it.Params; p != nil && (p.Missing != nil || p.Dropped > 0) {
		fmt.Fprintf(&b, " missing=%v dropped=%d", p.Missing, p.Dropped)
	}
	if it.Rows > 0 {
		fmt.Fprintf(&b, " rows=%d", it.Rows)
	}
	if it.Partial {
		b.WriteString(" partial")
	}
	if it.Bound {
		b.WriteString(" bound")
	}
	if it.FunctionOID > 0 {
		fmt.Fprintf(&b, " function=%d", it.FunctionOID)
	}
	if it.Params != nil {
		fmt.Fprintf(&b, " params=%q types=%v", it.Params.Values, it.Params.Types)
	}
	if it.Err != nil {
		fmt.Fprintf(&b, " err=%s/%s", it.Err.Severity, it.Err.SQLState)
	}
	if it.Clean {
		b.WriteString(" clean")
	}
	return b.String()
}
