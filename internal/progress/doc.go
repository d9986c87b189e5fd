// Package progress tells whoever waits how far long work has come.
//
//	command ──With(ctx, Display)──▶ … ──Begin(ctx)──▶ Step ──Done, End──▶ Display ──▶ standard error
//	                                        └── without a Display ──▶ the logger
//
// On a terminal the step that was begun last is one line, which is drawn again as time
// passes and is gone at the end. Elsewhere a plain line says that a step begins and
// another that it has ended, with the time it took; so does the log of a program that
// has no Display. A Display is a Writer too: what is written through it while a line is
// drawn does not run into that line.
package progress
