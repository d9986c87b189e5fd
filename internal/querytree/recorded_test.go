package querytree_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/querytree"
)

// recorded is the statement whose trees testdata has, as each version of PostgreSQL printed it with debug_pretty_print =
// off:
//
//	CREATE TABLE "a (table) {with} odd \names and quite a long name of its own" (id int PRIMARY KEY, "col<tab>tab" text, n numeric DEFAULT 1.5);
//	CREATE VIEW v AS SELECT * FROM "a (table) {with} odd \names and quite a long name of its own";
//	WITH w AS (SELECT id, "col<tab>tab" FROM v WHERE EXISTS (SELECT FROM v x WHERE x.id = v.id))
//	  INSERT INTO v SELECT id, 'a}b{c)d(e:f <> "g\h' || repeat('x', 3) FROM w WHERE id IN (1, 2) AND id <> ALL (NULL)
//	  RETURNING "col<tab>tab";
func recorded(t *testing.T, version int) *querytree.Node {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("testdata/%d.txt", version))
	if err != nil {
		t.Fatal(err)
	}
	v, err := querytree.Read(querytree.Unwrap(string(b)))
	if err != nil || len(v.List) != 1 || !v.List[0].Is("QUERY") {
		t.Fatalf("version %d: %v %+v", version, err, v)
	}
	return v.List[0].Node
}

func TestReadOfEachVersion(t *testing.T) {
	for version := 12; version <= 17; version++ {
		var kinds, perms, names, literals []string
		visit(querytree.Value{Node: recorded(t, version)}, func(n *querytree.Node) {
			if !slices.Contains(kinds, n.Kind) {
				kinds = append(kinds, n.Kind)
			}
			if p := n.Int("requiredPerms"); p != 0 {
				perms = append(perms, fmt.Sprint(p))
			}
			switch n.Kind {
			case "ALIAS":
				if name := n.Get("aliasname").Token; strings.HasPrefix(name, "a") && !slices.Contains(names, name) {
					names = append(names, name)
				}
			case "TARGETENTRY":
				if name := n.Get("resname").Token; strings.HasPrefix(name, "col") && !slices.Contains(names, name) {
					names = append(names, name)
				}
			case "CONST":
				if n.OID("consttype") == 25 && !n.Bool("constisnull") {
					literals = append(literals, n.Get("constvalue").Rest)
				}
			}
		})
		slices.Sort(perms)
		slices.Sort(names)
		for what, tt := range map[string]struct{ got, want string }{
			"permissions": {strings.Join(perms, " "), "2 2 2 2 3 3"}, // v and its table are read twice, and written with RETURNING,
			"names":       {strings.Join(names, " "), `a\ \(table\)\ \{with\}\ odd\ \\names\ and\ quite\ a\ long\ name\ of\ its\ own col\	tab`},
			"literal":     {strings.Join(literals, " "), bytesOf(`a}b{c)d(e:f <> "g\h`) + " " + bytesOf("x")},
		} {
			if tt.got != tt.want {
				t.Errorf("version %d, %s: %s, want %s", version, what, tt.got, tt.want)
			}
		}
		for _, kind := range []string{"FUNCEXPR", "OPEXPR", "SCALARARRAYOPEXPR", "BOOLEXPR", "SUBLINK", "FROMEXPR", "RANGETBLREF", "VAR", "COMMONTABLEEXPR"} {
			if !slices.Contains(kinds, kind) {
				t.Errorf("version %d: no %s among %s", version, kind, kinds)
			}
		}
	}
}

// bytesOf prints a text as a constant, with its length before it.
func bytesOf(s string) string {
	size := uint32(len(s)+4) << 2 // a varlena's header
	var b strings.Builder
	b.WriteString("[")
	for i := range 4 {
		fmt.Fprintf(&b, " %d", int8(size>>(8*i)))
	}
	for i := range len(s) {
		fmt.Fprintf(&b, " %d", s[i])
	}
	return b.String() + " ]"
}

func visit(v querytree.Value, f func(*querytree.Node)) {
	for _, e := range v.List {
		visit(e, f)
	}
	if v.Node == nil {
		return
	}
	f(v.Node)
	for _, field := range v.Node.Fields {
		visit(field.Value, f)
	}
}
