package emulator

import (
	crand "crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"sync"
)

// source is where random bytes come from: crypto/rand, or a seeded generator.
type source struct {
	mu sync.Mutex
	r  io.Reader
}

func newSource(seed int64) io.Reader {
	if seed == 0 {
		return crand.Reader
	}
	var s [32]byte
	binary.BigEndian.PutUint64(s[:], uint64(seed))
	return &source{r: rand.NewChaCha8(s)}
}

func (s *source) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.Read(p)
}

// resourceID makes an id of the form that RDS gives clusters and instances: a
// prefix ("cluster-", "db-") and 26 characters of unpadded base32.
func resourceID(r io.Reader, prefix string) string {
	var b [16]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		panic(err) // crypto/rand and ChaCha8 do not fail
	}
	return prefix + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])
}
