package kmsfake

import (
	"log/slog"
	"testing"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/awsapi/contract"
)

// TestRefusals sends what the service model of the botocore at hand does not allow:
// TestContract has a model that is kept, and its own idea of what breaks it.
func TestRefusals(t *testing.T) {
	model, err := contract.Load("kms")
	if err != nil {
		t.Fatal(err)
	}
	handler := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{newServer(t, Config{})}, Logger: slog.New(slog.DiscardHandler)})
	sent := 0
	for _, name := range model.Names() {
		n, err := model.Try(handler, name, contract.JSON)
		if err != nil {
			t.Error(err)
		}
		sent += n
	}
	if t.Logf("%d requests", sent); sent < 1000 {
		t.Errorf("%d requests are few: does the model say what it did?", sent)
	}
}
