package console_test

import (
	"testing"

	"github.com/das-local/das-local/emulator"
	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, func() (func() error, error) { return emulator.CloseShared, nil })
}
