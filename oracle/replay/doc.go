// Package replay runs recorded sessions through das-local and makes records of the
// activity events that they cause, so that they can be compared: with what a
// server's own audit recorded, or with each other.
//
//	case ──raw messages──▶ Stack: das-local ──▶ PostgreSQL (private, with pgaudit in
//	                                │                       audit mode server)
//	   Run ◀──events of the session─┘
//	    └──FromEvents, Normalise──▶ Records
//
// A Stack is of use for other work too: Sessions are what its clients did.
//
// See https://github.com/pgaudit/pgaudit
package replay
