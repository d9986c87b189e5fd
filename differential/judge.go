package main

import (
	"fmt"
	"strings"

	"github.com/das-local/das-local/oracle/replay"
)

// An item is one thing that was compared: a case or a statement.
type item struct {
	Where     string // the case, the script or the file
	Kind      string // the case's kind, the script or the command
	Text      string
	Decidable bool
	Different string // what is different; empty if the sides agree
	Detail    string // the first difference
	Catalog   []replay.Record
	Server    []replay.Record
}

// judge compares two sides and fills the item in.
func (it *item) judge(catalog, server []replay.Record) {
	it.Catalog, it.Server = replay.Normalise(catalog), replay.Normalise(server)
	for i := range max(len(it.Catalog), len(it.Server)) {
		switch {
		case i >= len(it.Catalog):
			it.Different, it.Detail = "missing", fmt.Sprintf("server alone has %s", it.Server[i])
		case i >= len(it.Server):
			it.Different, it.Detail = "too much", fmt.Sprintf("catalog alone has %s", it.Catalog[i])
		case !it.Catalog[i].Equal(it.Server[i]):
			it.Different = fields(it.Catalog[i], it.Server[i])
			it.Detail = fmt.Sprintf("catalog %s\n      server  %s", it.Catalog[i], it.Server[i])
		default:
			continue
		}
		return
	}
}

// fields names what differs between two records.
func fields(a, b replay.Record) string {
	var names []string
	note := func(name string, differs bool) {
		if differs {
			names = append(names, name)
		}
	}
	note("ids", !replay.SameOwner(a, b))
	note("class", a.Class != b.Class)
	note("command", a.Command != b.Command)
	note("object", a.ObjectType != b.ObjectType || a.ObjectName != b.ObjectName)
	note("text", a.Statement != b.Statement)
	note("parameters", fmt.Sprintf("%q", a.Parameters) != fmt.Sprintf("%q", b.Parameters))
	note("rows", a.Rows != b.Rows)
	note("error", a.Error != b.Error)
	return strings.Join(names, ", ")
}

// compareSessions compares sessions pairwise, statement by statement. kind is what
// their statements count as; empty: their command.
func compareSessions(catalog, server []replay.Session, kind string) ([]item, error) {
	if len(catalog) != len(server) {
		return nil, fmt.Errorf("%d sessions in mode catalog, %d in mode server", len(catalog), len(server))
	}
	var items []item
	deciders := map[string]*decider{}
	for i := range catalog {
		if catalog[i].Application != server[i].Application {
			return nil, fmt.Errorf("session %d is %q in mode catalog, %q in mode server", i+1, catalog[i].Application, server[i].Application)
		}
		where := catalog[i].Application
		if deciders[where] == nil {
			deciders[where] = newDecider()
		}
		for _, p := range align(statements(catalog[i].Events), statements(server[i].Events)) {
			it := item{Where: where, Kind: kind, Decidable: deciders[where].decides(p)}
			main := p.main()
			it.Text = main.Statement
			if kind == "" {
				it.Kind = main.Command
			}
			it.judge(p.catalog, p.server)
			items = append(items, it)
		}
	}
	return items, nil
}

// main is the record that names the statement: the first of its last query, of the
// side that knows no more than the client sent.
func (p pairing) main() replay.Record {
	s := p.catalog
	if len(s) == 0 {
		s = p.server
	}
	main := s[0]
	for _, r := range s {
		if r.SubstatementID > main.SubstatementID {
			main = r
		}
	}
	return main
}
