package awsapi

import (
	"cmp"
	"encoding/base64"
	"maps"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of one form. RDS publishes none; these are far above what its largest
// call needs and keep a hostile form from costing more than its own size.
const (
	queryMaxDepth = 16    // names in a key: Filters.Filter.1.Values.Value.1 has 6
	queryMaxKeys  = 8192  // parameters in a form
	queryMaxIndex = 10000 // the number of a list member
)

// query is the Query protocol: a form in, XML out.
//
// Input structs are filled in by member name, which is the Go field's name. A
// list's members are numbered below the name that its member tag gives, or
// below "member":
//
//	Filters []Filter `member:"Filter"`  ←  Filters.Filter.1.Name=engine
//
// The XML of an answer follows the same tags.
type query struct {
	form    url.Values
	tooMany bool // there were more parameters than the form has
}

// formNode is one name of the keys of a form. A node has a value, or children,
// or (in a hostile form) both.
type formNode struct {
	value    string
	has      bool
	children map[string]*formNode
}

func malformed(message string) *Error { return &Error{Code: "MalformedInput", Message: message} }

func (n *formNode) add(key, value string) *Error {
	if strings.Count(key, ".") >= queryMaxDepth {
		return malformed("Key is nested too deeply")
	}
	for name := range strings.SplitSeq(key, ".") {
		c := n.children[name]
		if c == nil {
			c = &formNode{}
			if n.children == nil {
				n.children = make(map[string]*formNode)
			}
			n.children[name] = c
		}
		n = c
	}
	n.value, n.has = value, true
	return nil
}

func (q query) contentType() string { return "text/xml" }

// decode reads the form, which the handler made of the body and the URL.
func (q query) decode(_ []byte, in any) error {
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return internalFailure()
	}
	if q.tooMany || len(q.form) > queryMaxKeys {
		return malformed("Too many parameters")
	}
	root := &formNode{}
	for key, values := range q.form {
		if err := root.add(key, values[0]); err != nil {
			return err
		}
	}
	if err := root.intoStruct(v.Elem()); err != nil {
		return err
	}
	return nil
}

func (n *formNode) intoStruct(v reflect.Value) *Error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		c := n.children[f.Name]
		if c == nil || !f.IsExported() {
			continue
		}
		if err := c.into(v.Field(i), f.Tag.Get("member"), f.Name); err != nil {
			return err
		}
	}
	return nil
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	bytesType = reflect.TypeFor[[]byte]()
)

// into sets v from the node; name is for the error, member is the name of a
// list's members.
func (n *formNode) into(v reflect.Value, member, name string) *Error {
	switch {
	case v.Kind() == reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		if err := n.into(p.Elem(), member, name); err != nil {
			return err
		}
		v.Set(p)
		return nil
	case v.Type().ConvertibleTo(timeType):
		t, ok := parseISOTime(n.value)
		if !ok {
			return malformed("Invalid date value for " + name + ": it is not ISO 8601")
		}
		v.Set(reflect.ValueOf(t).Convert(v.Type()))
		return nil
	case v.Type() == bytesType:
		b, err := base64.StdEncoding.DecodeString(n.value)
		if err != nil {
			return malformed("Invalid base64 value for " + name)
		}
		v.SetBytes(b)
		return nil
	case v.Kind() == reflect.Slice:
		return n.intoList(v, member, name)
	case v.Kind() == reflect.Struct:
		if n.has && n.value != "" {
			return malformed("Unexpected value for structure " + name)
		}
		return n.intoStruct(v)
	case len(n.children) > 0:
		return malformed("Start of list found where not expected: " + name)
	}
	return n.intoScalar(v, name)
}

func (n *formNode) intoScalar(v reflect.Value, name string) *Error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.value)
	case reflect.Bool:
		switch strings.ToLower(n.value) {
		case "true":
			v.SetBool(true)
		case "false":
			v.SetBool(false)
		default:
			return malformed("Invalid boolean value for " + name)
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(n.value, 10, v.Type().Bits())
		if err != nil {
			return malformed("Invalid integer value for " + name)
		}
		v.SetInt(i)
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(n.value, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return malformed("Invalid number for " + name)
		}
		v.SetFloat(f)
	default: // a kind that no input struct has
		return internalFailure()
	}
	return nil
}

// intoList reads Name.Member.N, Name.member.N and Name.N alike, by rising N;
// gaps are closed. A lone "Name=" is an empty list.
func (n *formNode) intoList(v reflect.Value, member, name string) *Error {
	if len(n.children) == 0 {
		if n.value != "" {
			return malformed("Unexpected value for list " + name)
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return nil
	}
	items := n
	for _, m := range []string{member, "member"} {
		if c := n.children[m]; c != nil && m != "" {
			items = c
			break
		}
	}
	if len(items.children) == 0 && items.value != "" {
		return malformed("Unexpected value for list " + name)
	}
	index := make(map[int]*formNode, len(items.children))
	for key, c := range items.children {
		i, err := strconv.Atoi(key)
		if err != nil || i < 1 || i > queryMaxIndex {
			return malformed("Invalid list index in " + name)
		}
		index[i] = c
	}
	list := reflect.MakeSlice(v.Type(), len(index), len(index))
	for at, i := range slices.Sorted(maps.Keys(index)) {
		if err := index[i].into(list.Index(at), "", name); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

// parseISOTime reads the ISO 8601 forms that SDKs and people send; a time
// without a zone is UTC.
func parseISOTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00",
		"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// unknown follows RDS: the action is named with the API version asked for.
func (q query) unknown(r *Request) *Error {
	return Errorf("InvalidAction", "Could not find operation %s for version %s",
		r.Operation, cmp.Or(q.form.Get("Version"), "NO_VERSION_SPECIFIED"))
}
