package audit

import (
	"context"
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/classify"
)

// found is a relation as an event names it.
type found struct {
	kind   string // objectType
	name   string // objectName
	access classify.Access
}

// Views of views of views: PostgreSQL has no limit, an event stream must.
const (
	maxViewDepth = 64
	maxFound     = 4096
)

// resolve looks the relations up, views with all that they read. hidden says that all
// of them were left out because the events of pg_catalog are not wanted.
func (r *run) resolve(rels []classify.Relation) (out []found, hidden bool) {
	if len(rels) == 0 {
		return nil, false
	}
	out = make([]found, 0, len(rels))
	for _, rel := range rels {
		out = r.relation(out, rel, 0)
	}
	kept := r.wanted(out)
	return kept, len(kept) == 0 && len(out) > 0
}

// wanted leaves out the relations of pg_catalog, if their events are not wanted.
func (r *run) wanted(all []found) []found {
	if !r.cfg.NoCatalogEvents {
		return all
	}
	kept := all[:0]
	for _, o := range all {
		if !strings.HasPrefix(o.name, "pg_catalog.") {
			kept = append(kept, o)
		}
	}
	return kept
}

// relation appends rel, and below a view what it reads.
func (r *run) relation(out []found, rel classify.Relation, depth int) []found {
	if len(out) >= maxFound {
		return out
	}
	c, ok := r.lookup(rel.Schema, rel.Name)
	if !ok {
		if r.failed {
			return out // it may be what failed
		}
		return append(out, found{activity.ObjectTable, qualified(rel.Schema, rel.Name), rel.Access})
	}
	name := qualified(c.Schema, c.Name)
	if rel.Excluded {
		return append(out, found{activity.ObjectCompositeType, name, classify.Read})
	}
	out = append(out, found{objectType(c.Kind), name, rel.Access})
	if c.Kind == 'v' && depth < maxViewDepth {
		out = r.view(out, r.viewQuery(rel, c.OID), rel.Access, depth)
	}
	return out
}

// viewQuery is the query of a view. Of one that the catalogue does not have, or not to be
// looked at because the session has it locked, it is the client's own.
func (r *run) viewQuery(rel classify.Relation, oid uint32) *classify.Statement {
	if oid != 0 {
		if def := r.definition(oid); def != nil {
			return def
		}
	}
	name := catalog.Truncate(rel.Name)
	if o, ok := r.state.lookup(rel.Schema, name); ok {
		return o.def
	}
	o, _ := r.created.lookup(rel.Schema, name)
	return o.def
}

// view appends what a view reads or, through it, a statement writes.
func (r *run) view(out []found, st *classify.Statement, access classify.Access, depth int) []found {
	if st == nil {
		return out
	}
	if access != classify.Read {
		if !st.Updatable {
			return out // an INSTEAD OF trigger's
		}
		base := st.Relations[0]
		base.Access = access
		out = r.relation(out, base, depth+1)
		for _, rel := range st.Relations[1:] {
			out = r.relation(out, rel, depth+1)
		}
		return out
	}
	for _, rel := range st.Relations {
		out = r.relation(out, rel, depth+1)
	}
	return out
}

// definition reads the query of a view or materialised view.
func (r *run) definition(oid uint32) *classify.Statement {
	def, ok := r.cfg.Catalog.ViewDefinition(r.ctx, &r.names, oid)
	if !ok {
		return nil
	}
	res := r.cfg.Classifier.Classify(def)
	if len(res.Statements) != 1 || res.Statements[0].Form != classify.Query {
		return nil
	}
	st := res.Statements[0]
	st.Text, st.Key = def, ""
	return &st
}

