package catalog

import (
	"context"
	"slices"
	"sort"
)

// functionList has all functions of one name, sorted by schema.
type functionList struct{ all []Function }

// in returns the functions of one schema.
func (l *functionList) in(schema string) []Function {
	from := sort.Search(len(l.all), func(i int) bool { return l.all[i].Schema >= schema })
	to := from
	for to < len(l.all) && l.all[to].Schema == schema {
		to++
	}
	return l.all[from:to:to]
}

// Functions returns the functions, procedures, aggregates and window functions of
// that name, unquoted, which the session can mean: of the given schema,
// or by the search path, without those that an earlier schema hides by
// equal argument types. The caller must not change the slice.
func (c *Catalog) Functions(ctx context.Context, s *Session, schema, name string) []Function {
	k := key{kind: kindFunction, database: s.Database, name: Truncate(name)}
	list, ok := c.lookup(ctx, &k).(*functionList)
	if !ok {
		return nil
	}
	if schema = Truncate(schema); schema == "pg_temp" {
		temp := c.temp(ctx, s)
		if !temp.proven {
			return nil
		}
		schema = temp.name
	}
	if schema != "" {
		return list.in(schema)
	}
	var found []Function
	shared := false // found is a part of the cached list
	s.places(c.role(ctx, s), true, func(p place) bool {
		more := list.in(p.schema)
		switch {
		case len(more) == 0:
		case found == nil:
			found, shared = more, true
		default:
			if shared {
				found, shared = slices.Clone(found), false
			}
			found = appendVisible(found, more)
		}
		return true
	})
	return found
}

// appendVisible adds those of more that nothing in found hides.
func appendVisible(found, more []Function) []Function {
	n := len(found)
	for i := range more {
		hidden := slices.ContainsFunc(found[:n], func(f Function) bool {
			return slices.Equal(f.ArgTypes, more[i].ArgTypes)
		})
		if !hidden {
			found = append(found, more[i])
		}
	}
	return found
}

// FunctionByOID finds the function of a fast-path FunctionCall message.
func (c *Catalog) FunctionByOID(ctx context.Context, s *Session, oid uint32) (Function, bool) {
	k := key{kind: kindFunctionOID, database: s.Database, num: uint64(oid)}
	list, ok := c.lookup(ctx, &k).(*functionList)
	if !ok {
		return Function{}, false
	}
	return list.all[0], true
}
