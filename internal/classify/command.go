package classify

import (
	"strings"

	"github.com/das-local/das-local/internal/activity"
)

// words are the first keywords of a statement, in lower case: enough to tell
// its command tag.
type words struct {
	s   string
	tok []token
}

const maxHead = 12

func head(s string) words {
	w := words{s: s, tok: make([]token, 0, maxHead)}
	lex := lexer{s: s}
	for len(w.tok) < maxHead {
		t := lex.next()
		if t.kind == tokEOF {
			break
		}
		w.tok = append(w.tok, t)
	}
	return w
}

// at says whether the words from i on are those of phrase.
func (w words) at(i int, phrase string) bool {
	for p := range strings.FieldsSeq(phrase) {
		if i >= len(w.tok) || !w.tok[i].is(w.s, p) {
			return false
		}
		i++
	}
	return true
}

// skip moves over the optional phrases at i.
func (w words) skip(i int, set ...string) int {
	for again := true; again; {
		again = false
		for _, p := range set {
			if w.at(i, p) {
				i += strings.Count(p, " ") + 1
				again = true
			}
		}
	}
	return i
}

// objects are the kinds that CREATE, ALTER and DROP name, longest first where
// one begins another, with the words of their command tag if those differ.
var objects = [...]struct{ phrase, tag string }{
	{"access method", ""}, {"aggregate", ""}, {"cast", ""}, {"collation", ""}, {"conversion", ""},
	{"database", ""}, {"default privileges", ""}, {"domain", ""}, {"event trigger", ""}, {"extension", ""},
	{"foreign data wrapper", ""}, {"foreign table", ""}, {"function", ""}, {"group", "ROLE"}, {"index", ""},
	{"language", ""}, {"large object", ""}, {"materialized view", ""}, {"operator class", ""},
	{"operator family", ""}, {"operator", ""}, {"owned", ""}, {"policy", ""}, {"procedure", ""},
	{"property graph", ""}, {"publication", ""}, {"role", ""}, {"routine", ""}, {"rule", ""}, {"schema", ""},
	{"sequence", ""}, {"server", ""}, {"statistics", ""}, {"subscription", ""}, {"system", ""}, {"table", ""},
	{"tablespace", ""}, {"text search configuration", ""}, {"text search dictionary", ""},
	{"text search parser", ""}, {"text search template", ""}, {"transform", ""}, {"trigger", ""}, {"type", ""},
	{"user mapping", ""}, {"user", "ROLE"}, {"view", ""},
}

// object gives the tag's words for the kind named at i.
func (w words) object(i int) (tag string, ok bool) {
	for _, o := range objects {
		if w.at(i, o.phrase) {
			if o.tag != "" {
				return o.tag, true
			}
			return strings.ToUpper(o.phrase), true
		}
	}
	return "", false
}

// commandOf gives the command tag of a statement by its first words, "" if
// they are no statement's. SELECT, VALUES, TABLE and WITH are SELECT unless a target shows.
func commandOf(s string) string {
	w := head(s)
	if len(w.tok) == 0 {
		return ""
	}
	first := w.tok[0]
	if first.kind == tokPunct && s[first.from] == '(' {
		return "SELECT"
	}
	if first.kind != tokWord {
		return ""
	}
	switch word := lowerASCII(first.text(s)); word {
	case "select", "values", "table":
		return "SELECT"
	case "with":
		return withCommand(s)
	case "insert", "update", "delete", "merge", "copy", "explain", "execute", "fetch", "move", "call", "do",
		"show", "load", "checkpoint", "vacuum", "listen", "notify", "unlisten", "cluster", "reindex", "comment", "analyze":
		return strings.ToUpper(word)
	case "analyse":
		return "ANALYZE"
	case "create":
		return w.create()
	case "alter", "drop":
		tag, ok := w.object(1)
		if word == "alter" && !ok {
			tag, ok = w.object(w.skip(1, "constraint", "procedural", "trusted"))
		}
		if word == "drop" && !ok {
			tag, ok = w.object(w.skip(1, "procedural"))
		}
		if !ok {
			return ""
		}
		return strings.ToUpper(word) + " " + tag
	case "grant", "revoke":
		if grantsRole(s) {
			return strings.ToUpper(word) + " ROLE"
		}
		return strings.ToUpper(word)
	default:
		return w.session(word)
	}
}

