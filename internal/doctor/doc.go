// Package doctor finds what keeps das-local from working on this machine, and names the
// fix: the PostgreSQL that it would run or audit, its addresses, its directories, the
// limits of the process, and the clients that users bring.
package doctor
