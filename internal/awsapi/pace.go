package awsapi

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// pace ends a request whose body stays away: each read of it waits bodyPatience at
// most. Once the body is whole there is no limit: some answers take minutes.
func pace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			b := &pacedBody{ReadCloser: r.Body, control: http.NewResponseController(w)}
			defer b.end()
			r.Body = b
		}
		next.ServeHTTP(w, r)
	})
}

type pacedBody struct {
	io.ReadCloser
	mu      sync.Mutex
	control *http.ResponseController // nil once the handler has returned; guarded by mu
}

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	b.deadline(time.Now().Add(bodyPatience))
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.deadline(time.Time{})
	}
	return n, err
}

func (b *pacedBody) deadline(t time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.control != nil {
		_ = b.control.SetReadDeadline(t) // fails only if the connection is closed
	}
}

// end is the handler's return: a relay's transport may still read.
func (b *pacedBody) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.control = nil
}
