package awsapi

import (
	"context"
	"fmt"
	"net/http"
)

// Request is what an operation may know of the HTTP request it answers.
type Request struct {
	Service   string // "kinesis", "kms", "rds"
	Operation string // "PutRecords"
	Region    string // from the credential scope, else the server's own
	AccountID string // a 12-digit access key id, else the server's own
	AccessKey string
	ID        string // the x-amzn-RequestId of the answer

	Caller     Caller // as the Guard has found it; zero without one
	RemoteAddr string // the client's address, HOST:PORT
	UserAgent  string
}

// Operation answers one call. decode fills in a pointer to the input struct
// from the request's wire format and returns an *Error for bad input. A nil
// output is an empty answer.
type Operation func(ctx context.Context, r *Request, decode func(in any) error) (out any, err error)

// Op makes an Operation of a function with typed input and output.
func Op[In, Out any](f func(ctx context.Context, r *Request, in *In) (*Out, error)) Operation {
	return func(ctx context.Context, r *Request, decode func(any) error) (any, error) {
		in := new(In)
		if err := decode(in); err != nil {
			return nil, err
		}
		out, err := f(ctx, r, in)
		if err != nil || out == nil {
			return nil, err // not out: a nil *Out is no nil any
		}
		return out, nil
	}
}

// Service is one AWS service: its operations by name.
type Service interface {
	// Name is the service's signing name: "kinesis", "kms", "rds".
	Name() string
	// Operation returns nil for an operation that is not served.
	Operation(name string) Operation
}

// Error is the one error type that AWS clients see.
type Error struct {
	Code    string // "ResourceNotFoundException"
	Message string
	Status  int            // HTTP status; 0 means 400
	Fields  map[string]any // further members of the error shape
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// HTTPStatus is the status that the error is sent with.
func (e *Error) HTTPStatus() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// Errorf makes a client error (HTTP 400).
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
