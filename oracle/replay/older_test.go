package replay

import (
	"slices"
	"testing"
)

func TestStatements(t *testing.T) {
	got := statements("-- a comment;\nCREATE TABLE t (id int); -- kept with it\nSELECT 1,\n  2;\nCREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n  RETURN 1;\nEND $$;\nSELECT 3")
	want := []string{"CREATE TABLE t (id int); -- kept with it\nSELECT 1,\n  2;\n", "CREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n  RETURN 1;\nEND $$;\n", "SELECT 3"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
