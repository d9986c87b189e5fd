// Package spell writes statements that tell a secret, in random spellings, for the tests that look for
// it in events and logs: what a generator thinks of, no table has.
//
//	seed ──▶ Statement{text, parameters} ──▶ audit, or das-local ──▶ Told? it must be nowhere
package spell
