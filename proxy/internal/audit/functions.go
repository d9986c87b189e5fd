package audit

import (
	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/classify"
)

// maxInline bounds how deep bodies of SQL functions are followed.
const maxInline = 16

// functions makes an event for each call of a function outside pg_catalog that the
// server's planner leaves in place. It returns the relations of set-returning SQL
// functions that the planner merges into the query.
func (r *run) functions(calls []classify.Function) []found {
	var out []found
	for _, f := range calls {
		out = r.function(out, f, 0)
	}
	return out
}

func (r *run) function(out []found, f classify.Function, depth int) []found {
	if f.Schema == "pg_catalog" || r.cfg.Catalog == nil || depth > maxInline {
		return out
	}
	c, ok := r.candidate(f)
	if !ok {
		return out
	}
	if f.Const && c.Volatile == 'i' && c.Kind == 'f' && !c.ReturnsSet {
		if !r.planned {
			return out // evaluated while planning, before anybody looks
		}
	} else if body := r.body(f, c); body != nil {
		return r.inlined(out, body, depth)
	}
	r.called(c)
	return out
}

// inlined takes a function's body for its call.
func (r *run) inlined(out []found, body *classify.Statement, depth int) []found {
	for _, rel := range body.Relations {
		out = r.relation(out, rel, 0)
	}
	for _, inner := range body.Functions {
		out = r.function(out, inner, depth+1)
	}
	return out
}

// noRows says whether a table is known to have none.
func (r *run) noRows(table *classify.Relation) bool {
	if table == nil || r.cfg.Catalog == nil {
		return false
	}
	c, ok := r.lookup(table.Schema, table.Name)
	if !ok || c.OID == 0 {
		return false
	}
	n, ok := r.cfg.Catalog.Count(r.ctx, &r.names, c.OID)
	return ok && n == 0
}

// called makes the event of a function's call.
func (r *run) called(c catalog.Function) {
	if r.told {
		return
	}
	e := r.one(r.part(), activity.ClassFunction, "EXECUTE", activity.NoRows, nil)
	e.ObjectType, e.ObjectName = activity.ObjectFunction, qualified(c.Schema, c.Name)
}

// procedure makes the events of CALL: the procedure's, then its arguments'.
func (r *run) procedure(st *classify.Statement) {
	r.functions(st.Functions)
}

// candidate picks the function that a call means, by the number of arguments. One in
// pg_catalog that fits makes the call uninteresting.
func (r *run) candidate(f classify.Function) (catalog.Function, bool) {
	var best catalog.Function
	ok := false
	for _, c := range r.cfg.Catalog.Functions(r.ctx, &r.names, f.Schema, f.Name) {
		if !fits(f, c) {
			continue
		}
		if c.Schema == "pg_catalog" {
			return catalog.Function{}, false
		}
		if !ok {
			best, ok = c, true
		}
	}
	return best, ok
}

func fits(f classify.Function, c catalog.Function) bool {
	n := len(c.ArgTypes)
	if f.Args <= n && f.Args >= n-c.NDefaults {
		return true
	}
	return c.Variadic != 0 && f.Args >= n-1
}

// body gives the query of an SQL function that the planner puts in the place of its
// call, or nil.
func (r *run) body(f classify.Function, c catalog.Function) *classify.Statement {
	if c.Lang != "sql" || c.Kind != 'f' || c.SecDef || c.HasConfig || c.Src == "" {
		return nil
	}
	res := r.cfg.Classifier.Classify(c.Src)
	if len(res.Statements) != 1 {
		return nil
	}
	st := &res.Statements[0]
	if st.Form != classify.Query || st.Command != "SELECT" {
		return nil
	}
	if c.ReturnsSet {
		if !f.From || c.Strict || c.Volatile == 'v' {
			return nil
		}
		return st
	}
	if !st.Scalar || c.Strict && !st.Strict || !r.volatilityFits(st, c.Volatile) {
		return nil
	}
	return st
}

// volatilityFits says whether a body is no more volatile than its function is
// declared. What is not known counts as volatile.
func (r *run) volatilityFits(st *classify.Statement, declared byte) bool {
	if declared == 'v' {
		return true
	}
	for _, f := range st.Functions {
		worst := byte(0)
		for _, c := range r.cfg.Catalog.Functions(r.ctx, &r.names, f.Schema, f.Name) {
			if fits(f, c) {
				worst = max(worst, c.Volatile) // 'i' < 's' < 'v'
			}
		}
		if worst == 0 || worst > declared {
			return false
		}
	}
	return true
}
