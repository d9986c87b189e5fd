package pgsuite

import (
	"reflect"
	"testing"
)

func TestParseSchedule(t *testing.T) {
	got := parseSchedule("# first\ntest: setup\n\n# test: not this\n  test: a b\tc  \nignore: d\ntest: e")
	want := [][]string{{"setup"}, {"a", "b", "c"}, {"e"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
