package main

import (
	"encoding/hex"
	"fmt"
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
			if o.KMSKeys == nil {
				o.KMSKeys = map[string][]byte{}
			}
			o.KMSKeys[id] = key
		}
		return nil
	})
}

// parseKey never shows the key in an error.
func parseKey(s string) (id string, key []byte, err error) {
	id, text, ok := strings.Cut(s, "=")
	if !ok || id == "" {
		return "", nil, fmt.Errorf("it must be of the form ID=KEY, KEY being 64 hex digits or @FILE")
	}
	if path, isFile := strings.CutPrefix(text, "@"); isFile {
		b, err := os.ReadFile(path)
		if err != nil {
			return "", nil, err
		}
		if len(b) == 32 {
			return id, b, nil
		}
		text = string(b)
	}
	key, err = hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != 32 {
		return "", nil, fmt.Errorf("the key of %s is not 32 bytes in 64 hex digits", id)
	}
	return id, key, nil
}
