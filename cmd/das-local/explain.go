package main

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/das-local/das-local/internal/envelope"
	"github.com/das-local/das-local/internal/esdk"
)

// explained is what a record says without a key.
type explained struct {
	outer  *envelope.Outer
	header esdk.Header
}

var explainShape = shape[explained]{
	json: func(e explained) ([]byte, error) { return json.Marshal(e.wire()) },
	text: func(_ painter, e explained) string {
		return fmt.Sprintf("record type %s, version %s\nkey (KMS ciphertext blob) %s\n%s", clean(e.outer.Type), clean(e.outer.Version), e.blob(), e.header)
	},
	columns: columns("FIELD", "VALUE"),
	rows: func(e explained, add func(...cell)) {
		add(cells("record type", e.outer.Type)...)
		add(cells("record version", e.outer.Version)...)
		add(cells("key", e.blob())...)
		for _, f := range e.header.Fields() {
			add(cells(f.Name, f.Value)...)
		}
		add(cells("", "")...)
	},
}

// blob is the encrypted data key in short.
func (e explained) blob() string {
	return fmt.Sprintf("%d bytes, %s…", len(e.outer.Key), base64.StdEncoding.EncodeToString(e.outer.Key[:min(len(e.outer.Key), 9)]))
}

// wireExplained is an explained record as JSON. Bytes are hex digits, but for the key,
// which is base64 as in the record.
type wireExplained struct {
	Type              string            `json:"type"`
	Version           string            `json:"version"`
	Key               []byte            `json:"key"`
	MessageVersion    byte              `json:"messageVersion"`
	AlgorithmSuite    string            `json:"algorithmSuite"`
	MessageID         string            `json:"messageId"`
	EncryptionContext map[string]string `json:"encryptionContext"`
	EncryptedDataKeys []wireDataKey     `json:"encryptedDataKeys"`
	FrameLength       uint32            `json:"frameLength"` // 0: not framed
	Frames            int               `json:"frames"`
	HeaderLength      int               `json:"headerLength"`
	ContentLength     int               `json:"contentLength"`
	SignatureLength   int               `json:"signatureLength"`
}

type wireDataKey struct {
	Provider string `json:"provider"`
	Key      string `json:"key"` // of a raw AES provider its name, of others all they say
	Length   int    `json:"length"`
}

func (e explained) wire() wireExplained {
	h := e.header
	w := wireExplained{Type: e.outer.Type, Version: e.outer.Version, Key: e.outer.Key, MessageVersion: h.Version, AlgorithmSuite: h.Suite.String(),
		MessageID: hex.EncodeToString(h.MessageID[:]), EncryptionContext: map[string]string{}, EncryptedDataKeys: []wireDataKey{},
		FrameLength: h.FrameLength, Frames: h.Frames, HeaderLength: h.Length, ContentLength: h.ContentLength, SignatureLength: h.SignatureLength}
	for _, c := range h.Context {
		w.EncryptionContext[c.Key] = c.Value
	}
	for _, k := range h.DataKeys {
		name, _, ok := k.RawAES()
		if !ok {
			name = string(k.ProviderInfo)
		}
		w.EncryptedDataKeys = append(w.EncryptedDataKeys, wireDataKey{k.ProviderID, name, len(k.Ciphertext)})
	}
	return w
}

// explainRecords prints what captured records say without a key.
func explainRecords(in io.Reader, f *format, out *bufio.Writer, leadsTo io.Writer) error {
	found := newResults(explainShape, f, out, leadsTo)
	err := eachRecord(in, func(r capturedRecord) error {
		outer, err := envelope.ParseOuter(r.data)
		if err != nil {
			return err
		}
		header, err := esdk.Explain(outer.Message)
		if err != nil {
			return err
		}
		return errors.Join(found.print(explained{outer, header}), out.Flush())
	})
	return errors.Join(err, found.end())
}
