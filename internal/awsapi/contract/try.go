package contract

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
)

// Try sends a server the bad calls of an operation, and tells how many there were. The
// error has all that were not refused as Check wants it.
func (m *Model) Try(server http.Handler, operation string, f Format) (sent int, err error) {
	all, err := m.Bad(operation, f)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, r := range all {
		req, err := r.HTTP("http://127.0.0.1/")
		if err != nil {
			return 0, err
		}
		w := httptest.NewRecorder()
		server.ServeHTTP(w, req)
		if f, err := r.Check(w.Code, w.Header(), w.Body.Bytes()); err != nil {
			errs = append(errs, fmt.Errorf("%s, %s: %w %+v", operation, r.What, err, f))
		}
	}
	return len(all), errors.Join(errs...)
}
