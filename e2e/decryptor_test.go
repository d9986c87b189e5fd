package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
)

// decryptor is AWS's Encryption SDK for JavaScript in a process of its own.
type decryptor struct {
	in  *json.Encoder
	out *bufio.Reader
	err *testbed.Log
}

func newDecryptor(t *testing.T) *decryptor {
	t.Helper()
	dir, err := nodeDir()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", filepath.Join(dir, "decrypt.mjs"))
	d := &decryptor{err: new(testbed.Log)}
	cmd.Stderr = d.err
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("node is needed: %v", err)
	}
	t.Cleanup(func() {
		in.Close()
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil && !t.Failed() {
			t.Errorf("node: %v\n%s", err, d.err)
		}
	})
	d.in, d.out = json.NewEncoder(in), bufio.NewReaderSize(out, 1<<16)
	return d
}

// inner is a decrypted record.
type inner struct {
	Type       string            `json:"type"`
	ClusterID  string            `json:"clusterId"`
	InstanceID string            `json:"instanceId"`
	Events     []json.RawMessage `json:"databaseActivityEventList"`
	raw        string
}

// open decrypts a record.
func (d *decryptor) open(r record) (inner, error) {
	var in inner
	if err := d.in.Encode(map[string][]byte{"key": r.plainKey, "message": r.outer.Events}); err != nil {
		return in, fmt.Errorf("hand a record to node: %w\n%s", err, d.err)
	}
	line, err := d.out.ReadBytes('\n')
	if err != nil {
		return in, fmt.Errorf("decrypt a record with node: %w\n%s", err, d.err)
	}
	in.raw = string(line[:len(line)-1])
	return in, json.Unmarshal(line, &in)
}
