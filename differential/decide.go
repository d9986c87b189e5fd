package main

import (
	"regexp"
	"slices"
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
//   - no table of it has, or had in this file, row security or a rewrite rule;
//   - if the statement failed, the server recorded nothing of it before that: how far it
//     came is not on the wire;
//   - in a transaction block nothing that ran inside a statement has changed the
//     catalogue, which nobody else sees until the block ends;
//   - it takes no min() or max() over a table that others inherit from: whether the
//     planner goes by index if only some of them have one is a matter of costs;
//   - it is no REFRESH in a transaction block: its rows are on the wire nowhere, and the
//     view's are not seen from outside.
type decider struct {
	sent      map[string]bool // texts of the client
	rewritten map[string]bool // names of tables, without their schema, as table gives them
	parents   map[string]bool // those that others inherit from, likewise
	block     bool            // a transaction block is open
	hidden    bool            // something inside a statement of it has changed the catalogue
}

func newDecider() *decider {
	return &decider{sent: map[string]bool{}, rewritten: map[string]bool{}, parents: map[string]bool{}}
}

// rewrites find the table whose queries are rewritten from then on.
var rewrites = []*regexp.Regexp{
	regexp.MustCompile(`(?is)\bCREATE\s+(?:OR\s+REPLACE\s+)?RULE\s.*?\bTO\s+([\w."]+)`),
	regexp.MustCompile(`(?is)\bCREATE\s+POLICY\s+[\w"]+\s+ON\s+([\w."]+)`),
	regexp.MustCompile(`(?is)\bALTER\s+TABLE\s+(?:ONLY\s+)?([\w."]+)\s+(?:ENABLE|FORCE)\s+ROW\s+LEVEL\s+SECURITY`),
}

// inherits finds the tables that a new one inherits from, extreme the aggregates that indexes may find.
var (
	inherits = regexp.MustCompile(`(?i)\bINHERITS?\s*\(?\s*([\w."]+(?:\s*,\s*[\w."]+)*)`)
	extreme  = regexp.MustCompile(`(?i)\b(?:MIN|MAX)\s*\(`)
)

var toSavepoint = regexp.MustCompile(`(?i)\bROLLBACK\s+(?:WORK\s+|TRANSACTION\s+)?TO\b`)

// decides takes the session's statements in their order.
func (d *decider) decides(p pairing) bool {
	for _, r := range p.catalog {
		d.sent[r.Statement] = true
		for _, re := range rewrites {
			for _, m := range re.FindAllStringSubmatch(r.Statement, -1) {
				d.rewritten[table(m[1])] = true
			}
		}
		for _, m := range inherits.FindAllStringSubmatch(r.Statement, -1) {
			for name := range strings.SplitSeq(m[1], ",") {
				d.parents[table(strings.TrimSpace(name))] = true
			}
		}
	}
	d.follow(p)
	return !d.nested(p.server) && !p.reads(d.rewritten) && !begun(p.server) &&
		!(extreme.MatchString(p.main().Statement) && p.reads(d.parents)) && !d.hidden && !(d.block && p.main().Command == "REFRESH MATERIALIZED VIEW")
}

// follow takes what a statement does to the transaction block. A failure counts as the
// end of it: the ROLLBACK that follows has no event.
func (d *decider) follow(p pairing) {
	for _, r := range slices.Concat(p.catalog, p.server) {
		switch {
		case r.Error == "" && r.Command == "ROLLBACK" && toSavepoint.MatchString(r.Statement):
		case r.Error != "" || r.Command == "COMMIT" || r.Command == "ROLLBACK" || r.Command == "PREPARE TRANSACTION":
			d.block, d.hidden = false, false
		case r.Command == "BEGIN" || r.Command == "START TRANSACTION":
			d.block = true
		case r.Class == "DDL" && !d.sent[r.Statement]:
			d.hidden = d.block
		}
	}
}

// nested says whether the server saw more run than what the client sent: other texts
// or functions.
func (d *decider) nested(server statement) bool {
	return slices.ContainsFunc(server, func(r replay.Record) bool {
		return r.Class == "FUNCTION" && r.ObjectType == "FUNCTION" || !d.sent[r.Statement]
	})
}

// begun says whether a statement failed of which the server has recorded something.
func begun(server statement) bool {
	failed := func(r replay.Record) bool { return r.Error != "" }
	return slices.ContainsFunc(server, failed) && slices.ContainsFunc(server, func(r replay.Record) bool { return !failed(r) })
}

// reads says whether a relation of either side is one of these.
func (p pairing) reads(tables map[string]bool) bool {
	return slices.ContainsFunc(slices.Concat(p.catalog, p.server), func(r replay.Record) bool {
		return r.ObjectName != "" && tables[table(r.ObjectName)]
	})
}

// table is a name without its schema and quotes, and without the numbers that texts
// are compared without.
func table(name string) string {
	name = chance.ReplaceAllString(name[strings.LastIndexByte(name, '.')+1:], "0")
	if quoted := strings.Trim(name, `"`); quoted != name {
		return quoted
	}
	return strings.ToLower(name)
}
