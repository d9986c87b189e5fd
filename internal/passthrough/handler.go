package passthrough

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// Config says what goes where. Next and Served are required.
type Config struct {
	Next   http.Handler
	Served []string // the signing names of the services that Next serves whole

	// Actions are what Next serves of services that it does not serve whole, by
	// the service's signing name: STS's GetCallerIdentity.
	Actions map[string]string

	// Target is the endpoint that all else goes to; nil: an error that says so.
	Target *url.URL
	// Patience bounds how long the endpoint may take to begin its answer. 0: two
	// minutes, more than any call waits but a synchronous Lambda.
	Patience time.Duration

	Logger *slog.Logger // nil: slog.Default()
}

// The other bounds of a relayed call. How long its body takes is the client's
// affair: when it hangs up, the call to the endpoint ends.
const (
	dialTimeout     = 5 * time.Second
	defaultPatience = 2 * time.Minute
	maxPeek         = 64 << 10 // what is read of a form to find its Action
)

// Handler relays. Close it when it serves no more.
type Handler struct {
	cfg       Config
	served    map[string]bool
	proxy     *httputil.ReverseProxy
	transport *http.Transport
}

// via marks what a das-local has relayed, so that a circle of them is noticed.
const via = "das-local"

// New makes a Handler.
func New(cfg Config) *Handler {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Patience <= 0 {
		cfg.Patience = defaultPatience
	}
	h := &Handler{cfg: cfg, served: map[string]bool{}}
	for _, s := range cfg.Served {
		h.served[s] = true
	}
	if cfg.Target == nil {
		return h
	}
	h.transport = &http.Transport{
		DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: cfg.Patience,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   64,
		DisableCompression:    true, // bytes go through as they are
	}
	h.proxy = &httputil.ReverseProxy{
		Transport:     h.transport,
		FlushInterval: -1,
		ErrorHandler:  h.unreachable,
		ErrorLog:      slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(cfg.Target)
			p.Out.Host = p.In.Host // it is signed
			p.Out.URL.RawQuery = p.In.URL.RawQuery
			p.Out.Header.Add("Via", "1.1 "+via)
		},
	}
	return h
}

// Close gives the idle connections up.
func (h *Handler) Close() {
	if h.transport != nil {
		h.transport.CloseIdleConnections()
	}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := service(r)
	if name == "" || h.served[name] {
		if name == "" && strings.HasPrefix(r.URL.Path, "/service/") { // Smithy RPC: /service/NAME/operation/…
			name = strings.Split(r.URL.Path, "/")[2]
		} else {
			h.cfg.Next.ServeHTTP(w, r)
			return
		}
	}
	if only := h.cfg.Actions[name]; only != "" {
		head, err := io.ReadAll(io.LimitReader(r.Body, maxPeek))
		if err != nil {
			fail(w, r, http.StatusBadRequest, "RequestTimeout", "The request's body could not be read.")
			return
		}
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
		if action(r, head) == only {
			h.cfg.Next.ServeHTTP(w, r)
			return
		}
	}
	h.relay(w, r, name)
}

func (h *Handler) relay(w http.ResponseWriter, r *http.Request, name string) {
	if h.proxy == nil {
		fail(w, r, http.StatusBadRequest, "UnknownOperationException", fmt.Sprintf("das-local does not serve %s. "+
			"Start it with --passthrough URL to have such calls relayed to LocalStack, DynamoDB Local or another endpoint, "+
			"or give clients of %s an endpoint of its own.", clip(name), clip(name)))
		return
	}
	for _, v := range r.Header.Values("Via") {
		if strings.Contains(v, via) {
			fail(w, r, http.StatusBadRequest, "InvalidRequestException", "--passthrough leads back to das-local itself; give it the URL of another endpoint.")
			return
		}
	}
	h.cfg.Logger.Debug("call is relayed", "service", clip(name), "to", h.cfg.Target.Host)
	h.proxy.ServeHTTP(w, r)
}

// unreachable answers for an endpoint that does not. SDKs try again on 503 and 504.
func (h *Handler) unreachable(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		panic(http.ErrAbortHandler) // the client has gone
	}
	h.cfg.Logger.Warn("the endpoint of --passthrough does not answer", "endpoint", h.cfg.Target.Redacted(), "cause", err)
	status, what := http.StatusServiceUnavailable, "cannot be reached"
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		status, what = http.StatusGatewayTimeout, "does not answer"
	}
	fail(w, r, status, "ServiceUnavailable", fmt.Sprintf("The endpoint of --passthrough, %s, %s: %v", h.cfg.Target.Redacted(), what, err))
}

// clip bounds what of a request comes back.
func clip(s string) string { return s[:min(len(s), 64)] }
