package awsapi

import (
	"context"
	"net/http"
)

// Observer sees calls come and go. The request is as the client has sent it, without
// its body; service and operation are among those that are served, or both empty, so
// that clients cannot make up names.
type Observer func(r *http.Request, service, operation string) (ctx context.Context, answered func(Outcome))

// Outcome is what became of a call.
type Outcome struct {
	Status int    // of the HTTP answer; 0: the connection was cut before there was one
	Code   string // of the error, also of one that ends an event stream; empty: none
}

// observe tells the observer of a call.
func (h *handler) observe(r *http.Request, c *call) (*http.Request, func(Outcome)) {
	service, operation := c.Service, c.Operation
	if c.op == nil {
		service, operation = "", ""
	}
	ctx, answered := h.cfg.Observe(r, service, operation)
	return r.WithContext(ctx), answered
}
