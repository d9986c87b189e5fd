package classify

import (
	"net/url"
	"strings"
)

// maskURLs masks the passwords of URLs: scheme://user:password@host and
// ?password=….
func maskURLs(v string) string {
	const sep = "://"
	if !strings.Contains(v, sep) {
		return v
	}
	var b strings.Builder
	for {
		i := strings.Index(v, sep)
		if i < 0 {
			b.WriteString(v)
			return b.String()
		}
		from := i + len(sep)
		end := from
		for end < len(v) && strings.IndexByte(" \t\r\n'\"<>", v[end]) < 0 {
			end++
		}
		postgres := strings.HasSuffix(v[:i], "postgres") || strings.HasSuffix(v[:i], "postgresql")
		if postgres && strings.IndexByte(v[from:end], '@') < 0 && strings.IndexByte(v[from:end], ':') >= 0 {
			// A password with a blank, which should have been escaped.
			line := v[end:]
			if i := strings.IndexAny(line, "'\"\n"); i >= 0 {
				line = line[:i]
			}
			end += strings.LastIndexByte(line, '@') + 1
		}
		b.WriteString(v[:from])
		b.WriteString(maskURL(v[from:end], postgres))
		v = v[end:]
	}
}

// maskURL masks what follows the scheme. A password may hold an unescaped slash or @: up to the
// last @ before the query is taken for it.
func maskURL(u string, postgres bool) string {
	authority, query := len(u), len(u)
	if i := strings.IndexByte(u, '?'); i >= 0 {
		query = i
	}
	if i := strings.IndexAny(u, "/?#"); i >= 0 {
		authority = i
	}
	host := -1
	if postgres || strings.IndexByte(u[:authority], '@') >= 0 {
		if host = strings.LastIndexByte(u[:query], '@'); host < 0 && postgres {
			host = strings.LastIndexByte(u, '@')
		}
	}
	colon := strings.IndexByte(u, ':')
	switch {
	case colon >= 0 && colon < host:
		u = u[:colon+1] + Redacted + u[host:]
	case postgres && host < 0 && colon >= 0 && colon+1 < authority && u[0] != '[':
		if port := strings.Trim(u[colon+1:authority], "0123456789"); port != "" && port[0] != ',' {
			u = u[:colon+1] + Redacted + u[authority:] // user:password without a host
		}
	}
	if i := strings.IndexByte(u, '?'); i >= 0 {
		return u[:i+1] + maskQuery(u[i+1:], postgres)
	}
	return u
}

// maskQuery masks the passwords of a URL's query. In those of libpq, what follows up to a key that
// libpq knows is taken for the password too.
func maskQuery(q string, postgres bool) string {
	var out []string
	within := false
	for pair := range strings.SplitSeq(q, "&") {
		key, _, ok := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(key)
		if err != nil {
			name = key
		}
		secret := indexFold(name, passwordWord) >= 0 || secretName(name)
		switch {
		case secret && ok:
			pair, within = key+"="+Redacted, true
		case secret, within && postgres && !conninfoKey(name):
			pair = Redacted
		default:
			within = false
		}
		out = append(out, pair)
	}
	return strings.Join(out, "&")
}

// conninfoKey says whether libpq has a connection parameter of that name.
func conninfoKey(name string) bool {
	switch strings.ToLower(name) {
	case "host", "hostaddr", "port", "dbname", "user", "password", "passfile", "service", "options", "application_name",
		"fallback_application_name", "connect_timeout", "client_encoding", "channel_binding", "require_auth", "replication",
		"target_session_attrs", "load_balance_hosts", "tcp_user_timeout", "requirepeer", "krbsrvname", "gsslib", "gssencmode",
		"gssdelegation", "requiressl":
		return true
	}
	return strings.HasPrefix(name, "ssl") || strings.HasPrefix(name, "keepalives")
}

// passwordKeys are what a password follows in command lines and connection strings.
var passwordKeys = [...]string{passwordWord, "passwd", "pwd"} //nolint:gochecknoglobals // read-only table

// maskPairs masks what follows password= and --password anywhere: up to the closing quote if it
// begins with one, else up to a blank, an ampersand or a quote.
func maskPairs(v string) string {
	for _, key := range passwordKeys {
		v = maskAfter(v, key)
	}
	return v
}

func maskAfter(v, key string) string {
	if indexFold(v, key) < 0 {
		return v
	}
	var b strings.Builder
	for {
		i := indexFold(v, key)
		if i < 0 {
			b.WriteString(v)
			return b.String()
		}
		from := i + len(key)
		option := strings.HasSuffix(v[:i], "--")
		b.WriteString(v[:from])
		v = v[from:]
		if len(v) < 2 || v[0] != '=' && (!option || v[0] != ' ') {
			continue
		}
		b.WriteByte(v[0])
		v = v[1:]
		end := pairEnd(v)
		if end > 0 && v[:end] != Redacted {
			b.WriteString(Redacted)
			v = v[end:]
		}
	}
}

// pairEnd is where a pair's value ends.
func pairEnd(v string) int {
	quote := v[0]
	switch quote {
	case '$', '%', '=':
		return 0 // a variable, a format specifier, an operator
	case '\'', '"':
		if i := strings.IndexByte(v[1:], quote); i > 0 {
			return i + 2
		} else if i < 0 && len(v) > 1 {
			return len(v)
		}
		return 0
	}
	if i := strings.IndexAny(v, " \t\r\n&'\""); i >= 0 {
		return i
	}
	return len(v)
}

// endsInPassword says whether a literal's value ends where a password must follow: ' PASSWORD '.
func endsInPassword(v string) bool {
	v = strings.TrimRight(v, " \t\r\n'=")
	return len(v) >= len(passwordWord) && equalFold(v[len(v)-len(passwordWord):], passwordWord)
}

// maskLoose masks URLs and password=… anywhere in a message.
func maskLoose(v string) string {
	if !suspicious(v) {
		return v
	}
	return maskHeaders(maskPairs(maskURLs(v)))
}
