package sigv4

import "fmt"

// Kind tells apart what services have different error codes for.
type Kind int

// The kinds of errors, in the order in which they are looked for.
const (
	Missing    Kind = iota + 1 // the request is not signed
	Incomplete                 // the signature lacks a part, or cannot be read
	Mismatch                   // too old, too new, of another scope, or wrong
)

// Error says why a signature is not accepted, in AWS's words.
type Error struct {
	Kind    Kind
	Message string
}

func (e *Error) Error() string { return e.Message }

func incomplete(format string, args ...any) *Error {
	return &Error{Kind: Incomplete, Message: fmt.Sprintf(format, args...)}
}

func mismatch(format string, args ...any) *Error {
	return &Error{Kind: Mismatch, Message: fmt.Sprintf(format, args...)}
}

const wrongSignature = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
