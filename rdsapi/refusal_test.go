package rdsapi

import (
	"log/slog"
	"testing"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/awsapi/contract"
)

// TestRefusals sends what AWS's service model does not allow, for every action that is served.
func TestRefusals(t *testing.T) {
	model, err := contract.Load("rds")
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
		n, err := model.Try(handler, name, contract.Query)
		if err != nil {
			t.Error(err)
		}
		sent += n
	}
	if t.Logf("%d requests", sent); sent < 200 {
		t.Errorf("%d requests are few: does the model say what it did?", sent)
	}
}
