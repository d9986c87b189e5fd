package catalog

import (
	"context"
	"slices"
	"sort"
)

// relationList has all relations of one name, sorted by schema.
type relationList struct {
	all  []Relation
	temp bool // some are in temporary schemas
}

func newRelationList(all []Relation) *relationList {
	// The server's order of names is the byte order, but do not depend on it.
	slices.SortFunc(all, func(a, b Relation) int {
		switch {
		case a.Schema < b.Schema:
			return -1
		case a.Schema > b.Schema:
			return 1
		}
		return 0
	})
	l := &relationList{all: all}
	for i := range all {
		l.temp = l.temp || isTemp(all[i].Schema)
	}
	return l
}

// in returns the relation of one schema.
func (l *relationList) in(schema string) (Relation, bool) {
	i := sort.Search(len(l.all), func(i int) bool { return l.all[i].Schema >= schema })
	if i < len(l.all) && l.all[i].Schema == schema {
		return l.all[i], true
	}
	return Relation{}, false
}

// onlyTemp returns the relation if exactly one temporary schema has one.
func (l *relationList) onlyTemp() (r Relation, ok bool) {
	for i := range l.all {
		if !isTemp(l.all[i].Schema) {
			continue
		}
		if ok {
			return Relation{}, false
		}
		r, ok = l.all[i], true
	}
	return r, ok
}

// Relation finds a relation by its name, unquoted. schema "" means by the
// session's search path; "pg_temp" is the session's temporary schema.
func (c *Catalog) Relation(ctx context.Context, s *Session, schema, name string) (Relation, bool) {
	k := key{kind: kindRelation, database: s.Database, name: Truncate(name)}
	list, ok := c.lookup(ctx, &k).(*relationList)
	if !ok {
		return Relation{}, false
	}
	schema = Truncate(schema)
	if schema != "" && schema != "pg_temp" {
		return list.in(schema)
	}
	var temp tempSchema
	if list.temp && s.PID != 0 {
		temp = c.temp(ctx, s)
	}
	if schema == "" {
		if r, ok := c.byPath(ctx, s, list, temp); ok {
			return r, true
		}
	} else if temp.proven {
		return list.in(temp.name)
	}
	if list.temp && s.PID != 0 && !temp.proven {
		return list.onlyTemp()
	}
	return Relation{}, false
}

// byPath finds the first relation on the search path.
func (c *Catalog) byPath(ctx context.Context, s *Session, list *relationList, temp tempSchema) (r Relation, ok bool) {
	s.places(c.role(ctx, s), false, func(p place) bool {
		switch {
		case !p.temp:
			r, ok = list.in(p.schema)
		case temp.proven:
			r, ok = list.in(temp.name)
		}
		return !ok
	})
	return r, ok
}

// ViewDefinition is the query of a view or materialized view, with every name
// qualified, as pg_get_viewdef prints it.
func (c *Catalog) ViewDefinition(ctx context.Context, s *Session, oid uint32) (string, bool) {
	k := key{kind: kindView, database: s.Database, num: uint64(oid)}
	def, ok := c.lookup(ctx, &k).(string)
	return def, ok
}
