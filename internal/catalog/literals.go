package catalog

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/internal/querytree"
)

// unread begins the value of a constant whose literal the server was not given and that is not read here either.
const unread = "unread "

// locates says whether the server tells where the constants of a text stand as it was sent: in bytes of its own encoding.
func (d *database) locates(sql classify.Inert) bool {
	switch d.side.conn.PgConn().ParameterStatus("server_encoding") {
	case "UTF8", "SQL_ASCII":
		return true
	}
	if len(sql.Literals()) == 0 {
		return true
	}
	return strings.IndexFunc(sql.Text(), func(r rune) bool { return r > 0x7f }) < 0
}

// restore puts literals that the server was not given back into the tree, where it has NULLs for them.
func (t *tree) restore(literals []classify.Literal) {
	if len(literals) == 0 {
		return
	}
	at := make(map[int]string, len(literals))
	for _, l := range literals {
		at[l.At] = l.Value
	}
	t.restoreIn(t.root, at)
}

func (t *tree) restoreIn(v querytree.Value, at map[int]string) {
	for _, e := range v.List {
		t.restoreIn(e, at)
	}
	n := v.Node
	if n == nil {
		return
	}
	if n.Kind == "CONST" {
		// What is stored, of views and rules, has no location, -1.
		if value, ok := at[n.Int("location")]; ok && n.Has("location") {
			t.restoreConst(n, value)
		}
		return
	}
	for _, f := range n.Fields {
		t.restoreIn(f.Value, at)
	}
}

func (t *tree) restoreConst(n *querytree.Node, literal string) {
	typ := n.OID("consttype")
	bytes, known := constBytes(typ, literal)
	if !known {
		bytes = unread + literal
	}
	const boolOID = 16
	t.byText = t.byText || typ == boolOID
	for i := range n.Fields {
		switch f := &n.Fields[i]; f.Name {
		case "constisnull":
			f.Value = querytree.Value{Token: "false"}
		case "constvalue":
			f.Value = querytree.Value{Token: strconv.Itoa(len(literal)), Rest: bytes}
		}
	}
}

// constBytes prints the value of a literal as the server prints that of a constant, for the types whose values are
// compared here.
func constBytes(typ uint32, literal string) (string, bool) {
	var b []byte
	switch typ {
	case 25, 1043: // text, varchar
		b = binary.LittleEndian.AppendUint32(nil, uint32(len(literal)+4)<<2)
		b = append(b, literal...)
	case 16: // bool
		value, ok := boolean(literal)
		if !ok {
			return "", false
		}
		b = make([]byte, 8)
		if value {
			b[0] = 1
		}
	case 21, 23, 20: // int2, int4, int8
		value, err := strconv.ParseInt(strings.TrimSpace(literal), 10, map[uint32]int{21: 16, 23: 32, 20: 64}[typ])
		if err != nil {
			return "", false
		}
		b = binary.LittleEndian.AppendUint64(nil, uint64(value))
	default:
		return "", false
	}
	var out strings.Builder
	out.WriteString("[ ")
	for _, c := range b {
		out.WriteString(strconv.Itoa(int(int8(c))))
		out.WriteByte(' ')
	}
	out.WriteByte(']')
	return out.String(), true
}

// boolean reads a value of type boolean: beginnings of the words that are told apart by them.
func boolean(literal string) (value, ok bool) {
	s := strings.ToLower(strings.TrimSpace(literal))
	begins := func(word string, least int) bool { return len(s) >= least && strings.HasPrefix(word, s) }
	switch {
	case s == "1", begins("true", 1), begins("yes", 1), begins("on", 2):
		return true, true
	case s == "0", begins("false", 1), begins("no", 1), begins("off", 2):
		return false, true
	}
	return false, false
}
