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
	for at := 0; ; {
		i := strings.Index(v[at:], "://")
		if i < 0 {
			return v
		}
		from := at + i + 3
		end := from
		for end < len(v) && strings.IndexByte(" \t\r\n'\"<>", v[end]) < 0 {
			end++
		}
		url := maskURL(v[from:end])
		v = v[:from] + url + v[end:]
		at = from + len(url)
	}
}

func maskURL(u string) string {
	authority := len(u)
	if i := strings.IndexAny(u, "/?#"); i >= 0 {
		authority = i
	}
	host := strings.LastIndexByte(u[:authority], '@')
	if host < 0 {
		// A password with an unescaped slash.
		host = strings.LastIndexByte(u, '@')
	}
	if colon := strings.IndexByte(u, ':'); colon >= 0 && colon < host {
		u = u[:colon+1] + Redacted + u[host:]
	}
	return maskAfter(u, "password=")
}

// maskAfter masks what follows each occurrence of a lower-case key, up to a blank,
// an ampersand or a quote.
func maskAfter(v, key string) string {
	for at := 0; ; {
		i := indexFold(v[at:], key)
		if i < 0 {
			return v
		}
		from := at + i + len(key)
		end := from
		for end < len(v) && strings.IndexByte(" \t\r\n&'\"", v[end]) < 0 {
			end++
		}
		if end == from {
			at = from
			continue
		}
		if v[from:end] == Redacted {
			at = end
			continue
		}
		v = v[:from] + Redacted + v[end:]
		at = from + len(Redacted)
	}
}

// maskLoose masks URLs and password=… anywhere in a message.
func maskLoose(v string) string {
	if !suspicious(v) {
		return v
	}
	return maskAfter(maskURLs(v), "password=")
}
