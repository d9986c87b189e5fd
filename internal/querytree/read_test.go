package querytree_test

import (
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/querytree"
)

func TestRead(t *testing.T) {
	v, err := querytree.Read(`({QUERY :commandType 1 :name :relid :alias <> :c {CONST :constlen 4 :constvalue 4 [ 1 0 -1 ] :constisnull false}
		:cols (b 8 9) :odd a\ \{b\} :relid 7})`)
	if err != nil || len(v.List) != 1 || !v.List[0].Is("QUERY") {
		t.Fatal(v, err)
	}
	q := v.List[0].Node
	if q.Int("commandType") != 1 || q.OID("relid") != 7 || !q.Has("alias") || q.Has("nothing") {
		t.Errorf("fields %+v", q.Fields)
	}
	if c := q.Get("c").Node; c.Get("constisnull").Token != "false" || c.Bool("constisnull") {
		t.Errorf("constant %+v", c)
	}
	if n := len(q.Get("cols").List); n != 3 {
		t.Errorf("%d members of a bitmapset, want its letter and 2", n)
	}
}

func TestReadFaults(t *testing.T) {
	for _, s := range []string{
		"", "{", "(", "{A", "{A :b}", "{A b 1}", "(1", "{A :b 1} 2", "}", strings.Repeat("(", 100000), strings.Repeat("{A :b ", 100000),
	} {
		if v, err := querytree.Read(s); err == nil {
			t.Errorf("%.20q gave %v", s, v)
		}
	}
}

func TestUnwrap(t *testing.T) {
	long := strings.Repeat("x", 78)
	for in, want := range map[string]string{
		"a b":                     "a b",
		"a b\nc":                  "a b c ",
		long + "\nyz":             long + "yz ",
		"a " + long[:70] + "\nyz": "a " + long[:70] + " yz ",
	} {
		if got := querytree.Unwrap(in); got != want {
			t.Errorf("%q gave %q, want %q", in, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`({QUERY :commandType 1 :rtable ({RTE :relid 1})})`)
	f.Add(`{CONST :constvalue 4 [ 1 0 ] :x a\ b}`)
	f.Fuzz(func(t *testing.T, s string) {
		v, err := querytree.Read(querytree.Unwrap(s))
		if err == nil {
			v.Node.Get("x").OID()
		}
	})
}
