package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// EventStream is the output of an operation that answers with events for a while
// instead of once. What can be refused is refused before it is made.
type EventStream struct {
	// Run sends events until it returns: nil ends the stream as it should end, an
	// *Error as the exception of that name. ctx ends when the client has gone or
	// the server stops, and send returns an error then. payload is encoded as the
	// request was.
	Run func(ctx context.Context, send func(event string, payload any) error) error
}

// typeEvents is the media type of event streams.
const typeEvents = "application/vnd.amazon.eventstream"

// How long a client may leave what it is sent unread, and how long it may once the
// stream is to end.
const (
	sendPatience = 30 * time.Second
	endPatience  = time.Second
)

// eventWriter sends the frames of one stream.
type eventWriter struct {
	ctx     context.Context
	w       http.ResponseWriter
	control *http.ResponseController
	c       *call
	frame   []byte
}

// stream answers with events. The first frame tells the client that the
// subscription stands: AWS's SDKs return from the call when they have it.
func (h *handler) stream(w http.ResponseWriter, r *http.Request, c *call, events *EventStream) {
	e := &eventWriter{ctx: r.Context(), w: w, control: http.NewResponseController(w), c: c}
	head := w.Header()
	head["X-Amzn-Requestid"] = []string{c.ID}
	head["X-Amz-Id-2"] = []string{c.id2}
	head["Content-Type"] = []string{typeEvents}
	c.outcome.Status = http.StatusOK
	w.WriteHeader(http.StatusOK)

	hurried := make(chan struct{})
	stop := context.AfterFunc(e.ctx, func() { // a write that waits for the client must end
		defer close(hurried)
		_ = e.control.SetWriteDeadline(time.Now().Add(endPatience))
	})
	defer func() {
		if !stop() {
			<-hurried // w is not to be used once the handler has returned
		}
	}()

	err := e.event("initial-response", struct{}{})
	if err == nil {
		err = h.events(c, events, e)
	}
	if err != nil && e.ctx.Err() == nil {
		e.exception(h, err)
	}
}

// events runs the stream and makes an error of a panic.
func (h *handler) events(c *call, events *EventStream, e *eventWriter) (err error) {
	defer h.caught(c, &err)
	return events.Run(e.ctx, e.event)
}

func (e *eventWriter) event(name string, payload any) error {
	body, err := e.c.protocol.encode(&e.c.Request, payload)
	if err != nil {
		return err
	}
	return e.write(body, header{":message-type", "event"}, header{":event-type", name},
		header{":content-type", e.c.protocol.contentType()})
}

// exception ends the stream with an error. One that is not meant for clients is in
// the log only.
func (e *eventWriter) exception(h *handler, err error) {
	var known *Error
	if !errors.As(err, &known) {
		h.cfg.Logger.Error("event stream failed", "service", e.c.Service, "operation", e.c.Operation,
			"request", e.c.ID, "error", err)
		known = internalFailure()
	}
	e.c.outcome.Code = known.Code
	_ = e.write(e.c.protocol.encodeError(&e.c.Request, known), header{":message-type", "exception"}, // the client may be gone
		header{":exception-type", known.Code}, header{":content-type", e.c.protocol.contentType()})
}

func (e *eventWriter) write(payload []byte, headers ...header) error {
	e.frame = appendFrame(e.frame[:0], payload, headers...)
	if err := e.control.SetWriteDeadline(time.Now().Add(sendPatience)); err != nil {
		return fmt.Errorf("send an event: %w", err)
	}
	if err := e.ctx.Err(); err != nil { // behind SetWriteDeadline: the one of the end comes last
		return fmt.Errorf("send an event: %w", err)
	}
	if _, err := e.w.Write(e.frame); err != nil {
		return fmt.Errorf("send an event: %w", err)
	}
	if err := e.control.Flush(); err != nil {
		return fmt.Errorf("send an event: %w", err)
	}
	if cap(e.frame) > 4<<20 { // let the rare giant go
		e.frame = nil
	}
	// HTTP/2 would reset the stream at the deadline, whether or not it has to wait.
	if err := e.control.SetWriteDeadline(time.Time{}); err != nil {
		return fmt.Errorf("send an event: %w", err)
	}
	return nil
}
