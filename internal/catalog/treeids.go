package catalog

import (
	"github.com/das-local/das-local/internal/querytree"
)

// ids are the identifiers in a tree, by what they name.
type ids struct {
	relations, targets, functions, operators, aggs, domains map[uint32]bool
	compares                                                map[uint32]bool // operators of OPEXPR
	exists                                                  bool            // there is an EXISTS
}

func newIDs() *ids {
	return &ids{
		relations: map[uint32]bool{}, targets: map[uint32]bool{}, functions: map[uint32]bool{}, operators: map[uint32]bool{},
		aggs: map[uint32]bool{}, domains: map[uint32]bool{}, compares: map[uint32]bool{},
	}
}

func (i *ids) value(v querytree.Value) {
	for _, e := range v.List {
		i.value(e)
	}
	n := v.Node
	if n == nil {
		return
	}
	add := func(set map[uint32]bool, field string) {
		if id := n.OID(field); id != 0 {
			set[id] = true
		}
	}
	switch n.Kind {
	case "RTE", "RANGETBLENTRY":
		add(i.relations, "relid")
	case "QUERY":
		if at := n.Int("resultRelation"); at > 0 && at <= len(n.Get("rtable").List) {
			if id := n.Get("rtable").List[at-1].Node.OID("relid"); id != 0 {
				i.targets[id] = true
			}
		}
	case "FUNCEXPR":
		add(i.functions, "funcid")
	case "SUBLINK":
		i.exists = i.exists || n.Int("subLinkType") == existsSubLink
	case "OPEXPR", "DISTINCTEXPR", "NULLIFEXPR", "SCALARARRAYOPEXPR":
		add(i.compares, "opno")
		add(i.functions, "opfuncid")
		if n.OID("opfuncid") == 0 {
			add(i.operators, "opno")
		}
	case "AGGREF":
		add(i.aggs, "aggfnoid")
	case "WINDOWFUNC":
		add(i.aggs, "winfnoid")
	case "COERCETODOMAIN":
		add(i.domains, "resulttype")
	}
	for _, f := range n.Fields {
		i.value(f.Value)
	}
}
