package awsapi

import (
	"context"
	"net/http"
)

// Guard decides which calls are answered.
type Guard interface {
	// Known returns nil, or the *Error for a call that names no key that Admit could
	// accept. It is asked before more of a large body is read.
	Known(hr *http.Request, service string) error
	// Admit runs before the operation, once the body is whole. It returns nil or the *Error that the client gets, and notes in r.Caller
	// who calls. body is the request's; decode fills in a pointer to a struct with
	// those members of the input that the decision needs, by the rules that the
	// operation's own decode has.
	Admit(ctx context.Context, hr *http.Request, body []byte, r *Request, decode func(in any) error) error
}

// Caller is who makes a call.
type Caller struct {
	ARN     string // of the user, the role's session or the account's root
	UserID  string
	Account string
}

// admit has the guard look at a call.
func (h *handler) admit(r *http.Request, c *call, body []byte) error {
	c.RemoteAddr, c.UserAgent = r.RemoteAddr, r.UserAgent()
	if h.cfg.Guard == nil {
		return nil
	}
	return h.cfg.Guard.Admit(r.Context(), r, body, &c.Request, func(in any) error { return c.protocol.decode(body, in) })
}

type requestKey struct{}

// WithRequest lets an operation that does not take the Request find it by RequestOf.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestOf is the call that ctx belongs to, or nil.
func RequestOf(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}
