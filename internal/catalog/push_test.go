package catalog

import "testing"

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		text, pattern string
		want          bool
	}{
		{"abc", "abc", true}, {"abc", "ab", false}, {"abc", "%", true}, {"", "%", true}, {"", "", true},
		{"abc", "a%", true}, {"abc", "%c", true}, {"abc", "%b%", true}, {"abc", "b%", false}, {"abc", "%b", false},
		{"abcabc", "a%bc", true}, {"aba", "ab%ba", false}, {"abcba", "a%c%a", true}, {"abcba", "a%d%a", false},
		{"abc", "a_c", true}, {"xyz", "a_c", true}, {"xyz", `a\%`, true}, // it may: the server knows
	} {
		if got := matches(c.text, c.pattern); got != c.want {
			t.Errorf("%q LIKE %q: %t", c.text, c.pattern, got)
		}
	}
}

func TestTextOf(t *testing.T) {
	for bytes, want := range map[string]string{"[ 20 0 0 0 97 ]": "a", "[ 24 0 0 0 -61 -92 ]": "ä", "[ 16 0 0 0 ]": "", "": ""} {
		if got := textOf(bytes); got != want {
			t.Errorf("%s: %q", bytes, got)
		}
	}
}
