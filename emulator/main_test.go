package emulator

import (
	"testing"

	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, func() (func() error, error) { return CloseShared, nil })
}
