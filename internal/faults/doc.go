// Package faults says when something is to go wrong on purpose: the rules that a
// user gives, whether one hits a call, and how often it has.
//
//	Add(Rule) ──▶ Set ◀── Decide(Call) ── a call of an AWS operation
//	               ▲  ◀── Disk(op)     ── an operation on a file
//	               │  ◀── RefuseRecords, Redeliver ── records of one call
//	             Expire, Clear
//
// It carries nothing out: it has no goroutine and no logger. Callers ask and act. Each rule has dice of its own, seeded with the set's seed and the rule's
// number, and throws them once for each call that it matches: with the same seed,
// rules and calls in the same order, the same calls are hit.
package faults
