package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// Request is one call.
type Request struct {
	Operation string
	What      string // is wrong with it; empty: nothing
	CBOR      bool   // else JSON
	Body      []byte

	target, jsonType string
}

// Valid is a call with what the operation must have and no more. What it names need
// not exist.
func (m *Model) Valid(operation string, inCBOR bool) (Request, error) {
	return m.request(operation, "", inCBOR, m.valid(m.input(operation), depth))
}

func (m *Model) request(operation, what string, inCBOR bool, value any) (r Request, err error) {
	r = m.raw(operation, what, inCBOR, nil)
	if inCBOR {
		r.Body, err = cbor.Marshal(value)
	} else {
		r.Body, err = json.Marshal(value)
	}
	if err != nil {
		return r, fmt.Errorf("%s, %s: %w", operation, what, err)
	}
	return r, nil
}

func (m *Model) raw(operation, what string, inCBOR bool, body []byte) Request {
	return Request{Operation: operation, What: what, CBOR: inCBOR, Body: body,
		target: m.Metadata.TargetPrefix + "." + operation, jsonType: "application/x-amz-json-" + m.Metadata.JSONVersion}
}

// Bad are calls of an operation of a JSON service that no server may take, in JSON,
// or in CBOR where the service speaks that.
func (m *Model) Bad(operation string, inCBOR bool) ([]Request, error) {
	if m.Metadata.Protocol != "json" {
		return nil, fmt.Errorf("services of protocol %s are not covered", m.Metadata.Protocol)
	}
	var all []Request
	for _, b := range m.bads(m.input(operation), depth) {
		if inCBOR && b.value == "x" && strings.HasPrefix(b.what, "a text") {
			continue
		}
		r, err := m.request(operation, b.what, inCBOR, b.value)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	whole, err := m.Valid(operation, inCBOR)
	if err != nil {
		return nil, err
	}
	for n := 1; n < len(whole.Body); n++ { // every prefix, but for the empty one
		all = append(all, m.raw(operation, fmt.Sprintf("cut after %d bytes", n), inCBOR, whole.Body[:n]))
	}
	for what, body := range map[bool]map[string]string{false: badJSON, true: badCBOR}[inCBOR] {
		all = append(all, m.raw(operation, what, inCBOR, []byte(body)))
	}
	return all, nil
}

// Bodies that are no structure in either format.
var (
	badJSON = map[string]string{
		"no JSON":           "hello",
		"a list":            "[1]",
		"a text":            `"x"`,
		"a number":          "17",
		"two values":        "{} {}",
		"no name":           "{1:2}",
		"no UTF-8":          "{\"\xff\": \xfe}",
		"deep lists":        strings.Repeat("[", 100_000),
		"deep structures":   strings.Repeat(`{"StreamName":`, 100_000),
		"a deep member":     `{"StreamName":` + strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000) + "}",
		"a bad escape":      `{"StreamName":"\u12"}`,
		"a bare word":       `{"StreamName":nothing}`,
		"an endless text":   `{"StreamName":"` + strings.Repeat("a", 10_000),
		"a number too long": `{"StreamName":` + strings.Repeat("9", 100_000) + "e}",
	}
	badCBOR = map[string]string{
		"a list":              "\x81\x01",
		"a text":              "\x61x",
		"a number":            "\x17",
		"a reserved byte":     "\xbf\x61a\xfc\xff",
		"a huge map":          "\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
		"a huge text":         "\xa1\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
		"a huge list":         "\xa1\x61a\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
		"deep lists":          "\xa1\x61a" + strings.Repeat("\x81", 100_000),
		"deep endless maps":   strings.Repeat("\xbf\x61a", 50_000),
		"a map without end":   "\xbf\x61a\x01",
		"a break for a value": "\xa1\x61a\xff",
		"no UTF-8":            "\xa1\x61\xff\x01",
		"two values":          "\xa0\xa0",
	}
)

// HTTP is the request for the server at a URL.
func (r Request) HTTP(url string) (*http.Request, error) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Amz-Target", r.target)
	req.Header.Set("Content-Type", r.jsonType)
	if r.CBOR {
		req.Header.Set("Content-Type", "application/x-amz-cbor-1.1")
	}
	return req, nil
}

// Failure is an error as a service sends it.
type Failure struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

// Check wants the answer to a bad call: a client error of AWS's shape.
func (r Request) Check(status int, head http.Header, body []byte) (Failure, error) {
	var f Failure
	if status < 400 || status > 499 {
		return f, fmt.Errorf("status %d: %.200q", status, body)
	}
	var err error
	if r.CBOR {
		err = cbor.Unmarshal(body, &f)
	} else {
		err = json.Unmarshal(body, &f)
	}
	switch {
	case err != nil:
		return f, fmt.Errorf("the body is %.200q: %w", body, err)
	case f.Type == "":
		return f, fmt.Errorf("no __type: %.200q", body)
	case head.Get("X-Amzn-Requestid") == "":
		return f, fmt.Errorf("no request id")
	}
	return f, nil
}
