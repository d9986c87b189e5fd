package rdsapi

import (
	"fmt"
	"testing"
)

// TestMarkers: a list has its pages whatever comes and goes meanwhile, and takes no marker that is
// not its own.
func TestMarkers(t *testing.T) {
	type one string
	type other string
	var list []one
	for n := range 50 {
		list = append(list, one(fmt.Sprintf("item %02d", n)))
	}
	limit := 20
	self := func(o one) string { return string(o) }
	first, marker, err := page(list, paging{MaxRecords: &limit}, self)
	if err != nil || len(first) != limit || marker == "" {
		t.Fatalf("%d items, %q, %v", len(first), marker, err)
	}
	gone := append(append([]one(nil), list[:19]...), list[20:]...) // without the last of the first page
	second, _, err := page(gone, paging{MaxRecords: &limit, Marker: &marker}, self)
	if err != nil || len(second) != limit || second[0] != "item 20" {
		t.Errorf("%q, %v", second, err)
	}
	for _, wrong := range []string{"zz", "!!!", "aXRlbSAxOQ", markerOf[other]("item 19"), marker + "A", marker[:len(marker)-1]} {
		if _, _, err := page(list, paging{Marker: &wrong}, self); err == nil {
			t.Errorf("the marker %q is taken", wrong)
		}
	}
}
