package audit_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/das-local/das-local/proxy/internal/track"
)

const oracleDir = "../../../testdata/oracle/"

// A record is what pgaudit wrote.
type record struct {
	Statement  int64    `json:"statement_id_delta"`
	Sub        int64    `json:"substatement_id"`
	Class      string   `json:"class"`
	Command    string   `json:"command"`
	ObjectType string   `json:"object_type"`
	ObjectName string   `json:"object_name"`
	Text       string   `json:"statement"`
	Params     []string `json:"parameters"`
	Rows       int64    `json:"rows"`
}

// An op is one message of a case that spells its messages out.
type op struct {
	Op        string    `json:"op"`
	Name      string    `json:"name"`
	Portal    string    `json:"portal"`
	SQL       string    `json:"sql"`
	OIDs      []uint32  `json:"oids"`
	Params    []*string `json:"params"`
	ParamsHex []*string `json:"params_hex"`
	Formats   []string  `json:"param_formats"`
	MaxRows   int       `json:"max_rows"`
}

// A case is one line of the corpus.
type oracleCase struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	User        string    `json:"user"`
	Setup       []string  `json:"setup"`
	AdminSetup  []string  `json:"admin_setup"`
	Protocol    string    `json:"protocol"`
	SQL         string    `json:"sql"`
	Ops         []op      `json:"ops"`
	Params      []*string `json:"params"`
	ParamTypes  []uint32  `json:"param_types"`
	Formats     []string  `json:"param_formats"`
	ParamsHex   []*string `json:"params_hex"`
	ClusterWide bool      `json:"cluster_wide"`
	Records     []record  `json:"records"`
	Records171  []record  `json:"records_171"`
	Error       *string   `json:"error"`
	Message     string    `json:"error_message"`
	AllErrors   []string  `json:"all_errors"`
	Tags        []string  `json:"command_tags"`
	Wire        string    `json:"wire"`
}

func (c *oracleCase) expected() []record {
	if c.Records171 != nil {
		return c.Records171
	}
	return c.Records
}

