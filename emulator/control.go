package emulator

import (
	"encoding/json"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// control serves what is no AWS call on the AWS address.
func (e *Emulator) control() http.Handler {
	r := chi.NewRouter()
	r.Get("/_das/health", e.health)
	r.Head("/_das/health", e.health)
	r.Get("/_localstack/health", e.localStackHealth)
	r.Head("/_localstack/health", e.localStackHealth)
	r.Get("/_das/aws-cert.pem", e.identity.serveCertificate)
	r.Group(func(r chi.Router) { // not for foreign pages
		r.Use(e.console.Guard)
		r.Method(http.MethodGet, "/metrics", e.metrics())
	})
	r.Group(func(r chi.Router) { // nor for strangers
		r.Use(e.console.Guard, e.login.required)
		e.serveConsole(r)
		e.serveFaults(r)
		e.serveReset(r)
		if e.opts.Pprof {
			r.Mount("/debug", middleware.Profiler())
		}
	})
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "das-local: this address serves AWS API calls (POST /), the console (GET /), and /_das/health, /_das/faults, /_das/clock and /_das/reset", http.StatusNotFound)
	})
	return r
}

// health answers 200 and status "ready" once every listener accepts, before
// that 503 and "starting".
func (e *Emulator) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	answer := map[string]any{
		"status":   "starting",
		"services": e.external.states(),
	}
	if e.ready.Load() {
		answer["status"] = "ready"
		answer["postgres"] = e.PostgresAddr()
		answer["audit"], _ = e.Audit()
		answer["stream"] = map[string]string{"name": e.StreamName(), "status": e.StreamStatus()}
	} else {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(answer) // a client that has gone needs no answer
}
