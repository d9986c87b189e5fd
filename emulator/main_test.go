package emulator

import (
	"testing"

	"github.com/das-local/das-local/internal/leakcheck"
)

// The shared PostgreSQL of ForTest ends with the tests.
func TestMain(m *testing.M) {
	leakcheck.Main(m, func() (func() error, error) { return CloseShared, nil })
}
