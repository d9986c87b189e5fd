package passthrough

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// fail answers with an error in the shape of the protocol that the request speaks.
func fail(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	media, body := shape(r, code, message)
	if smithy := r.Header.Get("Smithy-Protocol"); smithy == "rpc-v2-cbor" {
		w.Header().Set("Smithy-Protocol", smithy)
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

func shape(r *http.Request, code, message string) (media string, body []byte) {
	given := r.Header.Get("Content-Type")
	members := map[string]string{"__type": code, "message": message}
	switch {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor" || strings.HasPrefix(given, "application/x-amz-cbor"):
		if r.Header.Get("Smithy-Protocol") != "" {
			given = "application/cbor"
		}
		b, err := cbor.Marshal(members)
		if err != nil {
			return "text/plain", []byte(message)
		}
		return given, b
	case r.Header.Get("X-Amz-Target") != "" || strings.Contains(given, "json"):
		if !strings.Contains(given, "json") {
			given = "application/x-amz-json-1.1"
		}
		b, err := json.Marshal(members)
		if err != nil {
			return "text/plain", []byte(message)
		}
		return given, b
	}
	var text strings.Builder
	_ = xml.EscapeText(&text, []byte(message)) // a strings.Builder takes every write
	if strings.HasPrefix(given, "application/x-www-form-urlencoded") || r.URL.Query().Has("Action") {
		return "text/xml", fmt.Appendf(nil, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, text.String())
	}
	// REST: S3 and its like read XML, the others the header and JSON.
	if scope(r) == "s3" {
		return "application/xml", fmt.Appendf(nil, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", code, text.String())
	}
	b, err := json.Marshal(members)
	if err != nil {
		return "text/plain", []byte(message)
	}
	return "application/json", b
}