func readCases(t *testing.T) []oracleCase {
	t.Helper()
	f, err := os.Open(oracleDir + "public.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []oracleCase
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var c oracleCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// messages gives the case as a script of messages.
func (c *oracleCase) messages() []op {
	if len(c.Ops) > 0 {
		return c.Ops
	}
	if c.Protocol == "simple" {
		return []op{{Op: "query", SQL: c.SQL}}
	}
	return []op{
		{Op: "parse", SQL: c.SQL, OIDs: c.ParamTypes},
		{Op: "bind", Params: c.Params, Formats: c.Formats, ParamsHex: c.ParamsHex},
		{Op: "describe_portal"}, {Op: "execute"}, {Op: "sync"},
	}
}

// A replay makes the tracker's items of a case from what its wire trace says.
type replay struct {
	c       *oracleCase
	wire    []string
	tags    []string
	errors  []string
	items   []track.Item
	texts   map[string]string // by statement name
	types   map[string][]uint32
	portals map[string]*portal
	order   []*portal
	status  byte
	failed  bool
	now     time.Time
}

type portal struct {
	name, stmt, text string
	params           *track.Params
	rows             int64
	started          bool
}

func newReplay(c *oracleCase) *replay {
	r := &replay{
		c: c, tags: c.Tags, errors: c.AllErrors, status: 'I', now: time.Unix(1700000000, 0),
		texts: map[string]string{}, types: map[string][]uint32{}, portals: map[string]*portal{},
	}
	for w := range strings.FieldsSeq(c.Wire) {
		if w == "|" || strings.HasPrefix(w, "AUDIT") || strings.HasPrefix(w, "Not") {
			continue
		}
		r.wire = append(r.wire, w)
	}
	if len(r.errors) == 0 && c.Error != nil {
		r.errors = []string{*c.Error}
	}
	return r
}

func (r *replay) pop() string {
	if len(r.wire) == 0 {
		return ""
	}
	w := r.wire[0]
	r.wire = r.wire[1:]
	return w
}

func (r *replay) add(it track.Item) {
	it.Start, it.End = r.now, r.now
	r.items = append(r.items, it)
}

func (r *replay) tag() string {
	if len(r.tags) == 0 {
		return ""
	}
	t := r.tags[0]
	r.tags = r.tags[1:]
	switch word, _, _ := strings.Cut(t, " "); word {
	case "BEGIN", "START":
		r.status = 'T'
	case "COMMIT":
		r.status = 'I'
	case "ROLLBACK":
		// ROLLBACK TO has the same tag; the text is asked by the caller.
		r.status = 'I'
	case "PREPARE":
		if strings.HasPrefix(t, "PREPARE TRANSACTION") {
			r.status = 'I'
		}
	}
	return t
}

func (r *replay) err() *track.Error {
	state := "XX000"
	if len(r.errors) > 0 {
		state = r.errors[0]
		if len(r.errors) > 1 {
			r.errors = r.errors[1:]
		}
	}
	r.failed = true
	return &track.Error{Severity: "ERROR", SQLState: state, Message: r.c.Message}
}

func (r *replay) ready() {
	if r.failed && r.status == 'T' {
		r.status = 'E'
	}
	r.failed = false
	r.add(track.Item{Kind: track.Ready, TxStatus: r.status})
}

// query consumes the answers to a simple Query.
func (r *replay) query(sql string) {
	rows := int64(0)
	for index := 0; ; {
		switch w := r.pop(); {
		case w == "" || w == "ReadyForQuery":
			r.ready()
			return
		case strings.HasPrefix(w, "DataRow"):
			rows += count(w)
		case strings.HasPrefix(w, "CommandComplete"):
			for range count(w) {
				before := r.status
				tag := r.tag()
				if tag == "ROLLBACK" && strings.Contains(strings.ToUpper(sql), "ROLLBACK TO") {
					if r.status = before; before == 'E' {
						r.status = 'T'
					}
				}
				r.add(track.Item{Kind: track.Completed, Source: track.Query, Text: sql, TextLen: len(sql),
					Index: index, Tag: tag, Rows: rows})
				index++
				rows = 0
			}
		case w == "EmptyQuery":
			r.add(track.Item{Kind: track.Completed, Source: track.Query, Text: sql, Index: index})
		case w == "Error":
			r.add(track.Item{Kind: track.Failed, Source: track.Query, Text: sql, TextLen: len(sql), Index: index,
				Err: r.err()})
		}
	}
}

func count(w string) int64 {
	if _, n, ok := strings.Cut(w, "*"); ok {
		v, _ := strconv.ParseInt(n, 10, 64)
		return v
	}
	return 1
}

// run goes through the script.
func (r *replay) run() []track.Item {
	skip := false
	for _, o := range r.c.messages() {
		if skip && o.Op != "sync" {
			continue
		}
		if o.Op != "query" && o.Op != "sync" && o.Op != "flush" && len(r.wire) > 0 && r.wire[0] == "Error" {
			r.extendedError(o)
			skip = true
			continue
		}
		switch o.Op {
		case "query":
			r.query(o.SQL)
		case "parse":
			r.pop()
			r.texts[o.Name], r.types[o.Name] = o.SQL, o.OIDs
			r.add(track.Item{Kind: track.Prepared, Name: o.Name, Text: o.SQL})
		case "bind":
			r.pop()
			p := &portal{name: o.Portal, stmt: o.Name, text: r.texts[o.Name], params: r.params(o)}
			r.end(r.portals[o.Portal])
			r.portals[o.Portal] = p
			r.order = append(r.order, p)
		case "describe_statement":
			r.pop()
			r.pop()
		case "describe_portal":
			if len(r.wire) > 0 && (r.wire[0] == "RowDescription" || r.wire[0] == "NoData") {
				r.pop()
			}
		case "execute":
			skip = r.execute(r.portals[o.Portal])
		case "close_portal":
			r.pop()
			r.end(r.portals[o.Portal])
		case "close_statement":
			r.pop()
			r.add(track.Item{Kind: track.Deallocated, Name: o.Name})
		case "sync":
			skip = false
			r.sync()
		}
	}
	return r.items
}

func (r *replay) extendedError(o op) {
	r.pop()
	it := track.Item{Kind: track.Failed, Source: track.Execute, Name: o.Name, Text: o.SQL, Err: r.err()}
	switch o.Op {
	case "bind":
		it.Text = r.texts[o.Name]
	case "execute":
		if p := r.portals[o.Portal]; p != nil {
			it.Name, it.Text, it.Params = p.stmt, p.text, p.params
		}
	}
	r.add(it)
}

func (r *replay) sync() {
	for len(r.wire) > 0 && r.wire[0] != "ReadyForQuery" {
		r.pop()
	}
	r.pop()
	if r.status == 'I' {
		for _, p := range r.order {
			r.end(p)
		}
		r.order = nil
	}
	r.ready()
}

// end reports a portal that was not run to its end.
func (r *replay) end(p *portal) {
	if p == nil || !p.started {
		return
	}
	p.started = false
	r.add(track.Item{Kind: track.Completed, Source: track.Execute, Name: p.stmt, Text: p.text,
		Params: p.params, Partial: true, Rows: p.rows})
}

func (r *replay) execute(p *portal) (skip bool) {
	p.started = true
	for {
		switch w := r.pop(); {
		case w == "":
			return false
		case strings.HasPrefix(w, "DataRow"):
			p.rows += count(w)
		case w == "PortalSuspended":
			return false
		case w == "EmptyQuery":
			p.started = false
			r.add(track.Item{Kind: track.Completed, Source: track.Execute, Name: p.stmt, Text: p.text})
			return false
		case w == "CommandComplete":
			p.started = false
			r.add(track.Item{Kind: track.Completed, Source: track.Execute, Name: p.stmt, Text: p.text,
				Params: p.params, Tag: r.tag(), Rows: p.rows})
			return false
		case w == "Error":
			p.started = false
			r.add(track.Item{Kind: track.Failed, Source: track.Execute, Name: p.stmt, Text: p.text,
				Params: p.params, Err: r.err()})
			return true
		}
	}
}

func (r *replay) params(o op) *track.Params {
	if len(o.Params) == 0 {
		return nil
	}
	p := &track.Params{Types: r.types[o.Name]}
	for i, v := range o.Params {
		format := int16(0)
		if i < len(o.Formats) && o.Formats[i] == "binary" {
			format = 1
		}
		p.Formats = append(p.Formats, format)
		switch {
		case v == nil:
			p.Values = append(p.Values, nil)
		case format == 1 && i < len(o.ParamsHex) && o.ParamsHex[i] != nil:
			b, _ := hex.DecodeString(*o.ParamsHex[i])
			p.Values = append(p.Values, b)
		default:
			p.Values = append(p.Values, []byte(*v))
		}
	}
	return p
}