// session gives the tags of transaction and session control.
func (w words) session(word string) string {
	switch word {
	case "begin", "savepoint", "release", "reset":
		return strings.ToUpper(word)
	case "start":
		return "START TRANSACTION"
	case "commit", "end":
		if w.at(1, "prepared") {
			return "COMMIT PREPARED"
		}
		return "COMMIT"
	case "rollback", "abort":
		if w.at(1, "prepared") {
			return "ROLLBACK PREPARED"
		}
		return "ROLLBACK"
	case "prepare":
		if w.at(1, "transaction") && len(w.tok) > 2 && w.tok[2].kind == tokString {
			return "PREPARE TRANSACTION"
		}
		return "PREPARE"
	case "deallocate":
		if w.at(w.skip(1, "prepare"), "all") {
			return "DEALLOCATE ALL"
		}
		return "DEALLOCATE"
	case "set":
		if w.at(1, "constraints") {
			return "SET CONSTRAINTS"
		}
		return "SET"
	case "discard":
		for _, what := range [...]string{"all", "plans", "sequences", "temp", "temporary"} {
			if w.at(1, what) {
				return "DISCARD " + strings.ToUpper(strings.TrimSuffix(what, "orary"))
			}
		}
		return "DISCARD"
	case "close":
		if w.at(1, "all") {
			return "CLOSE CURSOR ALL"
		}
		return "CLOSE CURSOR"
	case "declare":
		return "DECLARE CURSOR"
	case "lock":
		return "LOCK TABLE"
	case "truncate":
		return "TRUNCATE TABLE"
	case "refresh":
		return "REFRESH MATERIALIZED VIEW"
	case "reassign":
		return "REASSIGN OWNED"
	case "security":
		return "SECURITY LABEL"
	case "import":
		return "IMPORT FOREIGN SCHEMA"
	}
	return ""
}

func (w words) create() string {
	i := w.skip(1, "or replace", "temp", "temporary", "local", "global", "unlogged", "unique", "recursive",
		"trusted", "procedural", "constraint", "default")
	tag, ok := w.object(i)
	if !ok {
		return ""
	}
	if tag == "TABLE" && createsFromQuery(w.s) {
		return "CREATE TABLE AS"
	}
	return "CREATE " + tag
}

// createsFromQuery looks for AS before a query, outside of parentheses.
func createsFromQuery(s string) bool {
	lex := lexer{s: s}
	depth := 0
	for prev := (token{}); ; {
		t := lex.next()
		switch {
		case t.kind == tokEOF:
			return false
		case t.kind == tokPunct && s[t.from] == '(' && depth == 0 && prev.is(s, "as"):
			return true
		case t.kind == tokPunct && s[t.from] == '(':
			depth++
		case t.kind == tokPunct && s[t.from] == ')':
			depth--
		case depth == 0 && t.kind == tokWord && prev.is(s, "as") &&
			(t.is(s, "select") || t.is(s, "with") || t.is(s, "values") || t.is(s, "table") || t.is(s, "execute")):
			return true
		}
		prev = t
	}
}

// grantsRole says whether GRANT or REVOKE names roles, not privileges: those
// have ON before TO or FROM.
func grantsRole(s string) bool {
	lex := lexer{s: s}
	for n := 0; ; n++ {
		t := lex.next()
		switch {
		case t.kind == tokEOF:
			return false
		case t.is(s, "on"):
			return false
		case n > 0 && (t.is(s, "to") || t.is(s, "from")):
			return true
		}
	}
}

// withCommand finds the statement that WITH belongs to.
func withCommand(s string) string {
	lex := lexer{s: s}
	depth := 0
	for {
		t := lex.next()
		switch {
		case t.kind == tokEOF:
			return "SELECT"
		case t.kind == tokPunct && s[t.from] == '(':
			depth++
		case t.kind == tokPunct && s[t.from] == ')':
			depth--
		case depth != 0 || t.kind != tokWord:
		case t.is(s, "select"), t.is(s, "values"), t.is(s, "table"):
			return "SELECT"
		case t.is(s, "insert"), t.is(s, "update"), t.is(s, "delete"), t.is(s, "merge"):
			return strings.ToUpper(t.text(s))
		}
	}
}

// ClassOf gives the class of a command by its tag alone: what PREPARE, EXPLAIN
// and COPY read or write is not in it.
func ClassOf(command string) activity.Class {
	switch command {
	case "SELECT", "DECLARE CURSOR", "COPY", "PREPARE":
		return activity.ClassRead
	case "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE TABLE":
		return activity.ClassWrite
	case "DO":
		return activity.ClassFunction
	case "GRANT", "REVOKE", "GRANT ROLE", "REVOKE ROLE", "CREATE ROLE", "ALTER ROLE", "DROP ROLE",
		"ALTER DEFAULT PRIVILEGES":
		return activity.ClassRole
	case "COMMENT", "SECURITY LABEL", "CLUSTER", "REFRESH MATERIALIZED VIEW", "IMPORT FOREIGN SCHEMA",
		"REASSIGN OWNED", "SELECT INTO":
		return activity.ClassDDL
	}
	for _, p := range [...]string{"CREATE ", "ALTER ", "DROP "} {
		if strings.HasPrefix(command, p) {
			return activity.ClassDDL
		}
	}
	return activity.ClassMisc
}
