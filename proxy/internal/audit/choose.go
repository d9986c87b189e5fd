package audit

import (
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/track"
)

// choose picks the statement of the text that the item is about.
func (s *Session) choose(t *text, it *track.Item) (st *classify.Statement, from, to int) {
	from, to = 0, len(t.raw)
	list := t.result.Statements
	if it.Source == track.Execute {
		if p := s.named(it); p != nil && p.text == t && p.stmt != nil {
			st, from, to = p.stmt, p.from, p.to
		} else if len(list) > 0 {
			st = &list[0]
			from, to = t.result.Range(0)
		}
	} else if it.Index < len(list) {
		st = &list[it.Index]
		from, to = t.result.Range(it.Index)
	}
	if st == nil {
		st = &classify.Statement{}
	}
	if it.Kind == track.Completed && it.Tag != "" && !agrees(st, it.Tag) {
		command := tagCommand(it.Tag)
		st = &classify.Statement{Command: command, Class: classify.ClassOf(command), Effects: st.Effects,
			Relations: targets(st, command)}
	}
	return st, from, to
}

// targets keeps what the lexer saw of a statement that the parser did not read.
func targets(st *classify.Statement, command string) []classify.Relation {
	if st.Form == classify.Unread && st.Command == command {
		return st.Relations
	}
	return nil
}

// agrees says whether the server's command tag is one that the statement can
// have.
func agrees(st *classify.Statement, tag string) bool {
	command := tagCommand(tag)
	switch st.Form {
	case classify.Unread:
		return st.Command == command
	case classify.Execute:
		return true
	case classify.CreateAs:
		return command == "SELECT" || command == st.Command || st.Command == "SELECT INTO"
	case classify.Utility:
		// The tag names the command; anything but a query will do.
		switch command {
		case "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY":
			return false
		}
		return true
	}
	return st.Command == command
}

// tagCommand is a command tag without its numbers.
func tagCommand(tag string) string {
	for {
		i := strings.LastIndexByte(tag, ' ')
		if i < 0 || tag[i+1:] == "" || strings.Trim(tag[i+1:], "0123456789") != "" {
			return tag
		}
		tag = tag[:i]
	}
}

// rowsOf is the number in the command tag, or the sum over a portal's runs, each of which has a tag of
// its own. A portal that was left tells what a SELECT has sent, not what another has done.
func rowsOf(it *track.Item, st *classify.Statement) int64 {
	if it.Partial {
		if st.Form == classify.Query && st.Command != "SELECT" || writes(st) {
			return activity.NoRows
		}
		return it.Rows
	}
	i := strings.LastIndexByte(it.Tag, ' ')
	n, err := strconv.ParseInt(it.Tag[i+1:], 10, 64)
	if err != nil {
		return activity.NoRows
	}
	if it.Source == track.Execute && st.Form == classify.Query {
		return max(n, it.Rows)
	}
	return n
}
