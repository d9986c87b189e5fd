package contract

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"

	"github.com/fxamacker/cbor/v2"
)

// Format is how a call and its answer are written.
type Format int

// The formats: JSON and CBOR are those of the services that X-Amz-Target tells apart,
// Query that of forms and XML.
const (
	JSON Format = iota
	CBOR
	Query
)

// Request is one call.
type Request struct {
	Operation string
	What      string // is wrong with it; empty: nothing
	Format    Format
	Body      []byte

	model *Model
}

// Valid is a call with what the operation must have and no more. What it names need
// not exist.
func (m *Model) Valid(operation string, f Format) (Request, error) {
	return m.request(operation, "", f, m.valid(m.input(operation), depth))
}

func (m *Model) request(operation, what string, f Format, value any) (r Request, err error) {
	r = Request{Operation: operation, What: what, Format: f, model: m}
	switch f {
	case CBOR:
		r.Body, err = cbor.Marshal(value)
	case Query:
		r.Body = m.form(operation, value)
	default:
		r.Body, err = json.Marshal(value)
	}
	if err != nil {
		return r, fmt.Errorf("%s, %s: %w", operation, what, err)
	}
	return r, nil
}

// Bad are calls of an operation that no server may take.
func (m *Model) Bad(operation string, f Format) ([]Request, error) {
	if query := m.Metadata.Protocol == "query"; query != (f == Query) {
		return nil, fmt.Errorf("the service speaks %s", m.Metadata.Protocol)
	}
	var all []Request
	for _, b := range m.bads(m.input(operation), depth) {
		if f == Query && b.typed {
			continue
		}
		r, err := m.request(operation, b.what, f, b.value)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if f == Query { // whatever else is a form
		return all, nil
	}
	whole, err := m.Valid(operation, f)
	if err != nil {
		return nil, err
	}
	for n := 1; n < len(whole.Body); n++ { // every prefix, but for the empty one
		all = append(all, Request{operation, fmt.Sprintf("cut after %d bytes", n), f, whole.Body[:n], m})
	}
	for what, body := range map[Format]map[string]string{JSON: badJSON, CBOR: badCBOR}[f] {
		all = append(all, Request{operation, what, f, []byte(body), m})
	}
	return all, nil
}

// HTTP is the request for the server at a URL.
func (r Request) HTTP(url string) (*http.Request, error) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	meta := r.model.Metadata
	switch r.Format {
	case Query:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		return req, nil
	case CBOR:
		req.Header.Set("Content-Type", "application/x-amz-cbor-1.1")
	default:
		req.Header.Set("Content-Type", "application/x-amz-json-"+meta.JSONVersion)
	}
	req.Header.Set("X-Amz-Target", meta.TargetPrefix+"."+r.Operation)
	return req, nil
}

// Failure is an error as a service sends it.
type Failure struct {
	Type    string `json:"__type"` // the code
	Message string `json:"message"`
}

// Check wants the answer to a bad call: a client error of AWS's shape.
func (r Request) Check(status int, head http.Header, body []byte) (f Failure, err error) {
	if status < 400 || status > 499 {
		return f, fmt.Errorf("status %d: %.200q", status, body)
	}
	switch r.Format {
	case CBOR:
		err = cbor.Unmarshal(body, &f)
	case Query:
		var x struct {
			XMLName   xml.Name `xml:"ErrorResponse"`
			Type      string   `xml:"Error>Type"`
			Code      string   `xml:"Error>Code"`
			Message   string   `xml:"Error>Message"`
			RequestID string   `xml:"RequestId"`
		}
		if err = xml.Unmarshal(body, &x); err == nil && (x.Type != "Sender" || x.RequestID == "") {
			err = fmt.Errorf("the type is %q, the request id %q", x.Type, x.RequestID)
		}
		f = Failure{x.Code, x.Message}
	default:
		err = json.Unmarshal(body, &f)
	}
	switch {
	case err != nil:
		return f, fmt.Errorf("the body is %.200q: %w", body, err)
	case f.Type == "":
		return f, fmt.Errorf("no code: %.200q", body)
	case head.Get("X-Amzn-Requestid") == "":
		return f, fmt.Errorf("no request id")
	}
	return f, nil
}
