package activity_test

import (
	"testing"

	"github.com/das-local/das-local/internal/activity"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text       string
		n, missing int
		want       string
	}{
		{"abc", 3, 0, "abc"},
		{"abc", 2, 0, "ab… [cut: 1 bytes]"},
		{"abc", 3, 7, "abc… [cut: 7 bytes]"},
		{"abc", 1, 7, "a… [cut: 9 bytes]"},
		{"aü€", 2, 0, "a… [cut: 5 bytes]"},
		{"aü€", 5, 0, "aü… [cut: 3 bytes]"},
		{"𝄞", 3, 0, "… [cut: 4 bytes]"},
		{"", 0, 5, "… [cut: 5 bytes]"},
		{"abc", -1, 0, "… [cut: 3 bytes]"},
		{"abcdef… [cut: 10 bytes]", 2, 0, "ab… [cut: 14 bytes]"},
		{"abcdef… [cut: x bytes]", 2, 0, "ab… [cut: 22 bytes]"},
	} {
		got := activity.Cut(c.text, c.n, c.missing)
		if got != c.want {
			t.Errorf("Cut(%q, %d, %d) = %q, want %q", c.text, c.n, c.missing, got, c.want)
		}
		if len(got) > max(c.n, 0)+activity.MaxCutMark && c.n < len(c.text) {
			t.Errorf("%q has %d bytes", got, len(got))
		}
	}
	if got := activity.CutParams(3); got != "… [cut: 3 parameters]" {
		t.Errorf("CutParams = %q", got)
	}
}
