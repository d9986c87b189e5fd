package audit

import (
	"context"
	"errors"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/internal/pgtext"
	"github.com/das-local/das-local/proxy/internal/track"
)

// Catalog says what names mean on the server. What it does not know, or not in
// time, it does not find.
type Catalog interface {
	Relation(ctx context.Context, s *catalog.Session, schema, name string) (catalog.Relation, bool)
	ViewDefinition(ctx context.Context, s *catalog.Session, oid uint32) (string, bool)
	Functions(ctx context.Context, s *catalog.Session, schema, name string) []catalog.Function
	Analyze(ctx context.Context, s *catalog.Session, st catalog.Statement) (*catalog.Analysis, bool)
	ParameterTypes(ctx context.Context, s *catalog.Session, sql string, given ...uint32) ([]uint32, bool)
	TempSchema(ctx context.Context, s *catalog.Session) (string, bool)
	Type(ctx context.Context, s *catalog.Session, oid uint32) (catalog.Type, bool)
	RegName(ctx context.Context, s *catalog.Session, typ uint32, value string) (string, bool)
	DefaultSearchPath(ctx context.Context, s *catalog.Session) ([]string, bool)
	Count(ctx context.Context, s *catalog.Session, oid uint32) (int64, bool)
	DefaultSetting(ctx context.Context, s *catalog.Session, name string) string
	Invalidate(database string)
	Release(database string)
}

var _ Catalog = (*catalog.Catalog)(nil)

// CommandText says what commandText holds.
type CommandText uint8

const (
	// Whole is the string as received, on each of its statements' events.
	Whole CommandText = iota
	// Single is the statement alone, without blanks and semicolon.
	Single
)

// Config of a Session. Classifier and Session are required.
type Config struct {
	Classifier *classify.Classifier
	// Catalog resolves names; nil leaves them as they are written.
	Catalog Catalog
	// Session is what the events of this session have in common; its process id and
	// names are those of the look-ups too.
	Session *activity.Session
	// Startup holds the parameters of the start-up message.
	Startup map[string]string
	// ConnectClass is the class of CONNECT, DISCONNECT and AUTH FAILURE; empty means MISC.
	ConnectClass activity.Class
	CommandText  CommandText
	// NoCatalogEvents leaves out relations of pg_catalog, and statements that touch
	// nothing else.
	NoCatalogEvents bool
	// Assisted says that the server's own audit reports what it records, as Audited
	// items.
	Assisted bool
	// Foreseeing is for a Session that does nothing but Foresee.
	Foreseeing bool
	// MaxText bounds the text of a statement that ran inside another, in bytes. 0
	// means 1 MiB.
	MaxText int
}

// Session turns one session's items into events. One goroutine uses it.
type Session struct {
	cfg   Config
	who   *activity.Session
	names catalog.Session
	print pgtext.Settings
	next  int64 // the next statementId
	group group
	state state
	// prepared holds the statements of Parse and PREPARE by name.
	prepared names
	cursors  names             // of DECLARE, which closing them leaves here
	defaults map[string]string // DefaultSetting's answers; nil until a value is printed
	created  created
	spans    []span   // of the portals that this transaction left
	path     []string // what search_path was at log-in, once it is known
	temp     string   // the temporary schema's name, once it is known
	assist   *assist  // nil: the server does not help
	last     *text    // what readText read last; nil between queries
	spent    int      // bytes of last that events have repeated
	failed   bool     // a statement failed since the last ReadyForQuery
	status   byte     // transaction status of the last ReadyForQuery
	ddl      bool     // the catalogue changed since then
	shared   bool     // and the change is seen in every database
}

// New checks cfg. The first statement will be number 2, after CONNECT.
func New(cfg Config) (*Session, error) {
	switch {
	case cfg.Classifier == nil:
		return nil, errors.New("audit: Config.Classifier is missing")
	case cfg.Session == nil:
		return nil, errors.New("audit: Config.Session is missing")
	}
	if cfg.ConnectClass == "" {
		cfg.ConnectClass = activity.ClassMisc
	}
	s := &Session{cfg: cfg, next: 2, status: 'I'}
	s.cursors.single = cfg.CommandText == Single
	s.prepared.single = cfg.CommandText == Single
	if cfg.MaxText <= 0 {
		cfg.MaxText = 1 << 20
	}
	if cfg.Assisted {
		s.assist = &assist{}
	}
	s.state.start(cfg.Startup)
	s.who = cfg.Session
	s.names.Database, s.names.Login, s.names.PID = s.who.DatabaseName, s.who.UserName, s.who.PID
	s.applyState()
	return s, nil
}

