package awsapi

import (
	"net/http"
	"strings"
)

// credential is what a signed request says about its sender. Nothing in it is
// checked: any credentials are accepted.
type credential struct {
	accessKey, region, service string
}

// parseCredential reads the scope of Signature Version 4 from the Authorization
// header or, for presigned requests, from the URL. It returns the zero value for
// requests without one.
func parseCredential(r *http.Request) credential {
	scope := ""
	if h := r.Header.Get("Authorization"); strings.HasPrefix(h, "AWS4-") {
		_, after, _ := strings.Cut(h, "Credential=")
		scope, _, _ = strings.Cut(after, ",")
		scope, _, _ = strings.Cut(scope, " ")
	} else if strings.Contains(r.URL.RawQuery, "X-Amz-Credential=") {
		scope = r.URL.Query().Get("X-Amz-Credential")
	}
	// ACCESSKEY/20261122/us-east-1/kinesis/aws4_request
	parts := strings.Split(scope, "/")
	if len(parts) < 5 {
		return credential{}
	}
	parts = parts[len(parts)-5:]
	c := credential{accessKey: parts[0], region: parts[2], service: parts[3]}
	if !isName(c.region) { // it becomes a part of ARNs
		c.region = ""
	}
	if !isName(c.service) {
		c.service = ""
	}
	return c
}

// account is the account that a client chose by using twelve digits for an
// access key id, as LocalStack and others have it, else empty.
func (c credential) account() string {
	if !isAccountID(c.accessKey) {
		return ""
	}
	return c.accessKey
}

// isAccountID reports whether s has the form of an AWS account id.
func isAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// isName reports whether s can be a region's or a service's name.
func isName(s string) bool {
	if len(s) == 0 || len(s) > 32 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
