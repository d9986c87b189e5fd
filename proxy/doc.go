// Package proxy relays PostgreSQL sessions to a real server byte for byte and
// turns what they do into activity events.
//
//	client ⇄ session ⇄ upstream        original bytes, both ways at once
//	            │ copies of the messages it needs
//	            ▼
//	          track ──statements──▶ audit ──events──▶ Recorder
//
// Nothing is re-encoded. In sync mode the bytes that complete a statement are
// held until the statement's events are durable; in async mode nothing waits.
//
// See https://www.postgresql.org/docs/current/protocol.html
package proxy
