package track

import "time"

// Kind says what an Item reports.
type Kind uint8

const (
	// Connected: authentication succeeded and the first ReadyForQuery came.
	Connected Kind = iota + 1
	// AuthFailed: the server refused the session before it was ready; Err says why.
	AuthFailed
	// Completed: a statement ran to its end; Tag and Rows are set.
	Completed
	// Failed: a statement failed; Err is set. Statements that the server
	// skipped after an error are not reported: they never ran.
	Failed
	// Prepared: the server accepted a Parse (Name "" is the unnamed statement).
	Prepared
	// Deallocated: a Close of the prepared statement Name was accepted.
	Deallocated
	// Parameter: a ParameterStatus: Name and Value.
	Parameter
	// Ready: a ReadyForQuery; TxStatus is 'I', 'T' or 'E'.
	Ready
	// Disconnected: the session ended. Err is set if it ended by a FATAL error
	// or a lost connection; Clean says that the client sent Terminate.
	Disconnected
	// Audited: the server's own audit recorded something; Text is its record.
	Audited
	// Pause: nothing has happened for a while; the proxy makes this one.
	Pause
	// Settled: nothing more will be told of what the message with that Intent made run.
	Settled
)

// Source says which kind of message made a statement run.
type Source uint8

const (
	Query        Source = iota + 1 // simple Query
	Execute                        // extended protocol
	FunctionCall                   // fast path; FunctionOID is set
)

// Item is one thing that happened in the session.
type Item struct {
	Kind   Kind
	Source Source

	// Text is the Query or Parse string as received, cut at the tracker's
	// limit (TextLen is the full length in bytes), perhaps within a character. For Prepared too.
	Text    string
	TextLen int
	// Index counts the statements of one Query string that were answered
	// before this one: 0 for the first.
	Index int
	// Name of the prepared statement (Execute, Prepared, Deallocated) or of the
	// parameter.
	Name  string
	Value string
	// Portal is the name of the portal that was run if no Bind is known that made it: a
	// cursor's, if one is declared.
	Portal string

	Params      *Params // nil if there are none
	FunctionOID uint32

	Tag  string // CommandComplete's tag, "SELECT 10"; "" for an empty query
	Rows int64  // DataRow messages, summed over the runs of a portal
	// Output is what EXPLAIN has sent, one row a line, or its beginning.
	Output string
	// Partial: the portal ended before its last row was fetched; Tag is empty.
	Partial bool
	// Bound: the portal ended without having been run. Items of this kind are about texts that begin like a
	// query, whose executor starts with Bind.
	Bound bool
	// Group is equal for statements of which one was still open, in a portal of its own, when another
	// one began. 0: no portal was open.
	Group uint64
	Err   *Error

	// Intent is the number that the message was given before it was sent, 0 if none.
	Intent uint64

	// Quiet: nobody wanted items when the statement was sent; it is told because it changes the session.
	Quiet bool

	TxStatus byte // Ready: 'I', 'T', 'E'
	Worker   bool // Audited: a parallel worker recorded it, beside the leader
	Clean    bool // Disconnected

	Start time.Time // when the message that caused it was forwarded
	End   time.Time // when the answer came
}

// Size is about how many bytes the item holds, with its text.
func (it *Item) Size() int {
	n := itemSize + len(it.Text) + len(it.Name) + len(it.Value) + len(it.Output) + it.Params.Size()
	if it.Err != nil {
		n += len(it.Err.Message)
	}
	return n
}

// itemSize is about what an Item takes without what it points at.
const itemSize = 400

// Params are the values of a Bind (or FunctionCall) message.
type Params struct {
	Types   []uint32 // OIDs from Parse or ParameterDescription; 0 or missing: unknown
	Formats []int16  // as in Bind: none (all text), one for all, or one each; 0 text, 1 binary
	Values  [][]byte // nil is NULL
	Missing []int    // how many bytes each value lacks at its end; those after the last lack none
	Dropped int      // how many values after these were not kept at all
}

// Error is an ErrorResponse.
type Error struct {
	Severity string // "ERROR", "FATAL", "PANIC", not localised
	SQLState string
	Message  string
	Missing  int // bytes that the message lacks at its end
	Routine  string
}
