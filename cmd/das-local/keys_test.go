package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKMSKeys(t *testing.T) {
	key := bytes.Repeat([]byte{0xab}, 32)
	digits := strings.Repeat("ab", 32)
	write := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, s := range []string{"k=" + digits, "k=" + strings.ToUpper(digits), "k=@" + write("raw", string(key)), "k=@" + write("hex", digits+"\n")} {
		if id, got, err := parseKey(s); err != nil || id != "k" || !bytes.Equal(got, key) {
			t.Errorf("%s: %s %x %v", s, id, got, err)
		}
	}
	for _, s := range []string{"", "k", "=" + digits, "k=" + digits[2:], "k=" + digits + "ab", "k=zz" + digits[2:], "k=@" + write("short", digits[1:]), "k=@/does/not/exist"} {
		if _, _, err := parseKey(s); err == nil {
			t.Errorf("%q is accepted", s)
		} else if strings.Contains(err.Error(), digits[2:]) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}
