package classify

import (
	"fmt"
	"testing"
)

func TestArguments(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"2, 'x', true, -1.5", "[{2 true false} {x true false} {t true false} {-1.5 true false}]"},
		{"NULL, now(), 1 + 1, null::int::text, 'null'", "[{ false true} { false false} { false false} { false true} {null true false}]"},
		{"ARRAY[1, -2, 12345678901], ARRAY[]::int[]", "[{{1,-2,12345678901} true false} {{} true false}]"},
		{"ARRAY['a'], ARRAY[1.0], ARRAY[1, NULL], ARRAY[1::numeric(4,2)], ARRAY[[1]], ARRAY[f(1)]",
			"[{ false false} { false false} { false false} { false false} { false false} { false false}]"},
	} {
		r := classifier(t).Classify("EXECUTE p(" + tt.args + ")")
		if got := fmt.Sprint(r.Statements[0].Args); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.args, got, tt.want)
		}
	}
}
