package audit

import (
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/track"
)

// unknownCommand is the command of a text that no keyword begins; pgaudit's word of 2019.
const unknownCommand = "UNKNOWN"

// fail makes the events of a failed statement: its relations where they are known,
// else one event.
func (r *run) fail(st *classify.Statement, t *text) {
	r.base.HasCommandText = t.raw != "" || unknown(t, r.it) // else it is of a name that stands for nothing
	if err := r.it.Err; err != nil && ran(err.SQLState) && !r.told {
		r.before(st)
	}
	first := len(r.dst)
	class, command := st.Class, st.Command
	switch {
	case st.Form == classify.Query:
		r.failedQuery(st)
	case st.Form == classify.Copy, st.Form == classify.Unread && len(st.Relations) > 0:
		r.objects(st.Relations, class, command, activity.NoRows)
	}
	if len(r.dst) == first {
		if class == "" {
			class = activity.ClassMisc
		}
		if r.it.Source == track.FunctionCall {
			class, command = activity.ClassFunction, "EXECUTE"
		}
		if command == "" {
			command = unknownCommand
		}
		r.one(r.part(), class, command, activity.NoRows, r.bound())
	}
	for i := first; i < len(r.dst); i++ {
		r.failedEvent(&r.dst[i])
	}
}

// failedEvent says in an event why the statement failed.
func (r *run) failedEvent(e *activity.Event) {
	if err := r.it.Err; err != nil {
		e.ExitCode.SQLState, e.ErrorMessage = err.SQLState, r.message(r.text)
	}
}

func (r *run) failedQuery(st *classify.Statement) {
	rels, hidden := r.resolve(st.Relations)
	if len(rels) == 0 && !hidden {
		return
	}
	sub := r.part()
	for _, o := range rels {
		class, command := accessOf(o.access)
		e := r.one(sub, class, command, activity.NoRows, r.bound())
		e.ObjectType, e.ObjectName = o.kind, o.name
	}
}

// before makes the events of what surely ran before a statement failed: the functions
// that it calls have started by then.
func (r *run) before(st *classify.Statement) {
	switch st.Form {
	case classify.Query:
		a := r.analysis(st)
		if a == nil {
			r.functions(st.Functions)
			return
		}
		for _, q := range a.Queries {
			for i := range q.Calls {
				r.call(nil, &q.Calls[i])
			}
		}
	case classify.Copy, classify.Call:
		r.functions(st.Functions)
	}
}

// ran says whether a statement with that error was running, not being read or
// planned.
func ran(state string) bool {
	if len(state) != 5 {
		return false
	}
	switch state {
	case "22P02", "22007", "22008":
		return false // mostly literals that the parser could not read
	case track.UnknownOutcome:
		return false // perhaps
	}
	switch state[:2] {
	case "42", "26", "34", "3F", "25", "0A", "57", "08", "53", "54":
		return strings.HasPrefix(state, "08") // made by functions such as dblink's
	}
	return true
}
