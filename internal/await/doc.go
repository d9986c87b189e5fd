// Package await waits in tests: for conditions, never for an amount of time.
// Each wait is bounded by Patience, which a test that is right reaches on no
// machine, and fails with what was there instead.
//
// What is waited for must stay once it is there. A state that passes is held by
// the test itself, by a channel or a clock.
package await
