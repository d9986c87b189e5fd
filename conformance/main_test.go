package conformance

import (
	"testing"

	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }
