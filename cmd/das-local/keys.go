package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/das-local/das-local/emulator"
)

// keyFlags defines the flag that seeds KMS.
func keyFlags(fs flagSet, o *emulator.Options) {
	fs.Func("kms-key", "`ID=KEY` makes a symmetric KMS key of that id; KEY is 64 hex digits, or @FILE with these or with the 32 bytes; repeatable, or comma-separated", func(s string) error {
		for _, one := range strings.Split(s, ",") {
			id, key, err := parseKey(one)
			if err != nil {
				return err
			}
			o.Keys = append(o.Keys, emulator.Key{ID: id, Material: key})
		}
		return nil
	})
}

// parseKey reads ID=KEY.
func parseKey(s string) (id string, key []byte, err error) {
	id, text, ok := strings.Cut(s, "=")
	if !ok || id == "" {
		return "", nil, fmt.Errorf("it must be of the form ID=KEY, KEY being 64 hex digits or @FILE")
	}
	if key, err = parseMaterial(text); err != nil {
		return "", nil, fmt.Errorf("the key %s: %w", id, err)
	}
	return id, key, nil
}

// parseMaterial reads the 32 bytes of a key, and never shows them in an error.
func parseMaterial(text string) ([]byte, error) {
	if path, isFile := strings.CutPrefix(text, "@"); isFile {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, 1024))
		if err != nil || len(b) == 32 {
			return b, err
		}
		text = string(b)
	}
	key, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("its material is not 32 bytes in 64 hex digits")
	}
	return key, nil
}
