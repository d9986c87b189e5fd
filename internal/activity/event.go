package activity

import "time"

// Class is the class of an activity event.
type Class string

// The classes that occur in records. CONNECT events carry MISC, as in the
// user guide's sample, unless the emulator is told otherwise.
const (
	ClassConnect  Class = "CONNECT"
	ClassDDL      Class = "DDL"
	ClassFunction Class = "FUNCTION"
	ClassMisc     Class = "MISC"
	ClassRead     Class = "READ"
	ClassRole     Class = "ROLE"
	ClassWrite    Class = "WRITE"
)

// Commands of events that no SQL statement causes.
const (
	CommandConnect     = "CONNECT"
	CommandDisconnect  = "DISCONNECT"
	CommandAuthFailure = "AUTH FAILURE"
)

// Object types, as pgaudit spells them.
const (
	ObjectTable            = "TABLE"
	ObjectView             = "VIEW"
	ObjectMaterializedView = "MATERIALIZED VIEW"
	ObjectForeignTable     = "FOREIGN TABLE"
	ObjectSequence         = "SEQUENCE"
	ObjectIndex            = "INDEX"
	ObjectToastTable       = "TOAST TABLE"
	ObjectCompositeType    = "COMPOSITE TYPE"
	ObjectFunction         = "FUNCTION"
	ObjectUnknown          = "UNKNOWN"
)

// Session holds what the events of one session have in common. It does not
// change once an event points at it: a session that changes (its
// application_name, say) makes a new one. Empty strings are JSON null.
type Session struct {
	DatabaseName      string
	UserName          string // the user that authenticated
	RemoteHost        string // client IP address, or "[local]"
	RemotePort        string
	SessionID         string // hex start time in seconds "." hex PID, PostgreSQL's %c
	PID               int32  // the backend's process id
	ClientApplication string // application_name; empty is null
	ServerVersion     string // Aurora's version ("2.3.1"), not PostgreSQL's
	ServerHost        string // the instance's IP address
	NetProtocol       string // "TCP"
	DBProtocol        string // "Postgres 3.0"
}

// ExitCode is the exitCode of an event: null (the zero value), the number a
// clean disconnect has, or the SQLSTATE of a failed statement.
type ExitCode struct {
	SQLState string // non-empty: a JSON string
	Status   int    // a JSON number if Valid and SQLState is empty
	Valid    bool
}

// Event is one activity event before it is rendered.
type Event struct {
	Session        *Session
	LogTime        time.Time // end of execution
	StartTime      time.Time // start of execution; version 1.1
	StatementID    int64     // CONNECT is 1, the first statement 2
	SubstatementID int64
	ObjectType     string // empty: null
	ObjectName     string // empty: null; schema-qualified and quoted
	Command        string
	RowCount       int64 // negative: null
	CommandText    string
	HasCommandText bool     // false: commandText is null
	Params         []string // NULL parameters are left out
	ExitCode       ExitCode
	Class          Class
	ErrorMessage   string // empty: null; version 1.1

	Settles Settled // is not shown
}

// NoRows is the RowCount of an event that counts none (JSON null).
const NoRows int64 = -1
