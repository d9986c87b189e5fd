package origin

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Hosts are the names by which a person may open what is served here, besides those that
// nobody else can have lead here.
type Hosts []string

// Knows says whether a Host header is a name of this machine: an address, localhost,
// a name without a dot, such as a container's, or one of the hosts.
func (h Hosts) Knows(host string) bool {
	name := hostname(host)
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	if name != "" && !strings.Contains(name, ".") || strings.HasSuffix(name, ".localhost") || name == "host.docker.internal" {
		return true
	}
	return slices.ContainsFunc(h, func(known string) bool { return strings.EqualFold(name, known) })
}

// hostname is a Host header without its port, in small letters.
func hostname(host string) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
}

// refuseHost tells a reader what to do about a name that is not served.
func refuseHost(w http.ResponseWriter, r *http.Request) {
	name := printable(hostname(r.Host))
	http.Error(w, fmt.Sprintf(`das-local: nothing is served to browsers under the name %[1]s.

If the name is yours, start das-local with

    --allow-host %[1]s

or, in a container, with the environment variable

    DAS_LOCAL_ALLOW_HOST=%[1]s

or open it as localhost, by its IP address, or by a name without a dot.
Other names are refused because the page of any site can have its own name lead here.`, name), http.StatusMisdirectedRequest)
}

// printable makes a name harmless in an answer.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune("<>&\"'`$\\;|", r) {
			return '?'
		}
		return r
	}, s[:min(len(s), 100)])
}
