package catalog

import "testing"

func TestBackendNumber(t *testing.T) {
	ranks := []int32{101, 102, 103, 104, 105}
	for _, tt := range []struct {
		name    string
		pid     int32
		numbers map[int32]int
		want    int
	}{
		{"known", 103, map[int32]int{103: 9}, 9},
		{"no gap below the side connection", 102, map[int32]int{104: 4}, 2},
		{"first", 101, map[int32]int{102: 2}, 1},
		{"a gap somewhere below", 102, map[int32]int{104: 5}, 0},
		{"between two that are known", 103, map[int32]int{102: 7, 104: 9}, 8},
		{"between two with a gap", 103, map[int32]int{102: 7, 105: 11}, 0},
		{"above all that are known", 105, map[int32]int{104: 4}, 0},
		{"not alive", 999, map[int32]int{104: 4}, 0},
		{"nothing known", 101, nil, 0},
	} {
		if got := backendNumber(tt.pid, ranks, tt.numbers); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
