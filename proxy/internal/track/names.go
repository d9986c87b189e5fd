package track

import "time"

// nameLen is what PostgreSQL keeps of a statement's or portal's name
// (NAMEDATALEN - 1): longer names with the same beginning are the same name.
const nameLen = 63

// A statement is what a Parse made.
type statement struct {
	name    string
	text    string
	textLen int
	types   []uint32
	gone    bool // no longer in the map; its place in the order is stale
}

func (s *statement) size() int { return len(s.text) + 4*len(s.types) + 256 }

// statements are a session's prepared statements: the oldest are forgotten
// when there are too many. The unnamed one is not counted.
type statements struct {
	unnamed  *statement
	named    map[string]*statement
	order    []*statement // oldest first, with stale ones among them
	bytes    int
	maxCount int
	maxBytes int
}

func (m *statements) get(name string) *statement {
	if name == "" {
		return m.unnamed
	}
	return m.named[name]
}

func (m *statements) put(s *statement) {
	if s.name == "" {
		m.unnamed = s
		return
	}
	m.drop(s.name)
	if m.named == nil {
		m.named = make(map[string]*statement)
	}
	m.named[s.name] = s
	m.order = append(m.order, s)
	m.bytes += s.size()
	for (len(m.named) > m.maxCount || m.bytes > m.maxBytes) && len(m.order) > 1 {
		m.drop(m.order[0].name)
		m.compact()
	}
}

func (m *statements) drop(name string) {
	if name == "" {
		m.unnamed = nil
		return
	}
	s := m.named[name]
	if s == nil {
		return
	}
	delete(m.named, name)
	m.bytes -= s.size()
	s.gone = true
	if len(m.order) > 2*len(m.named)+16 {
		m.compact()
	}
}

// compact takes the stale ones out of the order.
func (m *statements) compact() {
	kept := m.order[:0]
	for _, s := range m.order {
		if !s.gone {
			kept = append(kept, s)
		}
	}
	clear(m.order[len(kept):])
	m.order = kept
}

func (m *statements) clear() {
	*m = statements{maxCount: m.maxCount, maxBytes: m.maxBytes}
}

// A portal is what a Bind made. It yields one item however often it is run.
type portal struct {
	name      string
	stmt      *statement // nil: a statement the tracker does not know
	stmtName  string
	params    *Params
	rows      int64
	start     time.Time // of the first run; zero before it
	suspended bool
	done      bool
	quiet     bool
}

// portals are a session's portals. Those beyond the cap are not known.
type portals struct {
	unnamed   portal
	bound     bool // unnamed is set
	named     map[string]*portal
	suspended []*portal // in the order they were first suspended
	maxCount  int
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

func (m *portals) put(p portal) {
	if p.name == "" {
		m.unnamed, m.bound = p, true
		return
	}
	if len(m.named) >= m.maxCount {
		return
	}
	if m.named == nil {
		m.named = make(map[string]*portal)
	}
	named := p // so that the unnamed one, which is the rule, needs no memory
	m.named[p.name] = &named
}

// forget drops p, which must have no item outstanding.
func (m *portals) forget(name string) {
	if name == "" {
		m.unnamed, m.bound = portal{}, false
		return
	}
	delete(m.named, name)
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
