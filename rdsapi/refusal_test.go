package rdsapi

import (
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/awsapi/contract"
)

// TestRefusals sends what AWS's service model does not allow, for every action that is served.
func TestRefusals(t *testing.T) {
	path, err := contract.Locate("rds")
	if err != nil {
		t.Fatal(err)
	}
	model, err := contract.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	s := withCluster(t, Config{}).Server
	handler := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{s}, Logger: slog.New(slog.DiscardHandler)})
	sent := 0
	for _, name := range model.Names() {
		if s.operations[name] == nil {
			continue
		}
		all, err := model.Bad(name, contract.Query)
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
	if t.Logf("%d requests", sent); sent < 200 {
		t.Errorf("%d requests are few: does the model say what it did?", sent)
	}
}
