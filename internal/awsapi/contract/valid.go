package contract

import (
	"regexp/syntax"
	"strings"
)

// depth bounds how far into shapes that hold themselves is looked.
const depth = 4

// valid is the least value that a shape takes: structures have what they must have.
// A blob is a []byte, which JSON and CBOR each write in their way.
func (m *Model) valid(s *shape, left int) any {
	switch s.Type {
	case "structure":
		v := map[string]any{}
		for _, name := range s.Required {
			if left > 0 {
				v[name] = m.valid(m.Shapes[s.Members[name].Shape], left-1)
			}
		}
		return v
	case "list":
		v := []any{}
		for range s.least(0) {
			v = append(v, m.valid(m.Shapes[s.Member.Shape], left-1))
		}
		return v
	case "map":
		v := map[string]any{}
		for i := range s.least(0) {
			v[strings.Repeat("k", i+1)] = m.valid(m.Shapes[s.Value.Shape], left-1)
		}
		return v
	case "string":
		return s.text()
	case "blob":
		return []byte(strings.Repeat("b", s.least(1)))
	case "integer", "long", "float", "double":
		return s.least(1)
	case "boolean":
		return true
	case "timestamp":
		return 1700000000
	}
	return nil
}

// least is the smallest length or number that s allows, or at least another.
func (s *shape) least(atLeast int) int {
	if s.Min != nil {
		return max(int(*s.Min), atLeast)
	}
	return atLeast
}

func (s *shape) text() string {
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	if s.Pattern != "" {
		if re, err := syntax.Parse(s.Pattern, syntax.Perl); err == nil {
			text := sample(re)
			if missing := s.least(1) - len(text); missing > 0 {
				text += strings.Repeat("a", missing)
			}
			return text
		}
	}
	return strings.Repeat("a", s.least(1))
}

// sample is a short text that an expression matches; assertions are taken to hold.
func sample(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= min(re.Rune[i+1], 'z'); r++ {
				if r > ' ' { // a visible one
					return string(r)
				}
			}
		}
		return string(re.Rune[:1])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a"
	case syntax.OpCapture, syntax.OpPlus:
		return sample(re.Sub[0])
	case syntax.OpRepeat:
		return strings.Repeat(sample(re.Sub[0]), re.Min)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(sample(sub))
		}
		return b.String()
	case syntax.OpAlternate:
		return sample(re.Sub[0])
	}
	return "" // what may be absent, and assertions
}
