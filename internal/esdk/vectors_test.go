package esdk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// TestVectors reads messages that AWS's SDKs wrote. The conformance module
// makes the file (-update), and reads and writes many more of them.
func TestVectors(t *testing.T) {
	f, err := os.Open("../../testdata/envelope/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var v struct {
			SDK                     string
			Suite                   Suite
			Frame                   int
			Context                 map[string]string
			Key, Plaintext, Message []byte
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		n++
		key, err := NewKey(v.Key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decrypt(nil, key, v.Message)
		if err != nil || !bytes.Equal(got, v.Plaintext) {
			t.Errorf("%s, suite %s, frame %d: %v", v.SDK, v.Suite, v.Frame, err)
		}
		h, err := Explain(v.Message)
		if err != nil || h.Suite != v.Suite || int(h.FrameLength) != v.Frame {
			t.Errorf("%s, suite %s, frame %d: explained as %+v, %v", v.SDK, v.Suite, v.Frame, h, err)
		}
		for k, want := range v.Context {
			if got, _ := h.contextValue(k); got != want {
				t.Errorf("%s: context %q is %q, want %q", v.SDK, k, got, want)
			}
		}
		if v.Frame > 0 { // our message for the same input has the same length, but for the signature
			w := testWriter(t, Config{Suite: v.Suite, FrameLength: v.Frame, Context: v.Context})
			want := len(v.Message)
			if v.Suite == Signed {
				want += signatureSize - h.SignatureLength
			}
			if got := w.Size(len(v.Plaintext)); got != want {
				t.Errorf("%s, suite %s, frame %d: %d bytes, ours has %d", v.SDK, v.Suite, v.Frame, want, got)
			}
		}
	}
	if lines.Err() != nil || n < 40 {
		t.Errorf("%d vectors, %v", n, lines.Err())
	}
}
