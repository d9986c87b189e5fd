package catalog

import (
	"slices"
	"strings"
	"testing"
)

func FuzzParseSearchPath(f *testing.F) {
	for _, s := range []string{`"$user", public`, `a,"b""c" , D`, `"`, ",", strings.Repeat("ä", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, setting string) {
		path := ParseSearchPath(setting)
		for _, name := range path {
			if len(name) > maxName {
				t.Fatalf("%q is too long", name)
			}
		}
		if again := ParseSearchPath(formatSearchPath(path)); !slices.Equal(path, again) {
			t.Fatalf("%q became %q", path, again)
		}
	})
}
