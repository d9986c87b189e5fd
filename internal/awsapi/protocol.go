package awsapi

// protocol is one wire format for calls and answers. The handler picks one for
// each request; a protocol value may hold what was parsed while picking it (the
// form of a query request, say), so it serves one request only.
type protocol interface {
	// contentType is the Content-Type of every answer.
	contentType() string

	// decode fills in the struct that in points to. Members that the struct
	// does not have are ignored. body is the request's body; it is reused
	// after the answer, so nothing in the struct may alias it. Every error is
	// an *Error that blames the client.
	decode(body []byte, in any) error

	// encode writes an operation's output; nil is an empty answer. An error
	// is a defect of the server's.
	encode(r *Request, out any) ([]byte, error)

	// encodeError writes an error. It cannot fail: what cannot be written
	// is left out.
	encodeError(r *Request, e *Error) []byte

	// unknown is AWS's error for an operation that the service lacks.
	unknown(r *Request) *Error
}

// unknownTarget is the answer to an X-Amz-Target that names no operation. AWS
// sends it without a message.
func unknownTarget() *Error { return &Error{Code: "UnknownOperationException"} }

// internalFailure hides what went wrong; the log has it.
func internalFailure() *Error {
	return &Error{Code: "InternalFailure", Status: 500,
		Message: "The request processing has failed because of an unknown error, exception or failure."}
}

// unavailable answers a call that the server's end cuts short.
func unavailable() *Error {
	return &Error{Code: "ServiceUnavailable", Status: 503,
		Message: "The request has failed due to a temporary failure of the server."}
}

// serialization is AWS's error for a body that does not fit the operation.
func serialization(message string) *Error {
	return &Error{Code: "SerializationException", Message: message}
}

// errorMembers is the error shape of the JSON and CBOR protocols.
func errorMembers(e *Error) map[string]any {
	m := make(map[string]any, len(e.Fields)+2)
	for k, v := range e.Fields {
		m[k] = v
	}
	m["__type"] = e.Code
	if e.Message != "" {
		m["message"] = e.Message
	}
	return m
}
