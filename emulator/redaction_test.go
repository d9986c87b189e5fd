package emulator_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/emulator"
)

// TestRedaction runs statements with secrets under both kinds of redaction.
func TestRedaction(t *testing.T) {
	for kind, want := range map[string][3]string{
		"wide":    {"SET app.password = '<REDACTED>'", "ALTER ROLE nobody PASSWORD <REDACTED>", `invalid input syntax for type integer: "<REDACTED>"`},
		"pgaudit": {"SET app.password = 'sesame'", "ALTER ROLE nobody PASSWORD <REDACTED>", `invalid input syntax for type integer: "password=sesame"`},
	} {
		t.Run(kind, func(t *testing.T) {
			e := emulator.ForTest(t, func(o *emulator.Options) { o.Redaction = kind })
			conn, err := pgx.Connect(t.Context(), e.PostgresURL())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			for _, sql := range []string{"SET app.password = 'sesame'", "ALTER ROLE nobody PASSWORD 'sesame'", "SELECT 'password=sesame'::int"} {
				_, _ = conn.Exec(t.Context(), sql) // two of them fail
			}
			for _, m := range []emulator.Match{{Command: "SET", TextHas: want[0]}, {Command: "ALTER ROLE", TextHas: want[1]}, {Command: "SELECT", ErrorHas: want[2]}} {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				if _, err := e.WaitFor(ctx, m.Matches); err != nil {
					t.Errorf("%+v: %v", m, err)
				}
				cancel()
			}
		})
	}
}
