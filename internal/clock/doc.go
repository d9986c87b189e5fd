// Package clock is the time that schedules go by: the machine's, which can be
// put forward, so that nobody waits a week for a maintenance window.
//
//	Advance(6 days) ──▶ Now() is 6 days later, and every Wait looks again
//
// Durations that are measured (how long a statement took, how long a put may
// take) are no schedules: they stay with package time.
package clock
