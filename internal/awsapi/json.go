package awsapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// jsonProtocol is AWS JSON 1.0 and 1.1, which differ in name only.
type jsonProtocol struct {
	version10 bool
	fields    *fieldCache
}

func (p jsonProtocol) contentType() string {
	if p.version10 {
		return "application/x-amz-json-1.0"
	}
	return "application/x-amz-json-1.1"
}

// decode takes no body for an empty object: some clients send none.
func (p jsonProtocol) decode(body []byte, in any) error {
	if len(body) == 0 {
		return nil
	}
	r := jsonReader{b: body, fields: p.fields}
	return r.read(in)
}

func (jsonProtocol) encode(_ *Request, out any) ([]byte, error) {
	if out == nil {
		return nil, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

func (p jsonProtocol) encodeError(r *Request, e *Error) []byte {
	if b, err := p.encode(r, errorMembers(e)); err == nil {
		return b
	}
	b, _ := json.Marshal(map[string]string{"__type": e.Code, "message": e.Message})
	return b
}

func (jsonProtocol) unknown(*Request) *Error { return unknownTarget() }

// valueKind is the name that AWS's parser has for the token that b begins with.
func valueKind(b []byte) string {
	if len(b) > 0 {
		switch b[0] {
		case '"':
			return "STRING_VALUE"
		case 't':
			return "TRUE_VALUE"
		case 'f':
			return "FALSE_VALUE"
		case '{':
			return "START_OBJECT"
		case '[':
			return "START_ARRAY"
		}
	}
	return "NUMBER_VALUE"
}

// shapeName is what AWS calls a Go type in its complaints.
func shapeName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return "a Boolean"
	case reflect.Int, reflect.Int32:
		return "an Integer"
	case reflect.Int64:
		return "a Long"
	case reflect.Float32, reflect.Float64:
		return "a Double"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "a Blob"
		}
		return "a List"
	case reflect.Map, reflect.Struct:
		return "a Structure"
	}
	return "a String"
}
