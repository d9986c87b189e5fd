package emulator

import "testing"

// FuzzSpooled reads damaged batches of a queue on disk: an error is all that may
// come of it.
func FuzzSpooled(f *testing.F) {
	f.Add([]byte("q\x00\x00\x00\x00\x00\x00\x00\x01"), []byte("\x00\x00\x00\x02\x00\x04\x00\x00\x00\x03db-Acut{},{}"))
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		b, err := parseSpooled(key, value)
		if err == nil && len(b.InstanceID)+len(b.Cut)+len(b.Events)+spoolHead != len(value) {
			t.Errorf("%d bytes become %+v", len(value), b)
		}
	})
}
