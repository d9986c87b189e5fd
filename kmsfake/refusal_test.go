package kmsfake

import (
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/awsapi/contract"
)

// TestRefusals sends what the service model of the botocore at hand does not allow:
// TestContract has a model that is kept, and its own idea of what breaks it.
func TestRefusals(t *testing.T) {
	path, err := contract.Locate("kms")
	if err != nil {
		t.Fatal(err)
	}
	model, err := contract.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	handler := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{newServer(t, Config{})}, Logger: slog.New(slog.DiscardHandler)})
	sent := 0
	for _, name := range model.Names() {
		all, err := model.Bad(name, contract.JSON)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			sent++
			req, err := r.HTTP("http://127.0.0.1/")
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, req)
			if f, err := r.Check(w.Code, w.Header(), w.Body.Bytes()); err != nil {
				t.Errorf("%s, %s: %v %+v", name, r.What, err, f)
			}
		}
	}
	if t.Logf("%d requests", sent); sent < 1000 {
		t.Errorf("%d requests are few: does the model say what it did?", sent)
	}
}
