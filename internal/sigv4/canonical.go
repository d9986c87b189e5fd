package sigv4

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonical is the request in the form that is signed.
func (s *Signature) canonical(r *http.Request, payload string) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n" + canonicalPath(r) + "\n" + s.canonicalQuery(r.URL.RawQuery) + "\n")
	for _, name := range s.headers {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(s.headers, ";") + "\n" + payload)
	return b.String()
}

// canonicalPath encodes the path as it was sent, once more, without dots and empty
// parts: what all services but S3 have.
func canonicalPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") { // a proxy's absolute form, or none
		path = r.URL.EscapedPath()
	}
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		switch part {
		case "", ".":
		case "..":
			parts = parts[:max(len(parts)-1, 0)]
		default:
			parts = append(parts, encode(part))
		}
	}
	clean := "/" + strings.Join(parts, "/")
	if len(parts) > 0 && strings.HasSuffix(path, "/") {
		clean += "/"
	}
	return clean
}

// canonicalQuery sorts the parameters by name, then by value, as they are encoded.
func (s *Signature) canonicalQuery(raw string) string {
	type pair struct{ name, value string }
	var pairs []pair
	for p := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(p, "=")
		name, value = reencode(name), reencode(value)
		if p == "" || s.presigned && name == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, pair{name, value})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name + "=" + p.value)
	}
	return b.String()
}

// reencode brings a part of a query string into the one form that is signed.
func reencode(s string) string {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		plain = s
	}
	return encode(plain)
}

// encode escapes all but RFC 3986's unreserved characters.
func encode(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteString(string([]byte{'%', hexDigits[c>>4], hexDigits[c&15]}))
	}
	return b.String()
}

// headerValue is a header's values, joined, with runs of spaces made one. Go's
// server keeps Host, and with HTTP/2 Content-Length, apart from the other headers.
func headerValue(r *http.Request, name string) string {
	values := r.Header.Values(name)
	switch {
	case name == "host", name == ":authority":
		values = []string{r.Host}
	case name == "content-length" && len(values) == 0 && r.ContentLength >= 0:
		values = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	clean := make([]string, len(values))
	for i, v := range values {
		clean[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(clean, ",")
}
