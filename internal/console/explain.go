package console

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/das-local/das-local/internal/esdk"
)

// field is a part of a message's header: where it stands, its bytes and what they say.
// See https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html
type field struct {
	Offset             int
	Bytes, Name, Value string
	Meaning            string
}

// walker walks over a header that has been understood.
type walker struct {
	message []byte
	at      int
	fields  []field
}

func (w *walker) take(n int, name, value, meaning string) {
	n = min(n, len(w.message)-w.at)
	b := w.message[w.at : w.at+n]
	shown := hex.EncodeToString(b[:min(n, 12)])
	if n > 12 {
		shown += "…"
	}
	w.fields = append(w.fields, field{w.at, shown, name, visible(value), meaning})
	w.at += n
}

// explain lists the fields of a header as esdk.Explain has read it; none if it could
// not.
func explain(message []byte, h esdk.Header) []field {
	if h.Length == 0 || h.Length > len(message) {
		return nil
	}
	w := &walker{message: message}
	w.take(1, "Version", fmt.Sprint(h.Version), "Message format 1: without key commitment, so SDKs need the policy that allows it (ForbidEncryptAllowDecrypt).")
	w.take(1, "Type", fmt.Sprintf("0x%02x", h.Type), "Customer authenticated encrypted data.")
	w.take(2, "Algorithm suite", h.Suite.String(), "How the content is encrypted, and how its key is derived from the data key.")
	w.take(16, "Message ID", fmt.Sprintf("%x", h.MessageID), "Random; salt of the derived key.")
	length := 0
	for _, e := range h.Context {
		length += 4 + len(e.Key) + len(e.Value)
	}
	if length > 0 {
		length += 2
	}
	w.take(2, "Encryption context length", fmt.Sprint(length), "In bytes.")
	var pairs []string
	for _, e := range h.Context {
		pairs = append(pairs, e.Key+" = "+e.Value)
	}
	if length > 0 {
		w.take(length, "Encryption context", strings.Join(pairs, ", "), "Authenticated, not secret.")
	}
	w.take(2, "Encrypted data keys", fmt.Sprint(len(h.DataKeys)), "How many wraps of the data key follow.")
	for _, k := range h.DataKeys {
		w.dataKey(k)
	}
	kind := "2, framed"
	if !h.Framed {
		kind = "1, not framed"
	}
	w.take(1, "Content type", kind, "Whether the body is cut into frames.")
	w.take(4, "Reserved", "0", "Always zero.")
	w.take(1, "IV length", fmt.Sprint(len(h.IV)), "In bytes, of each frame's IV.")
	w.take(4, "Frame length", fmt.Sprint(h.FrameLength), "Bytes of plaintext in each frame but the last.")
	w.take(len(h.IV), "Header IV", fmt.Sprintf("%x", h.IV), "Of the tag that follows.")
	w.take(len(h.Tag), "Header authentication tag", fmt.Sprintf("%x", h.Tag), "AES-GCM over all of the above.")
	return w.fields
}

func (w *walker) dataKey(k esdk.EncryptedDataKey) {
	w.take(2+len(k.ProviderID), "Key provider", k.ProviderID, "BC, as of Bouncy Castle: a raw AES key, not one of KMS.")
	name, iv, ok := k.RawAES()
	value := name
	if ok {
		value = fmt.Sprintf("%s, tag of 128 bits, IV %x", name, iv)
	}
	w.take(2+len(k.ProviderInfo), "Key provider information", value, "Name of the wrapping key, which is the data key that KMS decrypts.")
	w.take(2+len(k.Ciphertext), "Encrypted data key", fmt.Sprintf("%d bytes", len(k.Ciphertext)), "The message's own key under the wrapping key, with its tag.")
}
