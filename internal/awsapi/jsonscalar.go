package awsapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// str reads a string. What it returns may be a part of the body.
func (r *jsonReader) str() ([]byte, error) {
	from := r.i + 1
	n := bytes.IndexByte(r.b[from:], '"')
	if n < 0 {
		return nil, serialization("")
	}
	s := r.b[from : from+n]
	if plain(s) {
		r.i = from + n + 1
		return s, nil
	}
	end := from // of the string: the first quote without a backslash before it
	for ; end < len(r.b) && r.b[end] != '"'; end++ {
		if r.b[end] == '\\' {
			end++
		}
	}
	if end >= len(r.b) {
		return nil, serialization("")
	}
	var unescaped string
	if err := json.Unmarshal(r.b[r.i:end+1], &unescaped); err != nil {
		return nil, serialization("")
	}
	r.i = end + 1
	return []byte(unescaped), nil
}

// plain reports whether a string stands for itself.
func plain(s []byte) bool {
	if bytes.IndexByte(s, '\\') >= 0 {
		return false
	}
	for _, c := range s {
		if c < ' ' {
			return false
		}
	}
	return utf8.Valid(s)
}

func (r *jsonReader) text(v reflect.Value) error {
	if v.IsValid() && v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		return r.blob(v)
	}
	s, err := r.str()
	switch {
	case err != nil || !v.IsValid():
		return err
	case v.Kind() != reflect.String:
		return serialization("STRING_VALUE can not be converted to " + shapeName(v.Type()))
	}
	v.SetString(string(s))
	return nil
}

// blob decodes base64. A string of its alphabet needs no other look.
func (r *jsonReader) blob(v reflect.Value) error {
	from := r.i + 1
	n := bytes.IndexByte(r.b[from:], '"')
	if n < 0 {
		return serialization("")
	}
	s := r.b[from : from+n]
	if bytes.IndexByte(s, '\\') >= 0 || bytes.IndexByte(s, '\n') >= 0 || bytes.IndexByte(s, '\r') >= 0 {
		var err error
		if s, err = r.str(); err != nil {
			return err
		}
	} else {
		r.i = from + n + 1
	}
	data := make([]byte, base64.StdEncoding.DecodedLen(len(s)))
	n, err := base64.StdEncoding.Decode(data, s)
	if err != nil {
		if len(s)%4 != 0 {
			return serialization("STRING_VALUE can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: " + strconv.Itoa(len(s)))
		}
		return serialization("STRING_VALUE can not be converted to a Blob")
	}
	v.SetBytes(data[:n])
	return nil
}

func (r *jsonReader) boolean(v reflect.Value, w string) error {
	if err := r.word(w); err != nil || !v.IsValid() {
		return err
	}
	if v.Kind() != reflect.Bool {
		return serialization(map[string]string{"true": "TRUE", "false": "FALSE"}[w] + "_VALUE can not be converted to " + shapeName(v.Type()))
	}
	v.SetBool(w == "true")
	return nil
}

func (r *jsonReader) number(v reflect.Value) error {
	from := r.i
	for r.i < len(r.b) && bytes.IndexByte([]byte("+-.0123456789Ee"), r.b[r.i]) >= 0 {
		r.i++
	}
	s := r.b[from:r.i]
	if len(s) == 0 || !json.Valid(s) {
		return serialization("")
	}
	if !v.IsValid() {
		return nil
	}
	bits := 64
	if v.CanInt() || v.CanUint() || v.CanFloat() {
		bits = v.Type().Bits()
	}
	var err error
	switch text := string(s); {
	case v.CanInt():
		var n int64
		n, err = strconv.ParseInt(text, 10, bits)
		v.SetInt(n)
	case v.CanUint():
		var n uint64
		n, err = strconv.ParseUint(text, 10, bits)
		v.SetUint(n)
	case v.CanFloat():
		var n float64
		n, err = strconv.ParseFloat(text, bits)
		v.SetFloat(n)
	default:
		err = strconv.ErrSyntax
	}
	if err != nil {
		return serialization("NUMBER_VALUE can not be converted to " + shapeName(v.Type()))
	}
	return nil
}