// lookup finds a relation in the open transaction's own work, then in the catalogue.
func (r *run) lookup(schema, name string) (catalog.Relation, bool) {
	name = catalog.Truncate(name)
	r.loginPath(r.ctx)
	if len(r.state.objects) > 0 {
		if o, ok := r.state.lookup(schema, name); ok && o.kind != 0 {
			return catalog.Relation{Schema: r.home(r.ctx, o), Name: o.name, Kind: o.kind}, true
		}
	}
	if schema == "" && !slices.Contains(r.names.SearchPath, "pg_temp") || schema == "pg_temp" {
		// Only the session itself can drop it, so its own word is the last.
		if o, ok := r.created.temporary(name); ok {
			return catalog.Relation{Schema: o.schema, Name: o.name, Kind: o.kind}, true
		}
	}
	if r.cfg.Catalog != nil {
		if c, ok := r.cfg.Catalog.Relation(r.ctx, &r.names, schema, name); ok {
			return c, true
		}
	}
	// It may be gone by now: in async mode the client does not wait for this.
	if o, ok := r.created.lookup(schema, name); ok {
		return catalog.Relation{Schema: o.schema, Name: o.name, Kind: o.kind}, true
	}
	return catalog.Relation{}, false
}

// home is the schema in which a relation was created that names none: the first of
// the search path that exists.
func (s *Session) home(ctx context.Context, o object) string {
	if o.temp {
		return s.tempSchema(ctx)
	}
	if o.schema != "" {
		return o.schema
	}
	s.loginPath(ctx)
	for _, p := range s.names.SearchPath {
		switch p {
		case "pg_temp", "":
		case "$user":
			// pg_namespace is not asked; a schema of one's own name holds something.
			continue
		default:
			return p
		}
	}
	return "public"
}

// loginPath sees to it that the search path that the session began with is known: later ALTER ROLE … SET is for
// others.
func (s *Session) loginPath(ctx context.Context) {
	if s.path != nil || s.cfg.Catalog == nil {
		return
	}
	if path, ok := s.cfg.Catalog.DefaultSearchPath(ctx, &s.names); ok {
		s.path = path
		if s.names.SearchPath == nil {
			s.names.SearchPath = path
		}
	}
}

// tempSchema is the real name of the session's temporary schema, pg_temp if it cannot be told.
func (s *Session) tempSchema(ctx context.Context) string {
	if s.temp == "" && s.cfg.Catalog != nil {
		s.temp, _ = s.cfg.Catalog.TempSchema(ctx, &s.names)
	}
	if s.temp == "" {
		return "pg_temp"
	}
	return s.temp
}

// AskBeforeEnd has the catalogue ask for, and keep, what only a live session can
// be asked: the name of its temporary schema. It may be called beside Apply.
func AskBeforeEnd(ctx context.Context, c Catalog, pid int32, database string) {
	c.TempSchema(ctx, &catalog.Session{PID: pid, Database: database})
}

// objectType is pgaudit's word for a relation kind.
func objectType(kind byte) string {
	switch kind {
	case 'r', 'p':
		return activity.ObjectTable
	case 'v':
		return activity.ObjectView
	case 'm':
		return activity.ObjectMaterializedView
	case 'f':
		return activity.ObjectForeignTable
	case 'S':
		return activity.ObjectSequence
	case 'i', 'I':
		return activity.ObjectIndex
	case 't':
		return activity.ObjectToastTable
	case 'c':
		return activity.ObjectCompositeType
	default:
		return activity.ObjectUnknown
	}
}

// refresh makes the events of a materialised view's query.
func (r *run) refresh(st *classify.Statement) {
	if st.NoData || len(st.Relations) == 0 {
		return
	}
	c, ok := r.lookup(st.Relations[0].Schema, st.Relations[0].Name)
	if !ok || c.OID == 0 {
		return
	}
	def := r.definition(c.OID)
	if def == nil {
		return
	}
	// REFRESH does not say how many rows its query had: the view has them now, unless
	// the transaction is still open or somebody has refreshed it again.
	rows := int64(activity.NoRows)
	if n, ok := r.cfg.Catalog.Count(r.ctx, &r.names, c.OID); ok && r.status == 'I' && !r.ddl && len(r.state.objects) == 0 {
		rows = n
	}
	r.refreshing = true
	r.nested(func() { r.query(def, rows) })
	r.refreshing = false
}
