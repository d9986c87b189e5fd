// Package track follows one session's messages, both ways, and says what ran:
// which statements completed or failed, with which parameters and how many
// rows. It is pure: bytes and a time in, items out.
//
//	client bytes ──▶ Parse/Bind/Execute/Query… ──▶ FIFO of what awaits an answer
//	server bytes ──▶ CommandComplete/Error/Ready… ──match──▶ []Item
//
// Where the server's own audit reports to the client, its messages are Audited
// items and are taken out of the client's stream: see Pass.
//
// It decodes only the message types it needs, never allocates a stated length,
// and skips over row data without looking.
//
// See https://www.postgresql.org/docs/current/protocol-flow.html
package track
