package awsapi

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
)

// Config says what a handler serves. Only Services has no useful zero value.
type Config struct {
	Services  []Service
	Region    string       // of requests without a credential scope; empty: us-east-1
	AccountID string       // of requests whose access key id is no account; empty: 000000000000
	Logger    *slog.Logger // nil: slog.Default()

	// OneRegion takes every call for Region and AccountID, whatever the
	// client's credentials and settings name.
	OneRegion bool

	// Guard decides which calls are answered; nil: all.
	Guard Guard

	// Fallback answers what is no call of an AWS API, such as the console.
	// nil: 404.
	Fallback http.Handler

	// Observe is told of each call before it runs. It gives the context that the
	// call runs with, and a function that is called once, when the answer was sent.
	// nil: nobody is told.
	Observe Observer

	// MaxBody bounds the body of a call. 0: 16 MiB, which is what the
	// largest PutRecords (10 MiB of data) takes in base64, and a rest for
	// its other members.
	MaxBody int64
}

// The defaults of Config.
const (
	defaultRegion  = "us-east-1"
	defaultAccount = "000000000000"
	defaultMaxBody = 16 << 20
)

// handler tells calls apart and runs them.
type handler struct {
	cfg      Config
	services map[string]Service
	cbor     cborCodec
	buffers  sync.Pool // of *[]byte, for small bodies
	room     *room     // of the others
	fields   fieldCache
}

// NewHandler makes the one handler of all services. It panics if two services
// have one name: that is a mistake in the program.
func NewHandler(cfg Config) http.Handler {
	if cfg.Region == "" {
		cfg.Region = defaultRegion
	}
	if cfg.AccountID == "" {
		cfg.AccountID = defaultAccount
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Fallback == nil {
		cfg.Fallback = http.NotFoundHandler()
	}
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = defaultMaxBody
	}
	codec, err := newCBOR()
	if err != nil {
		panic(err) // the options are constants; a test makes one
	}
	h := &handler{cfg: cfg, services: make(map[string]Service), cbor: codec, room: newRoom(max(allBodies, cfg.MaxBody))}
	for _, s := range cfg.Services {
		if h.services[s.Name()] != nil {
			panic(fmt.Sprintf("awsapi: two services are named %q", s.Name()))
		}
		h.services[s.Name()] = s
	}
	return h
}

// ServeHTTP reads the body, since the form may be in it, then routes.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isCall(r) {
		h.cfg.Fallback.ServeHTTP(w, r)
		return
	}
	b := h.newBody()
	defer b.free(h)
	readErr := h.read(w, r, b)

	c := h.route(r, b.data)
	switch {
	case c == nil && readErr == nil:
		r.Body = io.NopCloser(bytes.NewReader(b.data))
		h.cfg.Fallback.ServeHTTP(w, r)
		return
	case c == nil:
		c = h.routeAny(r, nil)
	}
	if h.cfg.Observe != nil {
		var answered func(Outcome)
		r, answered = h.observe(r, c)
		defer func() { answered(c.outcome) }()
	}
	if readErr != nil {
		b.free(h)
		h.fail(w, r, c, bodyError(w, r, readErr))
		return
	}
	h.run(w, r, c, b)
}

// run has the operation executed and sends its answer.
func (h *handler) run(w http.ResponseWriter, r *http.Request, c *call, b *body) {
	if c.op == nil {
		h.cfg.Logger.Info("operation is not served", "service", clip(c.Service), "operation", clip(c.Operation))
		h.fail(w, r, c, c.protocol.unknown(&c.Request))
		return
	}
	out, err := h.invoke(r, c, b.data)
	b.free(h) // the client may take minutes to read the answer
	if err != nil {
		h.fail(w, r, c, err)
		return
	}
	if events, ok := out.(*EventStream); ok {
		h.stream(w, r, c, events)
		return
	}
	answer, err := c.protocol.encode(&c.Request, out)
	if err != nil {
		h.fail(w, r, c, err)
		return
	}
	h.send(w, c, http.StatusOK, answer)
}

// invoke makes an error of a panic.
func (h *handler) invoke(r *http.Request, c *call, body []byte) (out any, err error) {
	defer h.caught(c, &err)
	if err := h.admit(r, c, body); err != nil {
		return nil, err
	}
	return c.op(r.Context(), &c.Request, func(in any) error { return c.protocol.decode(body, in) })
}

// caught is deferred: it makes an error of a panic.
func (h *handler) caught(c *call, err *error) {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		panic(p)
	default:
		h.cfg.Logger.Error("operation panicked", "service", c.Service, "operation", c.Operation,
			"panic", p, "stack", string(debug.Stack()))
		*err = internalFailure()
	}
}

// fail sends an error. The cause of one that is not meant for clients goes to
// the log only.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, c *call, err error) {
	var e *Error
	if !errors.As(err, &e) {
		if e = unavailable(); r.Context().Err() == nil { // else the client is gone, or the server ends: no failure
			h.cfg.Logger.Error("operation failed", "service", c.Service, "operation", c.Operation,
				"request", c.ID, "error", err)
			e = internalFailure()
		}
	}
	c.outcome.Code = e.Code
	h.send(w, c, e.HTTPStatus(), c.protocol.encodeError(&c.Request, e))
}

func (h *handler) send(w http.ResponseWriter, c *call, status int, body []byte) {
	head := w.Header()
	head["X-Amzn-Requestid"] = []string{c.ID}
	head["X-Amz-Id-2"] = []string{c.id2}
	if len(body) > 0 {
		head["Content-Type"] = []string{c.protocol.contentType()}
	}
	head["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.outcome.Status = status
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// call is one request on its way.
type call struct {
	Request
	protocol protocol
	op       Operation // nil: not served
	id2      string    // the x-amz-id-2 of the answer
	outcome  Outcome
}

// newCall fills in what all calls have.
func (h *handler) newCall(cred credential) *call {
	var random [16 + 72]byte
	_, _ = rand.Read(random[:]) // never fails
	c := &call{id2: base64.StdEncoding.EncodeToString(random[16:])}
	c.ID = uuid4([16]byte(random[:16]))
	c.AccessKey = cred.accessKey
	c.Region, c.AccountID = cred.region, cred.account()
	if c.Region == "" || h.cfg.OneRegion {
		c.Region = h.cfg.Region
	}
	if c.AccountID == "" || h.cfg.OneRegion {
		c.AccountID = h.cfg.AccountID
	}
	return c
}

// uuid4 formats random bytes as a version 4 UUID.
func uuid4(b [16]byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// clip bounds what a client can have logged.
func clip(s string) string { return s[:min(len(s), 128)] }

// hasPrefixFold reports whether a media type begins with prefix.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
