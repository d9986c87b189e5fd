package main

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the document instead of comparing it")

// TestReference: the document is what the program says.
func TestReference(t *testing.T) {
	const path = "../../docs/configuration.md"
	var out bytes.Buffer
	if err := reference(t.Context(), nil, streams{nil, &out, os.Stderr}); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, out.Bytes()) {
		t.Errorf("%s is out of date: das-local reference > docs/configuration.md", path)
	}
}
