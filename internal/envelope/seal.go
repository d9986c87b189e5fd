package envelope

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/esdk"
)

// typeOuter is the type of a stream record's outer JSON: the plural of what
// the JSON inside says.
const typeOuter = "DatabaseActivityMonitoringRecords"

// DataKey is a KMS data key: what GenerateDataKey returns.
type DataKey struct {
	Plaintext  []byte // 32 bytes; the owner calls Zero when it drops the key
	Ciphertext []byte // the KMS ciphertext blob, which goes into records
}

// Zero clears the key in the clear.
func (k *DataKey) Zero() { clear(k.Plaintext) }

// Config says how records are made. The zero value makes them as Aurora
// PostgreSQL does.
type Config struct {
	Version     activity.Version // empty: activity.V11
	Suite       esdk.Suite       // 0: esdk.Unsigned
	FrameLength int              // 0: esdk.DefaultFrameLength
	Rand        io.Reader        // nil: crypto/rand
}

// Sealer makes stream records. It keeps its compressor and its buffers from
// record to record, so it is not safe for concurrent use.
type Sealer struct {
	version activity.Version
	writer  *esdk.Writer
	gzip    *gzip.Writer
	packed  bytes.Buffer // compressed inner JSON
	message []byte
	head    []byte

	// key is the wrapping key of the latest data key, raw that key's bytes.
	key *esdk.Key
	raw [32]byte
}

// NewSealer checks the configuration.
func NewSealer(cfg Config) (*Sealer, error) {
	s := &Sealer{version: cfg.Version}
	switch s.version {
	case "":
		s.version = activity.V11
	case activity.V10, activity.V11:
	default:
		return nil, fmt.Errorf("new sealer: record version %q is unknown", cfg.Version)
	}
	var err error
	s.writer, err = esdk.NewWriter(esdk.Config{Suite: cfg.Suite, FrameLength: cfg.FrameLength, Rand: cfg.Rand})
	if err != nil {
		return nil, fmt.Errorf("new sealer: %w", err)
	}
	s.gzip, err = gzip.NewWriterLevel(&s.packed, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("new sealer: %w", err)
	}
	return s, nil
}

// Version is the record version that this Sealer writes; the events must be
// of the same one.
func (s *Sealer) Version() activity.Version { return s.version }

// Seal appends one stream record. Events is the inside of the event list: the
// events' JSON, comma-separated. A record has at most Bound bytes.
func (s *Sealer) Seal(dst []byte, key *DataKey, clusterID, instanceID string, events []byte) ([]byte, error) {
	if err := s.use(key); err != nil {
		return nil, fmt.Errorf("seal record: %w", err)
	}
	s.packed.Reset()
	s.gzip.Reset(&s.packed)
	s.head = activity.AppendRecordHead(s.head[:0], clusterID, instanceID)
	for _, piece := range [...][]byte{s.head, events, []byte(activity.RecordTail)} {
		if _, err := s.gzip.Write(piece); err != nil {
			return nil, fmt.Errorf("seal record: compress: %w", err)
		}
	}
	if err := s.gzip.Close(); err != nil {
		return nil, fmt.Errorf("seal record: compress: %w", err)
	}
	var err error
	if s.message, err = s.writer.Encrypt(s.message[:0], s.key, s.packed.Bytes()); err != nil {
		return nil, fmt.Errorf("seal record: %w", err)
	}

	b64 := base64.StdEncoding
	dst = slices.Grow(dst, outerSize+len(s.version)+b64.EncodedLen(len(s.message))+b64.EncodedLen(len(key.Ciphertext)))
	dst = append(append(append(dst, outerHead...), s.version...), outerEvents...)
	dst = b64.AppendEncode(dst, s.message)
	dst = b64.AppendEncode(append(dst, outerKey...), key.Ciphertext)
	return append(dst, outerTail...), nil
}

// The fixed parts of the outer JSON.
const (
	outerHead   = `{"type":"` + typeOuter + `","version":"`
	outerEvents = `","databaseActivityEvents":"`
	outerKey    = `","key":"`
	outerTail   = `"}`
	outerSize   = len(outerHead) + len(outerEvents) + len(outerKey) + len(outerTail)
)

// use makes key the wrapping key, unless it already is.
func (s *Sealer) use(key *DataKey) error {
	if s.key != nil && subtle.ConstantTimeCompare(s.raw[:], key.Plaintext) == 1 {
		return nil
	}
	s.Forget()
	wrapping, err := esdk.NewKey(key.Plaintext)
	if err != nil {
		return err
	}
	s.key = wrapping
	copy(s.raw[:], key.Plaintext)
	return nil
}

// Forget clears what the Sealer holds of the latest data key and of the events
// of the latest record. Seal may follow.
func (s *Sealer) Forget() {
	s.key = nil
	clear(s.raw[:])
	clear(s.packed.Bytes())
}
