package console

import (
	"net/url"
	"strings"
)

// filter says which events one wants to see. What is empty matches all. Text is
// compared without regard to case, as a part.
type filter struct {
	class, command, user, database, object, text, session string
	failed                                                bool // only those with an error message
}

func filterOf(q url.Values) filter {
	return filter{class: q.Get("class"), command: q.Get("command"), user: q.Get("user"), database: q.Get("database"),
		object: q.Get("object"), text: strings.ToLower(q.Get("text")), session: q.Get("session"), failed: q.Get("failed") != ""}
}

func (f filter) match(e *entry) bool {
	is := func(want string, have *string) bool {
		return want == "" || have != nil && strings.EqualFold(want, *have)
	}
	has := func(want string, have *string) bool {
		return want == "" || have != nil && strings.Contains(strings.ToLower(*have), strings.ToLower(want))
	}
	return is(f.class, e.Class) && has(f.command, e.Command) && is(f.user, e.DBUserName) && is(f.database, e.DatabaseName) &&
		has(f.object, e.ObjectName) && is(f.session, e.SessionID) && (!f.failed || e.ErrorMessage != nil) &&
		(has(f.text, e.CommandText) || has(f.text, e.ErrorMessage))
}
