package replay

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Case is one recorded session: what the client sends, and the audit records
// that the server wrote for it.
type Case struct {
	ID           string    `json:"id"`
	Kind         string    `json:"kind"`
	User         string    `json:"user"`
	Setup        []string  `json:"setup"`
	AdminSetup   []string  `json:"admin_setup"`
	Protocol     string    `json:"protocol"`
	SQL          string    `json:"sql"`
	Params       []*string `json:"params"`
	ParamTypes   []uint32  `json:"param_types"`
	ParamFormats []string  `json:"param_formats"`
	ParamsHex    []*string `json:"params_hex"`
	Ops          []Op      `json:"ops"`
	CopyData     string    `json:"copy_data"`
	ClusterWide  bool      `json:"cluster_wide"`
	Error        string    `json:"error"`        // first SQLSTATE that the client saw
	CommandTags  []string  `json:"command_tags"` // all that the client saw
	Records      []Record  `json:"records"`
	Records171   *[]Record `json:"records_171"`
	Features     []string  `json:"features"`
}

// Op is one message of a scripted session.
type Op struct {
	Op           string    `json:"op"`
	SQL          string    `json:"sql"`
	Name         string    `json:"name"`
	Portal       string    `json:"portal"`
	OIDs         []uint32  `json:"oids"`
	Params       []*string `json:"params"`
	ParamFormats []string  `json:"param_formats"`
	ParamsHex    []*string `json:"params_hex"`
	MaxRows      uint32    `json:"max_rows"`
	Pipeline     bool      `json:"pipeline"`
}

// Record is one audit record, of the server's or made of an activity event.
type Record struct {
	StatementID    int64    `json:"statement_id_delta"`
	SubstatementID int64    `json:"substatement_id"`
	Class          string   `json:"class"`
	Command        string   `json:"command"`
	ObjectType     string   `json:"object_type"`
	ObjectName     string   `json:"object_name"`
	Statement      string   `json:"statement"`
	Parameters     []string `json:"parameters"`
	Rows           int64    `json:"rows"`
	Error          string   `json:"-"` // SQLSTATE and message, of an event of a statement that failed
}

// Wanted is what das-local aims at: the records of pgaudit 1.7.1.
func (c *Case) Wanted() []Record {
	if c.Records171 != nil {
		return *c.Records171
	}
	return c.Records
}

// undecidable are the kinds that only the server can decide.
var undecidable = []string{"planner", "fk", "trigger", "do", "procedure", "rule", "rls", "function"}

// Decidable says whether text, protocol and catalogue decide the case: nothing runs
// inside its statements, and no rewriting or planning shows.
func (c *Case) Decidable() bool {
	return !c.Has("nested") && !c.Has("function") && !slices.Contains(undecidable, c.Kind)
}

// Has says whether the case has a feature.
func (c *Case) Has(feature string) bool { return slices.Contains(c.Features, feature) }

// alone says whether the case must not run beside others: it changes what they
// share, or names its database.
func (c *Case) alone(text string) bool {
	// DROP OWNED takes away rights to every database, those of other cases too.
	return c.ClusterWide || strings.Contains(text, "das_case") || strings.Contains(strings.ToUpper(text), " OWNED BY ")
}

// Cases are those of a file, split into those that may run side by side and those
// that must not.
type Cases struct{ Together, Alone []*Case }

// All lists all cases.
func (cs Cases) All() []*Case { return slices.Concat(cs.Together, cs.Alone) }

// Read reads the wanted cases of a file.
func Read(path string, want func(*Case) bool) (cs Cases, err error) {
	f, err := os.Open(path)
	if err != nil {
		return cs, fmt.Errorf("open cases: %w", err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		c := new(Case)
		if err := json.Unmarshal(s.Bytes(), c); err != nil {
			return cs, fmt.Errorf("read case %.80q: %w", s.Text(), err)
		}
		if c.User == "" {
			c.User = "das_app"
		}
		switch {
		case !want(c):
		case c.alone(s.Text()):
			cs.Alone = append(cs.Alone, c)
		default:
			cs.Together = append(cs.Together, c)
		}
	}
	return cs, s.Err()
}