// Apply appends the events of items to dst. ctx bounds the look-ups.
func (s *Session) Apply(ctx context.Context, dst []activity.Event, items []track.Item) []activity.Event {
	for i := range items {
		it := &items[i]
		switch it.Kind {
		case track.Connected:
			dst = append(dst, s.connect(it, 1, activity.CommandConnect))
		case track.AuthFailed:
			dst = append(dst, s.connect(it, 1, activity.CommandAuthFailure))
		case track.Audited:
			dst = s.heardOf(ctx, dst, it)
		case track.Pause:
			dst = s.pause(ctx, dst)
		case track.Disconnected:
			dst = s.boundary(ctx, dst, 'E')
			if s.cfg.Catalog != nil {
				s.cfg.Catalog.Release(s.names.Database)
			}
			e := s.connect(it, s.next, activity.CommandDisconnect)
			s.next++
			if it.Err == nil {
				e.ExitCode = activity.ExitCode{Valid: true}
				if !it.Clean {
					e.ExitCode.Status = 1
				}
			}
			dst = append(dst, e)
		case track.Completed, track.Failed:
			if it.Quiet {
				s.follow(it)
				continue
			}
			dst = s.statement(ctx, dst, it)
		case track.Prepared:
			s.prepared.put(it.Name, prepare(s.read(it), nil))
		case track.Deallocated:
			s.prepared.drop(it.Name)
		case track.Parameter:
			s.parameter(it.Name, it.Value)
		case track.Ready:
			dst = s.boundary(ctx, dst, it.TxStatus)
			s.ready(it.TxStatus)
		}
	}
	return dst
}

// connect makes an event that no statement causes.
func (s *Session) connect(it *track.Item, id int64, command string) activity.Event {
	e := activity.Event{
		Session: s.who, LogTime: it.End, StartTime: it.Start, StatementID: id, SubstatementID: 1,
		Command: command, RowCount: activity.NoRows, Class: s.cfg.ConnectClass,
	}
	if it.Err != nil {
		e.ExitCode.SQLState = it.Err.SQLState
		e.ErrorMessage = classify.RedactMessage("", it.Err.Message)
	}
	return e
}

// parameter takes a ParameterStatus.
func (s *Session) parameter(name, value string) {
	switch name {
	case "application_name":
		if s.who.ClientApplication != value {
			who := *s.who
			who.ClientApplication = value
			s.who = &who
		}
	case "TimeZone":
		s.print.TimeZone = value
		s.print.Zone, _ = pgtext.LoadZone(value) // nil: a zone that only the server knows
	case "DateStyle":
		s.print.DateStyle = value
	case "IntervalStyle":
		s.print.IntervalStyle = value
	case "server_version":
		s.print.ServerVersion = value
	case "client_encoding":
		s.print.ClientEncoding = value
		s.last = nil
	}
}

// keepObjects remembers what the transaction that commits did to relations.
func (s *Session) keepObjects() {
	for _, o := range s.state.objects {
		o.schema = s.home(context.Background(), o) // the catalogue bounds the wait
		s.created.add(o)
	}
}

// ready takes a ReadyForQuery: outside of a transaction, what the session set
// or created is either permanent or gone.
func (s *Session) ready(status byte) {
	s.status = status
	s.failed = s.failed || status == 'E'
	s.last = nil
	if status == 'I' {
		s.spans = s.spans[:0]
		touched := s.failed || s.state.touched()
		if !s.failed {
			s.keepObjects()
		}
		s.state.endTransaction(!s.failed)
		if touched {
			s.applyState()
		}
		if s.ddl && s.cfg.Catalog != nil {
			name := s.names.Database
			if s.shared {
				name = "" // all
			}
			s.cfg.Catalog.Invalidate(name)
		}
		s.ddl, s.shared, s.failed = false, false, false
	}
}
