package envelope

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/esdk"
)

const (
	// maxOuter bounds a stream record: the largest that Kinesis can be set to.
	maxOuter = 10 << 20
	// MaxInner bounds the JSON inside a record that Open accepts: a hostile
	// record of 1 MiB could decompress to a thousand times its size.
	MaxInner = 64 << 20
)

// errTooLarge says that a record, or what it decompresses to, passes its bound.
var errTooLarge = errors.New("record is too large")

// Outer is the outer JSON of a stream record, its base64 taken off.
type Outer struct {
	Type    string
	Version string
	Message []byte // the Encryption SDK message
	Key     []byte // the KMS ciphertext blob of the data key
}

// ParseOuter reads the data of a stream record. Blanks, a final newline, other
// keys and any order of keys are accepted.
func ParseOuter(record []byte) (*Outer, error) {
	if len(record) > maxOuter {
		return nil, fmt.Errorf("parse stream record: %w: %d bytes", errTooLarge, len(record))
	}
	var raw struct {
		Type    string `json:"type"`
		Version string `json:"version"`
		Events  string `json:"databaseActivityEvents"`
		Key     string `json:"key"`
	}
	if err := json.Unmarshal(record, &raw); err != nil {
		return nil, fmt.Errorf("parse stream record: %w", err)
	}
	if raw.Type != typeOuter {
		return nil, fmt.Errorf("parse stream record: type is %q, want %q", raw.Type, typeOuter)
	}
	o := &Outer{Type: raw.Type, Version: raw.Version}
	for _, field := range []struct {
		name, text string
		to         *[]byte
	}{{"databaseActivityEvents", raw.Events, &o.Message}, {"key", raw.Key, &o.Key}} {
		b, err := base64.StdEncoding.DecodeString(field.text)
		if err != nil {
			return nil, fmt.Errorf("parse stream record: %s: %w", field.name, err)
		}
		if len(b) == 0 {
			return nil, fmt.Errorf("parse stream record: %s is empty or missing", field.name)
		}
		*field.to = b
	}
	return o, nil
}

// DecryptMessage opens the Encryption SDK message of a record under the data
// key in the clear. The caller keeps the key.
func DecryptMessage(message, dataKey []byte) ([]byte, error) {
	key, err := esdk.NewKey(dataKey)
	if err != nil {
		return nil, err
	}
	return esdk.Decrypt(nil, key, message)
}

// Gunzip decompresses a message's plaintext, up to limit bytes.
func Gunzip(packed []byte, limit int) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("decompress record: %w", err)
	}
	defer z.Close()
	var out bytes.Buffer
	out.Grow(min(len(packed)*8, limit, 1<<20))
	n, err := out.ReadFrom(io.LimitReader(z, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("decompress record: %w", err)
	}
	if n > int64(limit) {
		return nil, fmt.Errorf("decompress record: %w: more than %d bytes", errTooLarge, limit)
	}
	return out.Bytes(), nil
}

// Open reads a stream record. Decrypt stands for KMS Decrypt: it gets the
// ciphertext blob and returns the data key in the clear, which stays the
// caller's, so that it can be kept for the next record with the same blob.
func Open(record []byte, decrypt func(blob []byte) (plaintext []byte, err error)) (*activity.Record, error) {
	outer, err := ParseOuter(record)
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	dataKey, err := decrypt(outer.Key)
	if err != nil {
		return nil, fmt.Errorf("open record: decrypt data key: %w", err)
	}
	packed, err := DecryptMessage(outer.Message, dataKey)
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	inner, err := Gunzip(packed, MaxInner)
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	r, err := activity.ParseRecord(inner)
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	return r, nil
}
