package kinesisfake

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/awsapi/contract"
)

// refusals are the errors that a bad request may get: what the front end finds, which
// is before it looks whether what is named exists.
var refusals = map[string]bool{"ValidationException": true, "SerializationException": true}

// TestContract sends what AWS's service model does not allow, for every operation
// that it has, in JSON and CBOR.
func TestContract(t *testing.T) {
	model, err := contract.Load("kinesis")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, Config{})
	handler := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{s}, Logger: s.cfg.Logger})
	sent := 0
	send := func(r contract.Request) *httptest.ResponseRecorder {
		sent++
		req, err := r.HTTP("http://127.0.0.1/")
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		return w
	}
	for _, name := range model.Names() {
		if s.Operation(name) == nil {
			t.Errorf("%s is not served", name)
			continue
		}
		for _, format := range []contract.Format{contract.JSON, contract.CBOR} {
			valid, err := model.Valid(name, format)
			if err != nil {
				t.Fatal(err)
			}
			// That it is not the rest of the request that is refused below.
			if w := send(valid); w.Code == http.StatusInternalServerError || bytes.Contains(w.Body.Bytes(), []byte("Serialization")) ||
				strings.Contains(w.Body.String(), "validation error") {
				t.Errorf("%s with all that it must have: %d %q", name, w.Code, w.Body)
			}
			bad, err := model.Bad(name, format)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range bad {
				w := send(r)
				f, err := r.Check(w.Code, w.Header(), w.Body.Bytes())
				if err != nil || !refusals[f.Type] {
					t.Errorf("%s, format %v, %s: %v %+v", name, format, r.What, err, f)
				}
			}
		}
	}
	if t.Logf("%d requests", sent); sent < 2000 {
		t.Errorf("%d requests are few: does the model say what it did?", sent)
	}
}
