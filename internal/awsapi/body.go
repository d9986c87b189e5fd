package awsapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// The bounds of bodies. A caller is known only once its body is whole, since the
// signature is over it, so they hold for everybody.
const (
	// smallBody takes no room and needs no known key: the header may have as much.
	smallBody = 64 << 10
	// allBodies is the room of the larger ones that are on their way or worked on.
	allBodies    = 128 << 20
	roomPatience = 10 * time.Second

	// A client may stay silent for bodyPatience. Its whole body has that time and
	// a second for each bodyRate bytes that have come.
	bodyPatience = 30 * time.Second
	bodyRate     = 256 << 10
)

var (
	errLateBody = errors.New("the body comes too slowly")
	errNoRoom   = errors.New("there is no room for the body")
)

// body is what a call has sent, and the room that it takes.
type body struct {
	data  []byte
	room  *room
	taken int64
}

// newBody has memory for a small body.
func (h *handler) newBody() *body {
	b := &body{room: h.room}
	if kept, ok := h.buffers.Get().(*[]byte); ok {
		b.data = (*kept)[:0]
	}
	return b
}

// free gives memory and room back. It may be called again.
func (b *body) free(h *handler) {
	if data := b.data; data != nil && cap(data) <= 2*smallBody {
		h.buffers.Put(&data)
	}
	b.room.give(b.taken)
	b.data, b.taken = nil, 0
}

// read takes the body as it comes. Its error may be an *Error.
func (h *handler) read(w http.ResponseWriter, r *http.Request, b *body) error {
	src := http.MaxBytesReader(w, r.Body, h.cfg.MaxBody)
	if done, err := b.fill(src, smallBody, time.Now()); done || err != nil {
		return err
	}
	size := h.cfg.MaxBody
	if r.ContentLength >= 0 {
		size = r.ContentLength
	}
	if size > h.cfg.MaxBody {
		return &http.MaxBytesError{Limit: h.cfg.MaxBody}
	}
	if h.cfg.Guard != nil {
		if err := h.cfg.Guard.Known(r, h.routeAny(r, b.data).Service); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), roomPatience)
	defer cancel()
	if !b.room.take(ctx, size) {
		// A client that is still sending may not look for an answer.
		return cmp.Or(b.skip(src, time.Now()), errNoRoom)
	}
	b.taken = size
	_, err := b.fill(src, int(size)+1, time.Now()) // the wait was not the client's
	return err
}

// fill reads until there are n bytes or, done, until the body ends. Memory grows with
// what has come, to n at most.
func (b *body) fill(src io.Reader, n int, began time.Time) (done bool, err error) {
	for len(b.data) < n {
		if len(b.data) == cap(b.data) {
			grown := make([]byte, len(b.data), min(max(2*cap(b.data), 4<<10), n))
			copy(grown, b.data)
			b.data = grown
		}
		m, err := src.Read(b.data[len(b.data):min(n, cap(b.data))])
		b.data = b.data[:len(b.data)+m]
		switch {
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, err
		case time.Since(began) > bodyPatience+time.Duration(len(b.data))*time.Second/bodyRate:
			return false, errLateBody
		}
	}
	return false, nil
}

// skip reads the rest of the body and keeps nothing of it.
func (b *body) skip(src io.Reader, began time.Time) error {
	for came := 0; ; {
		m, err := src.Read(b.data[:cap(b.data)])
		came += m
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case time.Since(began) > bodyPatience+time.Duration(came)*time.Second/bodyRate:
			return errLateBody
		}
	}
}

// bodyError is what a client is told that sent no whole body. The rest of it may still
// come, so that HTTP/1 can't go on.
func bodyError(w http.ResponseWriter, r *http.Request, err error) error {
	if r.ProtoMajor < 2 {
		w.Header().Set("Connection", "close")
	}
	var tooLarge *http.MaxBytesError
	var known *Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge):
		return &Error{Code: "RequestEntityTooLargeException", Status: http.StatusRequestEntityTooLarge,
			Message: fmt.Sprintf("The request is larger than %d bytes.", tooLarge.Limit)}
	case errors.Is(err, errLateBody), errors.Is(err, os.ErrDeadlineExceeded):
		return &Error{Code: "RequestTimeoutException", Status: http.StatusRequestTimeout,
			Message: "The request's body did not come in time."}
	case errors.Is(err, errNoRoom):
		return unavailable() // SDKs try again
	}
	return serialization("")
}

// room is memory that calls share.
type room struct {
	mu    sync.Mutex
	left  int64         // guarded by mu
	freed chan struct{} // closed and made anew, under mu, when there is more
}

func newRoom(size int64) *room { return &room{left: size, freed: make(chan struct{})} }

// take waits until there is room for n bytes; false if ctx ends before.
func (r *room) take(ctx context.Context, n int64) bool {
	for {
		r.mu.Lock()
		if r.left >= n {
			r.left -= n
			r.mu.Unlock()
			return true
		}
		freed := r.freed
		r.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return false
		}
	}
}

func (r *room) give(n int64) {
	if n == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left += n
	close(r.freed)
	r.freed = make(chan struct{})
}
