package audit

import (
	"context"
	"strings"

	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/classify"
)

// effects applies what a statement changed.
func (s *Session) effects(st *classify.Statement) {
	for i := range st.Effects {
		e := &st.Effects[i]
		switch e.Kind {
		case classify.SetParameter:
			s.setParameter(e)
		case classify.ResetParameter:
			if followed(e.Name) {
				s.state.set(e.Name, s.state.initial[e.Name], e.Local)
			}
		case classify.ResetAll:
			s.resetAll()
		case classify.DiscardAll:
			s.resetAll()
			s.state.session = with(with(s.state.session, "role", nil), "session_authorization", nil)
			s.prepared.clear()
			s.created.dropTemporary()
		case classify.Deallocate:
			if e.Name == "" {
				s.prepared.clear()
			}
			s.prepared.drop(e.Name)
		case classify.Commit, classify.Rollback:
			if e.Kind == classify.Commit {
				s.keepObjects()
			}
			s.state.endTransaction(e.Kind == classify.Commit)
		case classify.Savepoint:
			s.state.savepoint(e.Name)
		case classify.RollbackTo:
			s.state.rollbackTo(e.Name)
		case classify.Release:
			s.state.release(e.Name)
		case classify.DropTemporary:
			s.created.dropTemporary()
		case classify.Catalog:
			s.ddl = true
			// Databases, roles and tablespaces are of the whole server.
			s.shared = s.shared || strings.HasSuffix(st.Command, " DATABASE") || strings.HasSuffix(st.Command, " ROLE")
		default:
			s.objectEffect(e)
		}
	}
	if len(st.Effects) > 0 {
		s.applyState()
	}
}

func (s *Session) setParameter(e *classify.Effect) {
	if !followed(e.Name) || len(e.Values) == 0 {
		return
	}
	v := e.Values
	if e.List {
		v = split(e.Name, v[0])
	}
	s.state.set(e.Name, v, e.Local)
}

func (s *Session) resetAll() {
	role, ok := s.state.session["role"]
	s.state.session, s.state.local = s.state.initial, nil
	if ok {
		s.state.session = with(s.state.session, "role", role)
	}
}

func (s *Session) objectEffect(e *classify.Effect) {
	o := object{schema: e.Schema, name: catalog.Truncate(e.Name), temp: e.Temp, brief: e.Brief, def: e.Query}
	if e.Kind != classify.CreateRelation && o.schema == "" && s.meansTemporary(o.name) {
		o.schema, o.temp = "pg_temp", true
	}
	switch e.Kind {
	case classify.CreateRelation:
		if o.temp {
			s.tempSchema(context.Background()) // while the session lives; the catalogue bounds the wait
		}
		o.kind = e.RelKind
		s.state.object(o)
	case classify.DropRelation:
		s.state.object(o)
	case classify.RenameRelation, classify.MoveRelation:
		old, known := s.state.lookup(o.schema, o.name)
		if !known && o.temp {
			old, known = s.created.temporary(o.name)
		}
		s.state.object(o)
		if !known || old.kind == 0 {
			old = object{schema: e.Schema, name: o.name, kind: 'r', temp: o.temp}
		}
		if e.Kind == classify.RenameRelation {
			old.name = catalog.Truncate(e.Values[0])
		} else {
			old.schema = e.Values[0]
		}
		s.state.object(old)
	}
}

// meansTemporary says whether a name without a schema is that of a temporary relation that the session
// has made.
func (s *Session) meansTemporary(name string) bool {
	if o, ok := s.state.lookup("", name); ok {
		return o.temp && o.kind != 0
	}
	_, ok := s.created.temporary(name)
	return ok
}
