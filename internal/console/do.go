package console

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"
)

// maxForm bounds the body of a state change.
const maxForm = 64 << 10

// action changes something by the AWS APIs, and says in a sentence what it did.
type action func(c *Console, ctx context.Context, form url.Values) (string, error)

// actions are the state changes by the name in their path.
var actions = map[string]action{
	"start-stream":    startStream,
	"stop-stream":     stopStream,
	"create-cluster":  createCluster,
	"delete-cluster":  deleteCluster,
	"start-cluster":   startCluster,
	"stop-cluster":    stopCluster,
	"create-instance": createInstance,
	"delete-instance": deleteInstance,
	"start-instance":  startInstance,
	"reboot-instance": rebootInstance,
	"create-key":      createKey,
	"enable-key":      enableKey,
	"disable-key":     disableKey,
	"delete-key":      deleteKey,
	"keep-key":        keepKey,
	"create-alias":    createAlias,
	"delete-alias":    deleteAlias,
	"add-fault":       addFault,
	"clear-fault":     clearFault,
}

// do runs an action. Its answer is JSON: a message, or an error.
func (c *Console) do(w http.ResponseWriter, r *http.Request) {
	answer := func(status int, member, text string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{member: visible(text)}) // the page may be gone
	}
	if !c.mayChange(r) {
		answer(http.StatusForbidden, "error", "This page is of an earlier das-local. Load it again.")
		return
	}
	f := actions[chi.URLParam(r, "action")]
	if f == nil {
		answer(http.StatusNotFound, "error", "There is no such action.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		answer(http.StatusBadRequest, "error", "The form cannot be read: "+err.Error())
		return
	}
	message, err := f(c, r.Context(), r.PostForm)
	if err != nil {
		answer(http.StatusUnprocessableEntity, "error", cause(err))
		return
	}
	answer(http.StatusOK, "message", message)
}
