package catalog

// Session is what decides the meaning of a name in one client session.
// The catalogue only reads it.
type Session struct {
	Database string
	// User is the current role: what "$user" stands for, and whose USAGE
	// rights hide schemas.
	User string
	// Login is the role that the session was opened by, whose settings give the default search
	// path; empty means User.
	Login string
	// PID is the server process of the session; 0 if unknown: it then has no
	// temporary schema.
	PID int32
	// SearchPath holds unquoted names as ParseSearchPath gives them; "$user"
	// and "pg_temp" have their usual meaning. nil is the default of the role and
	// the database; an empty slice is an empty path.
	SearchPath []string
}

// Relation is a row of pg_class.
type Relation struct {
	OID    uint32
	Schema string // the real schema; pg_temp_3 for a temporary relation
	Name   string
	Kind   byte // pg_class.relkind
}

// Function is a row of pg_proc.
type Function struct {
	OID         uint32
	Schema      string
	Name        string
	ArgTypes    []uint32 // of the input arguments
	NDefaults   int      // how many of the last arguments have a default
	Variadic    uint32   // element type of a VARIADIC array argument, 0 if none
	Kind        byte     // 'f' function, 'p' procedure, 'a' aggregate, 'w' window
	Lang        string   // pg_language.lanname: "sql", "plpgsql", "internal", "c"
	Volatile    byte     // 'i', 's', 'v'
	Strict      bool
	SecDef      bool
	HasConfig   bool // has SET clauses
	ReturnsSet  bool
	ReturnsType uint32
	// Src is the body of a LANGUAGE sql function, empty if it is longer than 64 KiB or of another
	// language. That of an SQL-standard body (HasSQLBody) is the statements that the server prints for it.
	Src        string
	HasSQLBody bool
}
