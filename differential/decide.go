package main

import (
	"regexp"
	"strings"

	"github.com/das-local/das-local/oracle/replay"
)

// A decider says which statements of a session are decidable: text, protocol and
// catalogue say all that there is to say. It goes by what can be seen:
//
//   - the server recorded no text that the client did not send, so far as the mode
//     catalog knows: nothing ran inside (functions, DO, triggers, foreign keys), nor
//     while it was planned;
//   - it recorded no call of a function: the rest of the statement may depend on it;
//   - no table of it has, or had in this file, row security or a rewrite rule.
type decider struct {
	sent      map[string]bool // texts of the client
	rewritten map[string]bool // names of tables, without their schema
}

func newDecider() *decider {
	return &decider{sent: map[string]bool{}, rewritten: map[string]bool{}}
}

// rewrites find the table whose queries are rewritten from then on.
var rewrites = []*regexp.Regexp{
	regexp.MustCompile(`(?is)\bCREATE\s+(?:OR\s+REPLACE\s+)?RULE\s.*?\bTO\s+([\w."]+)`),
	regexp.MustCompile(`(?is)\bCREATE\s+POLICY\s+[\w"]+\s+ON\s+([\w."]+)`),
	regexp.MustCompile(`(?is)\bALTER\s+TABLE\s+(?:ONLY\s+)?([\w."]+)\s+(?:ENABLE|FORCE)\s+ROW\s+LEVEL\s+SECURITY`),
}

// decides takes the session's statements in their order.
func (d *decider) decides(p pairing) bool {
	for _, r := range p.catalog {
		d.sent[r.Statement] = true
		for _, re := range rewrites {
			for _, m := range re.FindAllStringSubmatch(r.Statement, -1) {
				d.rewritten[bare(m[1])] = true
			}
		}
	}
	for _, r := range p.server {
		if r.Class == "FUNCTION" && r.ObjectType == "FUNCTION" {
			return false
		}
		if !d.sent[r.Statement] {
			return false
		}
	}
	return !d.reads(p.catalog) && !d.reads(p.server)
}

// reads says whether a relation is a rewritten one.
func (d *decider) reads(records []replay.Record) bool {
	for _, r := range records {
		if r.ObjectName != "" && d.rewritten[bare(r.ObjectName)] {
			return true
		}
	}
	return false
}

// bare is a name without its schema and quotes.
func bare(name string) string {
	name = name[strings.LastIndexByte(name, '.')+1:]
	if quoted := strings.Trim(name, `"`); quoted != name {
		return quoted
	}
	return strings.ToLower(name)
}
