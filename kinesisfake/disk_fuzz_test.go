package kinesisfake

import (
	"reflect"
	"testing"
)

// FuzzStored reads damaged records: an error is all that may come of it, and what
// is read is what would be written.
func FuzzStored(f *testing.F) {
	e := entry{partitionKey: "key", data: []byte("data"), arrival: 1, encrypted: true}
	f.Add(e.stored(7))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, end, err := parseStored(b)
		if err != nil {
			return
		}
		again, end2, err := parseStored(e.stored(end))
		if err != nil || end2 != end || !reflect.DeepEqual(again, e) {
			t.Errorf("%+v becomes %+v, %v", e, again, err)
		}
	})
}
