package awsapi

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestObserve: each call is seen once, with its outcome; names that are not served are
// not passed on, and what is no call is not seen.
func TestObserve(t *testing.T) {
	var seen []string
	h := NewHandler(Config{
		Services: []Service{fake{"kinesis"}, fake{"kms"}, fake{"rds"}},
		Logger:   slog.New(slog.NewTextHandler(io.Discard, nil)),
		MaxBody:  1 << 10,
		Observe: func(r *http.Request, service, operation string) (context.Context, func(Outcome)) {
			return r.Context(), func(o Outcome) {
				seen = append(seen, strings.TrimSpace(fmt.Sprint(service, ".", operation, " ", o.Status, " ", o.Code)))
			}
		},
	})
	for _, c := range []struct{ target, body, want string }{
		{"Kinesis_20131202.Echo", "{}", "kinesis.Echo 200"},
		{"TrentService.Fail", "{}", "kms.Fail 400 ThingException"},
		{"TrentService.Break", "{}", "kms.Break 500 InternalFailure"},
		{"TrentService.Panic", "{}", "kms.Panic 500 InternalFailure"},
		{"TrentService.MadeUp", "{}", ". 400 UnknownOperationException"},
		{"Made.Up", "{}", ". 400 UnknownOperationException"},
		{"TrentService.Echo", strings.Repeat(" ", 2<<10), "kms.Echo 413 RequestEntityTooLargeException"},
		{"", "", ""},
	} {
		seen = nil
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
		if c.target == "" {
			r = httptest.NewRequest("GET", "/", nil)
		} else {
			r.Header.Set("X-Amz-Target", c.target)
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		want := []string{c.want}
		if c.want == "" {
			want = nil
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%s: %q, want %q", c.target, seen, want)
		}
	}
}
