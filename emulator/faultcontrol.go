package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/faults"
	"github.com/das-local/das-local/internal/origin"
)

// maxControlBody bounds what is sent to /_das/.
const maxControlBody = 64 << 10

// serveFaults serves faults and the clock below /_das/.
func (e *Emulator) serveFaults(r chi.Router) {
	r = r.With(noPages)
	r.Get("/_das/faults", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"faults": e.Faults().List()})
	})
	r.Post("/_das/faults", e.postFault)
	r.Delete("/_das/faults", func(w http.ResponseWriter, _ *http.Request) { e.deleteFault(w, 0) })
	r.Delete("/_das/faults/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.Atoi(chi.URLParam(r, "id"))
		if err != nil || id < 1 {
			refuse(w, http.StatusBadRequest, fmt.Errorf("%q is not the number of a fault; GET /_das/faults lists them", chi.URLParam(r, "id")))
			return
		}
		e.deleteFault(w, id)
	})
	r.Get("/_das/clock", func(w http.ResponseWriter, _ *http.Request) { e.answerClock(w) })
	r.Post("/_das/clock", e.postClock)
}

// noPages keeps web pages from changing anything, das-local's own too. A body has to be
// declared as JSON, which a page cannot do unasked.
func noPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin.Of(r) != origin.Client {
			refuse(w, http.StatusForbidden, errors.New("requests of web pages (with an Origin or Sec-Fetch-Site header) are refused here"))
			return
		}
		if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method == http.MethodPost && media != "application/json" {
			refuse(w, http.StatusUnsupportedMediaType, errors.New("the Content-Type must be application/json"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// answer sends JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}

func refuse(w http.ResponseWriter, status int, err error) {
	answer(w, status, map[string]string{"error": err.Error()})
}

// refuseFor sends an error with the status that its cause deserves.
func refuseFor(w http.ResponseWriter, err error) {
	var bad badFault
	var aws *awsapi.Error
	status := http.StatusInternalServerError
	switch {
	case errors.As(err, &bad):
		status = http.StatusBadRequest
	case errors.As(err, &aws):
		status = aws.HTTPStatus()
	case errors.Is(err, faults.ErrNoFault):
		status = http.StatusNotFound
	}
	refuse(w, status, err)
}

func (e *Emulator) postFault(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControlBody))
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Errorf("read the fault: %w", err))
		return
	}
	rule, err := faults.Parse(body)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	state, err := e.Faults().Add(r.Context(), rule)
	if err != nil {
		refuseFor(w, err)
		return
	}
	answer(w, http.StatusCreated, state)
}

func (e *Emulator) deleteFault(w http.ResponseWriter, id int) {
	if err := e.Faults().Clear(id); err != nil {
		refuseFor(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (e *Emulator) postClock(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControlBody))
	var in struct {
		Advance string `json:"advance"`
	}
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		err = d.Decode(&in)
		if _, more := d.Token(); err == nil && more != io.EOF {
			err = errors.New("there is more behind the object")
		}
	}
	if err == nil {
		var d time.Duration
		if d, err = time.ParseDuration(in.Advance); err == nil {
			if err := e.Clock().Advance(d); err != nil {
				refuseFor(w, err)
				return
			}
			e.answerClock(w)
			return
		}
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("the body is empty")
	}
	err = errors.New(strings.TrimPrefix(err.Error(), "json: "))
	refuse(w, http.StatusBadRequest, fmt.Errorf(`%w; what is sent is of the form {"advance": "2h30m"}`, err))
}

func (e *Emulator) answerClock(w http.ResponseWriter) {
	answer(w, http.StatusOK, map[string]any{"now": e.clock.Now().UTC(), "ahead": e.clock.Ahead().String()})
}
