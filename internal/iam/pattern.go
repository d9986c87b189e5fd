package iam

import "strings"

// pattern is a text with wildcards and policy variables.
type pattern struct {
	source string
	parts  []part
}

// part is a piece of a pattern.
type part struct {
	kind     byte   // 0: text, '*', '?', '$': a variable
	text     string // the text, or the variable's name in lower case
	fallback *string
}

// parsePattern reads *, ? and ${…}, the latter only if there are variables. The
// variables ${*}, ${?} and ${$} are these characters themselves.
func parsePattern(v *node, wildcards, variables bool) (pattern, error) {
	p := pattern{source: v.text}
	text := v.text
	plain := func(s string) {
		if n := len(p.parts); n > 0 && p.parts[n-1].kind == 0 {
			p.parts[n-1].text += s
		} else if s != "" {
			p.parts = append(p.parts, part{text: s})
		}
	}
	for text != "" {
		switch {
		case wildcards && (text[0] == '*' || text[0] == '?'):
			p.parts = append(p.parts, part{kind: text[0]})
			text = text[1:]
		case variables && strings.HasPrefix(text, "${"):
			name, rest, ok := strings.Cut(text[2:], "}")
			if !ok {
				return p, v.fail("%q has a variable that is not closed by }", v.text)
			}
			text = rest
			if name == "*" || name == "?" || name == "$" {
				plain(name)
				continue
			}
			one, err := parseVariable(v, name)
			if err != nil {
				return p, err
			}
			p.parts = append(p.parts, one)
		default:
			n := 1
			for n < len(text) && strings.IndexByte("*?$", text[n]) < 0 {
				n++
			}
			plain(text[:n])
			text = text[n:]
		}
	}
	return p, nil
}

// parseVariable reads NAME or NAME, 'default'.
func parseVariable(v *node, s string) (part, error) {
	name, rest, hasDefault := strings.Cut(s, ",")
	one := part{kind: '$', text: strings.ToLower(strings.TrimSpace(name))}
	if one.text == "" {
		return one, v.fail("%q has a variable without a name", v.text)
	}
	if hasDefault {
		rest = strings.TrimSpace(rest)
		if len(rest) < 2 || rest[0] != '\'' || rest[len(rest)-1] != '\'' {
			return one, v.fail("the default of a variable in %q must be in single quotes", v.text)
		}
		rest = rest[1 : len(rest)-1]
		one.fallback = &rest
	}
	return one, nil
}

// fill puts values in the place of the variables: what they hold is text, whatever
// characters it has. ok is false if one has no single value and no default; the
// pattern matches nothing then.
func (p pattern) fill(c Context) (parts []part, ok bool) {
	hasVariable := false
	for _, one := range p.parts {
		hasVariable = hasVariable || one.kind == '$'
	}
	if !hasVariable {
		return p.parts, true
	}
	for _, one := range p.parts {
		if one.kind == '$' {
			switch values := c[one.text]; {
			case len(values) == 1:
				one = part{text: values[0]}
			case len(values) == 0 && one.fallback != nil:
				one = part{text: *one.fallback}
			default:
				return nil, false
			}
		}
		parts = append(parts, one)
	}
	return parts, true
}

// matches reports whether s is of the pattern.
func (p pattern) matches(s string, c Context) bool {
	parts, ok := p.fill(c)
	return ok && glob(parts, s)
}

// matchesFold is matches without regard to case.
func (p pattern) matchesFold(s string, c Context) bool {
	parts, ok := p.fill(c)
	if !ok {
		return false
	}
	lower := make([]part, len(parts))
	for i, one := range parts {
		lower[i] = part{kind: one.kind, text: strings.ToLower(one.text)}
	}
	return glob(lower, strings.ToLower(s))
}

// glob matches in time that grows with the product of both lengths at worst: it
// returns to the last * only. A ? is one character, not one byte.
func glob(parts []part, s string) bool {
	i, at := 0, 0
	star, from := -1, 0 // the last *, and where its match may end
	for {
		if i < len(parts) {
			switch one := parts[i]; {
			case one.kind == '*':
				star, from = i, at
				i++
				continue
			case one.kind == '?' && at < len(s):
				at += runeLen(s[at:])
				i++
				continue
			case one.kind == 0 && strings.HasPrefix(s[at:], one.text):
				at += len(one.text)
				i++
				continue
			}
		} else if at == len(s) {
			return true
		}
		if star < 0 || from >= len(s) {
			return false
		}
		from += runeLen(s[from:])
		i, at = star+1, from
	}
}

func runeLen(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}
