package classify

import "github.com/das-local/das-local/internal/activity"

// Access says what a query does with a relation.
type Access uint8

// The accesses.
const (
	Read Access = iota + 1
	Insert
	Update
	Delete
)

// A Relation is one range-table entry: a table used twice is there twice.
type Relation struct {
	Schema string // empty: found by the search path
	Name   string
	Access Access
	// Excluded marks the pseudo relation EXCLUDED of INSERT … ON CONFLICT.
	Excluded bool
}

// A Function is one call by name.
type Function struct {
	Schema   string
	Name     string
	Args     int
	Variadic bool // the last argument is spelled VARIADIC
	Const    bool // all arguments are constants
	From     bool // it is an item of FROM by itself
}

// Form says how a statement's events are made.
type Form uint8

// The forms.
const (
	// Unread: only the first keywords are known; the server's tag decides.
	Unread   Form = iota
	Query         // SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE
	Utility       // one event, no relation
	Copy          // COPY of a relation
	CopyOut       // COPY (query) TO: Inner
	Explain       // Inner is what is explained
	Execute       // runs the prepared statement Name
	CreateAs      // CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW: Inner
	Prepare       // Inner is what is prepared
	Declare       // Inner is the cursor's query
	Refresh       // REFRESH MATERIALIZED VIEW of Relations[0]
	Call          // CALL: Functions[0] is the procedure
	Do            // anonymous block
)

// A Statement is one statement of a text. It is shared and read-only.
type Statement struct {
	Form      Form
	Class     activity.Class
	Command   string
	Relations []Relation
	Functions []Function
	Inner     *Statement
	Name      string // of the prepared statement or cursor
	Args      []Arg  // of EXECUTE
	Analyze   bool   // EXPLAIN runs its statement
	NoData    bool   // CREATE … AS … WITH NO DATA, REFRESH … WITH NO DATA
	// IfNotExists: CREATE … IF NOT EXISTS … AS, which does nothing if there is such a relation.
	IfNotExists bool
	Effects     []Effect
	// Text is the text of a statement inside another one; empty if it could not be cut out, and for
	// a statement that stands by itself.
	Text string
	// Key is the text without its literals, for a statement to which they make no difference.
	Key string
	// Table is what CREATE INDEX with Functions calls them for, row by row.
	Table *Relation
	// Columns are those that COPY names.
	Columns []string
	// Types are the parameters' types that PREPARE states, as written.
	Types []string
	// Scalar: a SELECT of one expression and nothing else, without sub-selects.
	Scalar bool
	// Strict: Scalar, and NULL if anything in it is NULL, functions aside.
	Strict bool
	// Updatable: a SELECT that, as a view, PostgreSQL can write through.
	Updatable bool

	from, to int
}

// An Arg is an argument of EXECUTE.
type Arg struct {
	Text  string
	Known bool // it is a constant, and not NULL
	Null  bool // it is NULL as a constant
}

// EffectKind says what a statement changes for later statements.
type EffectKind uint8

// The kinds of effect.
const (
	SetParameter EffectKind = iota + 1 // Name, Values
	ResetParameter
	ResetAll
	DiscardAll
	Deallocate // Name; empty: all
	Begin
	Commit
	Rollback
	Savepoint // Name
	RollbackTo
	Release
	CreateRelation // Schema, Name, Kind, Temp
	DropRelation
	RenameRelation // Schema, Name, Values[0] is the new name
	MoveRelation   // Schema, Name, Values[0] is the new schema
	DropTemporary  // all temporary relations
	Catalog        // names may mean something else from now on
)

// An Effect is one such change, once the statement has succeeded.
type Effect struct {
	Kind    EffectKind
	Schema  string
	Name    string
	Values  []string
	RelKind byte // pg_class.relkind of a created relation
	Local   bool // SET LOCAL
	List    bool // SetParameter: Values[0] is a list still to be split
	Temp    bool // created or dropped in the session's temporary schema
	Brief   bool // CREATE TEMPORARY TABLE … ON COMMIT DROP
	// Query is that of a created view.
	Query *Statement
}

// A Result is what a text says. Statements is shared and read-only.
type Result struct {
	Statements []Statement
	// single bounds the only statement of a text whose literals were blanked.
	single   bool
	from, to int
}

// Range gives the bounds of statement i in the text that was classified,
// without the semicolon and the blanks and comments around it.
func (r Result) Range(i int) (from, to int) {
	if r.single {
		return r.from, r.to
	}
	return r.Statements[i].from, r.Statements[i].to
}

// Parsed says whether the parser understood the text.
func (r Result) Parsed() bool {
	return len(r.Statements) == 0 || r.Statements[0].Form != Unread
}
