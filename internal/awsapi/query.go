package awsapi

import "net/url"

// query is the Query protocol: a form in, XML out. form holds the parameters of
// the one request that it serves, from the body and the URL.
type query struct {
	form url.Values
}

// newQuery makes the protocol for one request. The handler has read Action from
// the form already.
func newQuery(form url.Values) protocol { return query{form} }

func (q query) contentType() string { return "text/xml" }

// decode reads the form, not the body.
func (q query) decode(_ []byte, in any) error {
	return Errorf("InvalidAction", "The query protocol is not served.")
}

func (q query) encode(r *Request, out any) ([]byte, error) { return nil, nil }

func (q query) encodeError(r *Request, e *Error) []byte {
	return []byte(`<ErrorResponse><Error><Type>Sender</Type><Code>` + e.Code + `</Code></Error></ErrorResponse>`)
}

func (q query) unknown(r *Request) *Error {
	return Errorf("InvalidAction", "Could not find operation %s for version %s", r.Operation, q.form.Get("Version"))
}
