// Package proxy relays PostgreSQL sessions to a real server byte for byte and
// turns what they do into activity events.
//
//	client ⇄ session ⇄ upstream        original bytes, both ways at once
//	            │ copies of the messages it needs
//	            ▼
//	          track ──statements──▶ audit ──events──▶ Recorder
//
// Nothing is re-encoded, nothing is left out but the messages of the server's own
// audit where that helps (AuditConfig.Assisted), and authentication is between client and server. In
// sync mode the bytes that complete a statement are held until the statement's
// events are durable; in async mode nothing waits, unless more statements, or bytes of them, than the
// auditQueue may hold are not audited yet: then sessions audit their own, so that no event is dropped.
//
// A Recorder that is Intending learns of a statement before the server does: bytes that
// make it do something are held until that is durable.
//
// A session starts with goroutines of its own, one a direction: one read is one
// write, and an idle session has no buffer. On Linux an idle session changes
// over to the loop, one thread on epoll for all sessions, and comes back
// whenever it needs patience:
//
//	start-up ─▶ goroutines ──idle──▶ loop ──▶ auditQueue ─▶ audit
//	                 ▲                 │
//	                 └─ full socket, end, error, sync mode
//
// See https://www.postgresql.org/docs/current/protocol.html
package proxy
