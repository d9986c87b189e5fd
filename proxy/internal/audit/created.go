package audit

import "slices"

// created are the relations that the session has made and not dropped, as far as
// its statements tell: the newest maxCreated, oldest first. The catalogue knows
// better, but no longer when a statement's events are made after the next one
// has dropped the relation.
type created struct{ objects []object }

const maxCreated = 256

// add takes what a committed transaction did to a relation; o.schema is set.
func (c *created) add(o object) {
	c.objects = slices.DeleteFunc(c.objects, func(have object) bool {
		return have.name == o.name && have.schema == o.schema
	})
	if o.kind == 0 || o.brief {
		return // dropped
	}
	if len(c.objects) == maxCreated {
		c.objects = slices.Delete(c.objects, 0, 1)
	}
	c.objects = append(c.objects, o)
}

// dropTemporary forgets the temporary relations.
func (c *created) dropTemporary() {
	c.objects = slices.DeleteFunc(c.objects, func(o object) bool { return o.temp })
}

// temporary finds a temporary relation.
func (c *created) temporary(name string) (object, bool) {
	o, ok := c.lookup("pg_temp", name)
	return o, ok && o.temp
}

// lookup finds the newest of that name.
func (c *created) lookup(schema, name string) (object, bool) {
	for i := len(c.objects) - 1; i >= 0; i-- {
		o := c.objects[i]
		if o.name == name && (schema == "" || schema == o.schema || schema == "pg_temp" && o.temp) {
			return o, true
		}
	}
	return object{}, false
}
