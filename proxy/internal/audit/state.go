package audit

import (
	"maps"
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/internal/pgtext"
)

// settings are the parameters that matter here, by name. Their maps are copied
// on write, so that a savepoint is a copy of the struct.
type settings struct {
	session map[string][]string
	local   map[string][]string // SET LOCAL: until the transaction ends
	// objects are the relations created, dropped and renamed in the open
	// transaction, oldest first: other sessions, and the catalogue, do not see them.
	objects []object
}

// An object of kind 0 was dropped.
type object struct {
	schema, name string
	kind         byte
	temp         bool
	brief        bool                // gone with the transaction's end
	def          *classify.Statement // of a view
}

// state follows what the client's statements change, with the transaction's
// rules.
type state struct {
	settings
	initial map[string][]string // what RESET goes back to
	before  settings            // as the transaction began
	saved   []savepoint
}

type savepoint struct {
	name string
	settings
}

const (
	maxSavepoints = 1000
	maxObjects    = 4096
)

// followed are the parameters that change what events say.
func followed(name string) bool {
	switch name {
	case "search_path", "role", "bytea_output", "extra_float_digits", "session_authorization", "enable_seqscan":
		return true
	}
	return false
}

// start reads the start-up message's parameters, and its options: -c name=value and
// --name=value.
func (st *state) start(params map[string]string) {
	st.initial = map[string][]string{}
	set := func(name, value string) {
		name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
		if followed(name) {
			st.initial[name] = split(name, value)
		}
	}
	fields := strings.Fields(params["options"])
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		switch {
		case f == "-c" && i+1 < len(fields):
			i++
			f = fields[i]
		case strings.HasPrefix(f, "--"):
			f = f[2:]
		case strings.HasPrefix(f, "-c"):
			f = f[2:]
		default:
			continue
		}
		if name, value, ok := strings.Cut(f, "="); ok {
			set(name, value)
		}
	}
	for name, value := range params {
		set(name, value)
	}
	st.session = st.initial
	st.before = st.settings
}

func split(name, value string) []string {
	if name == "search_path" {
		return catalog.ParseSearchPath(value)
	}
	return []string{value}
}

func (st *state) get(name string) ([]string, bool) {
	if v, ok := st.local[name]; ok {
		return v, true
	}
	v, ok := st.session[name]
	return v, ok
}

func with(m map[string][]string, name string, v []string) map[string][]string {
	c := make(map[string][]string, len(m)+1)
	maps.Copy(c, m)
	if v == nil {
		delete(c, name)
	} else {
		c[name] = v
	}
	return c
}

func (st *state) set(name string, v []string, local bool) {
	if local {
		st.local = with(st.local, name, v)
		return
	}
	st.session = with(st.session, name, v)
	if _, ok := st.local[name]; ok {
		st.local = with(st.local, name, nil)
	}
}

// touched says whether the end of the transaction changes anything.
func (st *state) touched() bool {
	return st.local != nil || len(st.objects) > 0 || len(st.saved) > 0
}

// endTransaction keeps or undoes what was done since it began.
func (st *state) endTransaction(commit bool) {
	if !commit {
		st.settings = st.before
	}
	st.local, st.objects, st.saved = nil, nil, nil
	st.before = st.settings
}

func (st *state) savepoint(name string) {
	if len(st.saved) < maxSavepoints {
		st.saved = append(st.saved, savepoint{name, st.settings})
	}
}

func (st *state) find(name string) int {
	for i := len(st.saved) - 1; i >= 0; i-- {
		if st.saved[i].name == name {
			return i
		}
	}
	return -1
}

func (st *state) rollbackTo(name string) {
	if i := st.find(name); i >= 0 {
		st.settings = st.saved[i].settings
		st.saved = st.saved[:i+1]
	}
}

func (st *state) release(name string) {
	if i := st.find(name); i >= 0 {
		st.saved = st.saved[:i]
	}
}

func (st *state) object(o object) {
	if len(st.objects) < maxObjects {
		st.objects = append(st.objects[:len(st.objects):len(st.objects)], o)
	}
}

// lookup finds the last word of the open transaction on a name.
func (st *state) lookup(schema, name string) (object, bool) {
	for i := len(st.objects) - 1; i >= 0; i-- {
		o := st.objects[i]
		if o.name == name && (schema == "" || schema == o.schema || schema == "pg_temp" && o.temp) {
			return o, true
		}
	}
	return object{}, false
}

// applyState tells the catalogue's and the printer's view of the session.
func (s *Session) applyState() {
	path, ok := s.state.get("search_path")
	if !ok {
		path = s.path
	}
	s.names.SearchPath = path
	user := s.names.Login
	if v, ok := s.state.get("session_authorization"); ok && len(v) > 0 && v[0] != "" {
		user = v[0]
	}
	if v, ok := s.state.get("role"); ok && len(v) > 0 && v[0] != "" && v[0] != "none" {
		user = v[0]
	}
	s.names.User = user
	s.print.ByteaOutput, s.print.ExtraFloatDigits = strings.ToLower(s.setting("bytea_output")), 0
	switch n, err := strconv.Atoi(s.setting("extra_float_digits")); {
	case err != nil:
	case n == 0:
		s.print.ExtraFloatDigits = pgtext.NoExtraFloatDigits
	default:
		s.print.ExtraFloatDigits = n
	}
}

// setting is a parameter's value, or the default that the catalogue told; empty if neither is known.
func (s *Session) setting(name string) string {
	if v, ok := s.state.get(name); ok && len(v) > 0 {
		return v[0]
	}
	return s.defaults[name]
}
