package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// skew is how far a request's time may be from the server's.
const skew = 15 * time.Minute

// Want is what a signature is checked against.
type Want struct {
	Secret  string // the access key's
	Region  string
	Service string
	Now     time.Time
}

// Check reports whether the request was signed by who has the secret, for the
// service and the Region, not long ago, and has not been changed since. body is all
// of the request's body.
func (s *Signature) Check(r *http.Request, body []byte, w Want) *Error {
	if err := s.checkTime(w.Now); err != nil {
		return err
	}
	if err := s.checkScope(w); err != nil {
		return err
	}
	// What steers a call must be signed: else it could be sent again as another one.
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") && !slices.Contains(s.headers, lower) {
			return mismatch("'%s' must be a 'SignedHeader' in the AWS Authorization.", lower)
		}
	}
	hash := sha256.Sum256(body)
	payload := hex.EncodeToString(hash[:])
	if given := r.Header.Get("X-Amz-Content-Sha256"); given != "" && given != payload {
		return mismatch(wrongSignature)
	}
	got, err := hex.DecodeString(s.signature)
	if err != nil || !hmac.Equal(got, s.sign(w.Secret, s.canonical(r, payload))) {
		return mismatch(wrongSignature)
	}
	return nil
}

func (s *Signature) checkTime(now time.Time) *Error {
	at := func(t time.Time) string { return t.UTC().Format(isoTime) }
	switch {
	case s.time.After(now.Add(skew)):
		return mismatch("Signature not yet current: %s is still later than %s (%s + 15 min.)", at(s.time), at(now.Add(skew)), at(now))
	case s.presigned && now.After(s.time.Add(s.expires)):
		return mismatch("Signature expired: %s is now earlier than %s", at(s.time.Add(s.expires)), at(now))
	case !s.presigned && s.time.Before(now.Add(-skew)):
		return mismatch("Signature expired: %s is now earlier than %s (%s - 15 min.)", at(s.time), at(now.Add(-skew)), at(now))
	}
	return nil
}

func (s *Signature) checkScope(w Want) *Error {
	switch {
	case s.day != s.time.Format("20060102"):
		return mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
			clip(s.day), s.time.Format("20060102"), s.time.Format(isoTime))
	case s.Region != w.Region:
		// AWS's sentence, and what helps here: there is but one Region.
		return mismatch("Credential should be scoped to a valid region, not '%s'. This das-local is in %s: set the client's Region to it, or start das-local with --region %s.",
			clip(s.Region), w.Region, clip(s.Region))
	case s.Service != w.Service:
		return mismatch("Credential should be scoped to correct service: '%s'. ", w.Service)
	case s.end != "aws4_request":
		return mismatch("Credential should be scoped with a valid terminator: 'aws4_request', not '%s'.", clip(s.end))
	}
	return nil
}

// sign is the signature of a canonical request.
func (s *Signature) sign(secret, canonical string) []byte {
	hash := sha256.Sum256([]byte(canonical))
	scope := s.day + "/" + s.Region + "/" + s.Service + "/" + s.end
	text := algorithm + "\n" + s.time.UTC().Format(isoTime) + "\n" + scope + "\n" + hex.EncodeToString(hash[:])
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.day, s.Region, s.Service, s.end, text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return key
}
