package classify

import "strings"

// redactValue takes secrets out of a literal's or parameter's value. hanging says
// that a secret must follow the value.
func redactValue(v string, depth int) (shown string, changed, hanging bool) {
	if depth > maxNesting {
		return Redacted, true, false
	}
	shown, changed, hanging = maskConninfo(v)
	if !changed && !hanging {
		r := redactor{s: v, depth: depth}
		if shown, changed = r.run(); changed && r.role {
			hanging = wantsMore(v)
		}
		hanging = hanging || r.hanging
	}
	if masked := maskURLs(shown); masked != shown {
		shown, changed = masked, true
	}
	if masked := maskAfter(shown, "pgpassword="); masked != shown {
		shown, changed = masked, true
	}
	return shown, changed, hanging
}

// wantsMore says whether a role statement's text lacks its password, or has a
// format specifier in its place.
func wantsMore(v string) bool {
	i := indexFold(v, passwordWord)
	if i < 0 {
		return false
	}
	rest := strings.TrimSpace(v[i+len(passwordWord):])
	return rest == "" || strings.ContainsAny(rest, "%$") || strings.Count(rest, "'")%2 == 1
}

// maskConninfo masks the password of a libpq connection string: key = value pairs,
// values bare or in single quotes with backslashes. Anything else is left alone.
func maskConninfo(v string) (shown string, changed, hanging bool) {
	var b strings.Builder
	at, i := 0, 0
	for {
		i += len(v[i:]) - len(strings.TrimLeft(v[i:], " \t\r\n"))
		key := i
		for i < len(v) && (chars[v[i]]&(chWordStart|chDigit) != 0 && v[i] < 0x80) {
			i++
		}
		name := v[key:i]
		eq := i + len(v[i:]) - len(strings.TrimLeft(v[i:], " \t\r\n"))
		if name == "" || eq >= len(v) || v[eq] != '=' {
			break
		}
		i = eq + 1
		val := i + len(v[i:]) - len(strings.TrimLeft(v[i:], " \t\r\n"))
		end := conninfoValue(v, val)
		if equalFold(name, passwordWord) || equalFold(name, "sslpassword") {
			if val >= len(v) || strings.HasPrefix(v[val:], "%") || strings.Count(v[val:end], "'") == 1 {
				hanging = true
			}
			if val < end {
				b.WriteString(v[at:val])
				b.WriteString(Redacted)
				at, changed = end, true
			}
		}
		i = end
	}
	if !changed {
		return v, false, hanging
	}
	b.WriteString(v[at:])
	return b.String(), true, hanging
}

func conninfoValue(v string, i int) (end int) {
	if i >= len(v) {
		return len(v)
	}
	quoted := v[i] == '\''
	for j := i; j < len(v); j++ {
		switch {
		case v[j] == '\\':
			j++
		case quoted && v[j] == '\'' && j > i:
			return j + 1
		case !quoted && strings.IndexByte(" \t\r\n", v[j]) >= 0:
			return j
		}
	}
	return len(v)
}

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
	if colon := strings.IndexByte(u, ':'); colon >= 0 && colon < host {
		u = u[:colon+1] + Redacted + u[host:]
	}
	return maskAfter(u, "password=")
}

// maskAfter masks what follows each occurrence of a lower-case key, up to a blank,
// an ampersand or a quote.
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
		end := from
		for end < len(v) && strings.IndexByte(" \t\r\n&'\"", v[end]) < 0 {
			end++
		}
		b.WriteString(v[:from])
		if end > from {
			b.WriteString(Redacted)
		}
		v = v[end:]
	}
}

// maskLoose masks URLs and password=… anywhere in a message.
func maskLoose(v string) string {
	if !suspicious(v) {
		return v
	}
	return maskAfter(maskURLs(v), "password=")
}
