package track

import "time"

// An entry is one client message that awaits its answer. Its kind is the
// message's type byte, one of P B D C E S Q F, or c for CopyDone and CopyFail.
type entry struct {
	kind     byte
	target   byte // D, C: 'S' a statement, 'P' a portal
	quiet    bool // nobody wanted items when it was sent
	follow   bool // Q: its item is wanted all the same
	reported bool // Q, E: its item is out already
	explain  byte // Q: 'y' if EXPLAIN is in the text, 'n' if not, 0 if not yet known
	begun    bool // Q: the server has begun it
	oid      uint32
	index    int // Q: statements answered so far; c: how many in a row
	size     int // bytes of text and parameters it holds
	name     string
	stmt     string // B: the statement it binds
	text     string // Q
	textLen  int
	parsed   *statement // P
	params   *Params    // B, F
	intent   uint64     // Q, E, F: its number; B: of the Execute that runs the portal
	start    time.Time
}

// A fifo holds entries in the order the client sent them: a ring that grows.
type fifo struct {
	ring   []entry // its length is a power of two
	head   int
	n      int
	bytes  int // sum of the sizes
	parses int // how many of them are P
}

// keepRing is the ring that an idle session may hold on to.
const keepRing = 64

func (q *fifo) at(i int) *entry { return &q.ring[(q.head+i)&(len(q.ring)-1)] }

// push adds a cleared entry at the end and returns it.
func (q *fifo) push() *entry {
	if q.n == len(q.ring) {
		ring := make([]entry, max(4, 2*len(q.ring)))
		for i := range q.n {
			ring[i] = *q.at(i)
		}
		q.ring, q.head = ring, 0
	}
	q.n++
	return q.at(q.n - 1)
}

func (q *fifo) pop() {
	e := q.at(0)
	q.bytes -= e.size
	if e.kind == 'P' {
		q.parses--
	}
	*e = entry{}
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	if q.n == 0 && len(q.ring) > keepRing {
		q.ring, q.head = nil, 0
	}
}

// remove takes out the i-th entry.
func (q *fifo) remove(i int) {
	q.bytes -= q.at(i).size
	for ; i < q.n-1; i++ {
		*q.at(i) = *q.at(i + 1)
	}
	*q.at(q.n - 1) = entry{}
	q.n--
}
