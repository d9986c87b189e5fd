package emulator

import (
	"bytes"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/stream"
)

// FuzzIntent reads damaged intents: an error is all that may come of it, and what is read
// is what was written.
func FuzzIntent(f *testing.F) {
	at := time.Unix(0, 1700000000000000000)
	f.Add(encodeIntent(&stream.Intent{Pieces: []stream.IntentPiece{
		{Until: 1, Events: []byte("{}"), Span: stream.Loss{Lost: 1, First: at, Last: at}},
		{Until: 2, Events: []byte("{},{}"), Cut: []byte("{}"), Span: stream.Loss{Lost: 2, First: at, Last: at}}}}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		pieces, err := decodeIntent(value)
		if err != nil {
			return
		}
		if again := encodeIntent(&stream.Intent{Pieces: pieces}); !bytes.Equal(again, value) {
			t.Errorf("%q becomes %q", value, again)
		}
	})
}

// FuzzIntentKey takes keys apart that are damaged.
func FuzzIntentKey(f *testing.F) {
	l := intents{name: "stream"}
	f.Add(l.key("db-A", 7))
	f.Add(append(l.key("db-A", 7), answered))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, key []byte) {
		if !bytes.HasPrefix(key, l.prefix()) {
			return // a scan has only these
		}
		instance, number, mark, ok := l.parseKey(key)
		if !ok {
			return
		}
		again := l.key(instance, number)
		if mark {
			again = append(again, answered)
		}
		if !bytes.Equal(again, key) {
			t.Errorf("%q becomes %q", key, again)
		}
	})
}
