package track

import (
	"slices"
	"time"
)

// A portal is what a Bind made. It yields one item however often it is run.
type portal struct {
	name      string
	stmt      *statement // nil: a statement the tracker does not know
	stmtName  string
	params    *Params
	rows      int64
	bound     time.Time // of the Bind, if the executor started with it
	start     time.Time // of the first run; zero before it
	suspended bool
	done      bool
	quiet     bool
	open      bool // the server's executor holds it; see portals.open
	group     uint64
	cursor    bool   // no Bind made it: see portals.adopt
	gone      bool   // no longer known; its place in the order is stale
	light     bool   // it was lightened
	held      int    // what it counts, without its statement
	intent    uint64 // of the message that ran it first; 0 when that is settled
}

// cursorName is what Item.Portal says of p.
func (p *portal) cursorName() string {
	if p.cursor {
		return p.name
	}
	return ""
}

// portals are a session's portals. When those with a name hold too much, the oldest are
// left with the beginning of their text and without their parameters; then those that
// were bound first, and not run, are forgotten.
type portals struct {
	unnamed   portal
	bound     bool // unnamed is set
	named     map[string]*portal
	order     []*portal // of the named, oldest first, with stale ones among them
	whole     int       // those before are light or stale
	bytes     int       // of the named
	maxBytes  int
	suspended []*portal // in the order they were first suspended
	open      int       // how many portals are open
	group     uint64    // of the statements that ran last while one was
}

// join gives the group of a statement that begins now.
func (m *portals) join() uint64 {
	if m.open == 0 {
		m.group++
	}
	return m.group
}

// setOpen says whether the executor holds p from now on.
func (m *portals) setOpen(p *portal, open bool) {
	switch {
	case open && !p.open:
		m.open++
	case !open && p.open:
		m.open--
	}
	p.open = open
}

// closeAll is for the end of a transaction, and for an error, which ends all portals' executors.
func (m *portals) closeAll() {
	if m.open == 0 {
		return
	}
	m.unnamed.open = false
	for _, p := range m.named {
		p.open = false
	}
	m.open = 0
}

func (m *portals) get(name string) *portal {
	if name == "" {
		if !m.bound {
			return nil
		}
		return &m.unnamed
	}
	return m.named[name]
}

// put makes a portal in the place of the one of that name.
func (m *portals) put(p portal) *portal {
	m.forget(p.name)
	if p.open {
		m.open++
	}
	if p.name == "" {
		m.unnamed, m.bound = p, true
		return &m.unnamed
	}
	if m.named == nil {
		m.named = make(map[string]*portal)
	}
	named := p // so that the unnamed one, which is the rule, needs no memory
	m.named[p.name] = &named
	m.order = append(m.order, &named)
	m.count(&named)
	for m.bytes > m.maxBytes && m.lighten() {
	}
	for m.bytes > m.maxBytes && m.evict() {
	}
	if m.bytes > m.maxBytes && len(m.named) > 1 {
		m.forget(p.name)
	}
	return &named
}

// adopt makes the portal of a name that no Bind gave: a cursor that a statement has
// declared, of which the tracker knows no more. Or it was forgotten.
func (m *portals) adopt(e *entry) *portal {
	if e.name == "" {
		return nil
	}
	return m.put(portal{name: e.name, cursor: true, intent: e.intent})
}

// portalSize is about what a portal holds besides its name, parameters and statement.
const portalSize = 512

// count takes note of what p holds now. Portals of one statement hold it together.
func (m *portals) count(p *portal) {
	p.held = portalSize + len(p.name) + p.params.Size()
	m.bytes += p.held
	if s := p.stmt; s != nil {
		if s.portals++; s.portals == 1 {
			s.pinned = s.size()
			m.bytes += s.pinned
		}
	}
}

func (m *portals) uncount(p *portal) {
	m.bytes -= p.held
	if s := p.stmt; s != nil {
		if s.portals--; s.portals == 0 {
			m.bytes -= s.pinned
		}
	}
}

// lighten takes text and parameters from the oldest that has them, but from the last. It
// reports false if there is none.
func (m *portals) lighten() bool {
	for ; m.whole < len(m.order)-1; m.whole++ {
		p := m.order[m.whole]
		if p.gone || p.light {
			continue
		}
		m.uncount(p)
		if p.params.Size() > 0 {
			p.params = &Params{Dropped: len(p.params.Values) + p.params.Dropped}
		}
		if p.stmt != nil && !p.stmt.short() {
			p.stmt = p.stmt.shortened()
		}
		p.light = true
		m.count(p)
		return true
	}
	return false
}

// maxLook is how many portals are looked at for one that can be forgotten.
const maxLook = 64

// evict forgets the oldest that has nothing to tell but that it is bound. It reports false
// if none is found.
func (m *portals) evict() bool {
	for range maxLook {
		if len(m.order) == 0 {
			return false
		}
		p := m.order[0]
		m.order[0] = nil
		m.order, m.whole = m.order[1:], max(m.whole-1, 0)
		switch {
		case p.gone:
		case p.suspended || p.intent != 0:
			m.order = append(m.order, p)
		default:
			m.forget(p.name)
			return true
		}
	}
	return false
}

// forget drops p, which must have no item outstanding.
func (m *portals) forget(name string) {
	p := m.get(name)
	if p == nil {
		return
	}
	m.setOpen(p, false)
	if name == "" {
		m.unnamed, m.bound = portal{}, false
		return
	}
	delete(m.named, name)
	m.uncount(p)
	if p.gone = true; len(m.order) > 2*len(m.named)+16 {
		m.order = slices.DeleteFunc(m.order, func(p *portal) bool { return p.gone })
		m.whole = 0
	}
}

// forgetAll drops all, of which none has an item outstanding.
func (m *portals) forgetAll() {
	m.closeAll()
	for _, p := range m.named {
		m.uncount(p)
		p.gone = true
	}
	m.named, m.order, m.whole = nil, nil, 0
	m.forget("")
}

// unsuspend takes p off the list of suspended portals.
func (m *portals) unsuspend(p *portal) {
	p.suspended = false
	for i, s := range m.suspended {
		if s == p {
			m.suspended = append(m.suspended[:i], m.suspended[i+1:]...)
			return
		}
	}
}
