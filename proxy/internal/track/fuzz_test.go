package track

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// rounds cuts a script into alternating turns: a length byte before each.
func rounds(script []byte) (steps []step) {
	for client := true; len(script) > 0; client = !client {
		n := min(int(script[0])*4, len(script)-1)
		steps = append(steps, step{client, script[1 : 1+n]})
		script = script[1+n:]
	}
	return steps
}

// script is the reverse, for seeds.
func script(steps []step) (b []byte) {
	client := true
	for _, st := range steps {
		if st.client != client {
			b = append(b, 0)
			client = !client
		}
		pad := (4 - len(st.bytes)%4) % 4
		for range pad { // a notice is 5 bytes; flush too: nothing here minds them
			st.bytes = append(slices.Clip(st.bytes), map[bool][]byte{true: flushMsg, false: msg('N')}[st.client]...)
		}
		b = append(append(b, byte(len(st.bytes)/4)), st.bytes...)
		client = !client
	}
	return b
}

// run plays steps in chunks whose lengths come from cuts.
func run(conf Config, steps []step, cuts []byte) (got []string) {
	tr := New(conf)
	items, _ := tr.Server(hello, time.Time{}, nil)
	var failed [2]bool
	k := 0
	for _, st := range steps {
		for b := st.bytes; len(b) > 0; {
			n := len(b)
			if len(cuts) > 0 {
				n = min(n, 1+int(cuts[k%len(cuts)]))
				k++
			}
			var err error
			if st.client && !failed[0] {
				_, err = tr.Client(b[:n], time.Time{})
				failed[0] = err != nil
			} else if !st.client && !failed[1] {
				items, err = tr.Server(b[:n], time.Time{}, items)
				failed[1] = err != nil
			}
			if err != nil {
				got = append(got, err.Error())
			}
			b = b[n:]
		}
	}
	for _, it := range tr.Close(nil, time.Time{}, items) {
		got = append(got, fmt.Sprintf("%s %c %d %d %d", show(it), it.TxStatus, it.TextLen, it.Source, it.Rows))
	}
	return got
}

// FuzzChunks: no bytes make the tracker panic, and how they are cut does not
// change what it says.
func FuzzChunks(f *testing.F) {
	for _, flow := range flows {
		f.Add(script(flow.steps), []byte{0, 3, 7})
	}
	f.Fuzz(func(t *testing.T, b, cuts []byte) {
		conf := Config{MaxText: 64, MaxStatements: 4, MaxBytes: 1024}
		steps := rounds(b)
		whole := run(conf, steps, nil)
		if cut := run(conf, steps, cuts); !slices.Equal(whole, cut) {
			t.Errorf("whole: %q\ncut:   %q", whole, cut)
		}
	})
}

// FuzzStartup: bytes before authentication.
func FuzzStartup(f *testing.F) {
	f.Add([]byte("p\x00\x00\x00\x09abc\x00"), hello)
	f.Add([]byte{}, failed("FATAL", "28P01"))
	f.Fuzz(func(t *testing.T, client, server []byte) {
		tr := New(Config{})
		tr.Client(client, time.Time{})
		items, _ := tr.Server(server, time.Time{}, nil)
		tr.Client(client, time.Time{})
		tr.Close(nil, time.Time{}, items)
	})
}
