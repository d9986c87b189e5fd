package emulator

import "strings"

// Match says which events are meant. What is empty matches every event.
type Match struct {
	Class       string // "READ", "WRITE", "DDL" …
	Command     string // "SELECT", "CREATE TABLE", "CONNECT" …
	ObjectType  string // "TABLE", "INDEX" …
	ObjectName  string // "public.accounts"
	Database    string
	User        string
	Application string
	TextHas     string // is part of the command text
	ErrorHas    string // is part of the error message
}

// Matches reports whether e is meant. It is made for WaitFor:
//
//	e.WaitFor(ctx, emulator.Match{Command: "INSERT", ObjectName: "public.t"}.Matches)
func (m Match) Matches(e Event) bool {
	is := func(want string, have *string) bool { return want == "" || have != nil && *have == want }
	has := func(want string, have *string) bool {
		return want == "" || have != nil && strings.Contains(*have, want)
	}
	return is(m.Class, e.Class) && is(m.Command, e.Command) && is(m.ObjectType, e.ObjectType) &&
		is(m.ObjectName, e.ObjectName) && is(m.Database, e.DatabaseName) && is(m.User, e.DBUserName) &&
		is(m.Application, e.ClientApplication) && has(m.TextHas, e.CommandText) && has(m.ErrorHas, e.ErrorMessage)
}
