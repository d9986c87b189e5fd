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
		hanging = hanging || r.hanging || r.hung
	}
	if masked := maskLoose(shown); masked != shown {
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
		if name == "" || eq >= len(v) || v[eq] != '=' || changed && !conninfoKey(name) {
			if changed && key < len(v) {
				b.WriteString(v[at:key])
				b.WriteString(Redacted) // likely a piece of the password
				at = len(v)
			}
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
