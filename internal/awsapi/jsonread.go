package awsapi

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sync"
)

// Limits of a JSON body beside its size.
const (
	maxJSONDepth    = 64
	maxJSONElements = 1 << 17 // of a list
)

// jsonReader decodes a body in one pass. It takes a third of encoding/json's time
// where bodies are mostly blobs, as those of PutRecords are, and differs from it
// as AWS does: member names must have the right case, blobs are decoded in
// place, and a wrong type is told in AWS's words.
type jsonReader struct {
	b      []byte
	i      int
	depth  int
	fields *fieldCache
}

// fieldCache has the members of structs by name, so that each type is looked at
// once.
type fieldCache struct {
	types sync.Map // reflect.Type to map[string][]int
}

func (c *fieldCache) of(t reflect.Type) map[string][]int {
	if m, ok := c.types.Load(t); ok {
		return m.(map[string][]int)
	}
	members := make(map[string][]int)
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := bytes.Cut([]byte(f.Tag.Get("json")), []byte{','})
		switch {
		case !f.IsExported() || string(name) == "-" || f.Anonymous && len(name) == 0:
			continue
		case len(name) == 0:
			name = []byte(f.Name)
		}
		if old, ok := members[string(name)]; !ok || len(f.Index) < len(old) {
			members[string(name)] = f.Index
		}
	}
	c.types.Store(t, members)
	return members
}

// read decodes the whole body into the struct that in points to.
func (r *jsonReader) read(in any) error {
	if r.space() != '{' {
		return serialization("")
	}
	if err := r.value(reflect.ValueOf(in).Elem()); err != nil {
		return err
	}
	if r.space(); r.i != len(r.b) {
		return serialization("")
	}
	return nil
}

// space skips white space and returns the byte behind it, 0 at the end.
func (r *jsonReader) space() byte {
	for ; r.i < len(r.b); r.i++ {
		switch c := r.b[r.i]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// value decodes the next value; into an invalid v it is skipped.
func (r *jsonReader) value(v reflect.Value) error {
	c := r.space()
	if c == 'n' {
		if err := r.word("null"); err != nil {
			return err
		}
		if v.IsValid() {
			v.SetZero()
		}
		return nil
	}
	for v.IsValid() && v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	if v.IsValid() {
		if u, ok := v.Addr().Interface().(json.Unmarshaler); ok {
			return r.raw(u.UnmarshalJSON)
		}
		if v.Kind() == reflect.Interface {
			return r.raw(func(b []byte) error { return json.Unmarshal(b, v.Addr().Interface()) })
		}
	}
	switch c {
	case '{', '[':
		if r.depth++; r.depth > maxJSONDepth {
			return serialization("")
		}
		defer func() { r.depth-- }()
		r.i++
		if c == '[' {
			return r.list(v)
		}
		return r.object(v)
	case '"':
		return r.text(v)
	case 't':
		return r.boolean(v, "true")
	case 'f':
		return r.boolean(v, "false")
	}
	return r.number(v)
}

// raw has a value's own decoder read it.
func (r *jsonReader) raw(decode func([]byte) error) error {
	from := r.i
	if err := r.value(reflect.Value{}); err != nil {
		return err
	}
	if err := decode(r.b[from:r.i]); err != nil {
		return serialization(err.Error())
	}
	return nil
}

// word reads null, true or false.
func (r *jsonReader) word(w string) error {
	if !bytes.HasPrefix(r.b[r.i:], []byte(w)) {
		return serialization("")
	}
	r.i += len(w)
	return nil
}

func (r *jsonReader) object(v reflect.Value) error {
	var members map[string][]int
	isMap := false
	if v.IsValid() {
		switch {
		case v.Kind() == reflect.Struct:
			members = r.fields.of(v.Type())
		case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
			if isMap = true; v.IsNil() {
				v.Set(reflect.MakeMap(v.Type()))
			}
		default:
			return serialization("Start of structure or map found where not expected.")
		}
	}
	return r.members('}', func(int) error {
		if r.space() != '"' {
			return serialization("")
		}
		name, err := r.str()
		if err != nil {
			return err
		}
		if r.space() != ':' {
			return serialization("")
		}
		r.i++
		if isMap {
			elem := reflect.New(v.Type().Elem()).Elem()
			if err := r.value(elem); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(string(name)).Convert(v.Type().Key()), elem)
			return nil
		}
		if index, ok := members[string(name)]; ok {
			return r.value(v.FieldByIndex(index))
		}
		return r.value(reflect.Value{})
	})
}

func (r *jsonReader) list(v reflect.Value) error {
	if v.IsValid() {
		if v.Kind() != reflect.Slice || v.Type().Elem().Kind() == reflect.Uint8 {
			return serialization("Start of list found where not expected.")
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	return r.members(']', func(n int) error {
		if !v.IsValid() {
			return r.value(v)
		}
		if n >= maxJSONElements {
			return serialization("")
		}
		v.Grow(1)
		v.SetLen(n + 1)
		return r.value(v.Index(n))
	})
}

// members reads what is between the brackets, with commas between; each reads
// one member.
func (r *jsonReader) members(end byte, each func(n int) error) error {
	for n := 0; ; n++ {
		switch c := r.space(); {
		case c == end && n == 0:
			r.i++
			return nil
		case c == 0:
			return serialization("")
		}
		if err := each(n); err != nil {
			return err
		}
		switch r.space() {
		case ',':
			r.i++
		case end:
			r.i++
			return nil
		default:
			return serialization("")
		}
	}
}
