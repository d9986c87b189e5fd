// Package browser tests the web console in a real Chromium: every page and action, on a
// wide and on a narrow screen, in light and dark, with hostile statements, with axe-core's
// rules of accessibility, and under load.
//
//	Chromium ──▶ das-local (subprocess) ──▶ PostgreSQL (private)
//	             console    ▲
//	                        └── pgx: the statements that it shows
//
// A tab fails its test if anything on its pages throws, breaks the content security
// policy, opens a dialog of the browser's own, or asks another host for anything.
//
//	go test ./e2e/browser -run TestPages -screenshots DIR
//
// leaves pictures of all pages in DIR.
package browser
