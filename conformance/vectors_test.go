package conformance

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write ../testdata/envelope/vectors.jsonl anew")

// vector is a message that one of AWS's SDKs wrote. The tests of internal/esdk
// read them where no SDK is at hand.
type vector struct {
	SDK       string            `json:"sdk"`
	Suite     uint16            `json:"suite"`
	Frame     int               `json:"frame"`
	Context   map[string]string `json:"context"`
	Key       []byte            `json:"key"`
	Plaintext []byte            `json:"plaintext"`
	Message   []byte            `json:"message"`
}

// TestUpdateVectors writes the vectors, a line each, if it is told to.
func TestUpdateVectors(t *testing.T) {
	if !*update {
		return
	}
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	eachJudge(t, func(t *testing.T, j judge) {
		for _, suite := range suites {
			for _, frame := range []int{128, 4096, 0} {
				if frame == 0 && !writesUnframed(j) {
					continue
				}
				v := vector{SDK: j.name(), Suite: uint16(suite), Frame: frame, Key: wrapping, Plaintext: noise(200)}
				if frame == 128 {
					v.Context = contexts[1]
				}
				var err error
				v.Message, err = j.ask(t, request{
					op: opEncrypt, policy: policyForbid, suite: suite, frame: frame,
					key: v.Key, context: v.Context, data: v.Plaintext,
				})
				if err != nil {
					t.Fatal(err)
				}
				if err := lines.Encode(v); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	if t.Failed() {
		return
	}
	if err := os.WriteFile("../testdata/envelope/vectors.jsonl", out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
