// Package console is the web console: pages that show clusters, their activity events
// as they come, the stream they come from and what became of it, and that start, stop
// and break things.
//
// It stands at the end of the stream as any consumer does: what it shows of events it
// has read from Kinesis and decrypted with KMS, and what it changes it changes by the
// AWS APIs. Only numbers that no API has come from the process itself, through Source.
//
// Everything is served from the binary. Pages are drawn by html/template; a small
// script adds what is live. SQL text is never trusted: it reaches a page as text only.
package console
