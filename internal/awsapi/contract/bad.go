package contract

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// bad is a value that a shape does not take.
type bad struct {
	what  string
	value any
	typed bool // what is wrong is the type: forms, which have texts only, cannot tell
}

// typed are the values of other types.
func typed(values map[string]any) (all []bad) {
	for _, what := range slices.Sorted(maps.Keys(values)) {
		all = append(all, bad{"a " + what, values[what], true})
	}
	return all
}

// The largest values that are made.
const (
	maxText = 3 << 20
	maxList = 1000
)

// bads are the ways in which a value of a shape can be wrong.
func (m *Model) bads(s *shape, left int) []bad {
	if left == 0 {
		return nil
	}
	switch s.Type {
	case "structure":
		return m.badStructures(s, left)
	case "list":
		return m.badLists(s, left)
	case "map":
		return m.badMaps(s, left)
	case "string":
		return s.badTexts()
	case "integer", "long":
		return s.badIntegers()
	case "float", "double":
		return append(typed(map[string]any{"list": []any{}}), bad{what: "a text", value: "many"})
	case "boolean":
		return append(typed(map[string]any{"number": 7, "structure": map[string]any{}}), bad{what: "a text", value: "maybe"})
	case "blob":
		return typed(map[string]any{"number": 5, "structure": map[string]any{}, "boolean": true})
	case "timestamp":
		return append(typed(map[string]any{"structure": map[string]any{}}),
			bad{what: "a text", value: "yesterday"}, bad{what: "a number without end", value: 1e300})
	}
	return nil
}

func (m *Model) badStructures(s *shape, left int) []bad {
	all := typed(map[string]any{"list": []any{}, "text": "x", "number": 5})
	whole := m.valid(s, left).(map[string]any)
	for _, name := range s.Required {
		lacks := maps.Clone(whole)
		delete(lacks, name)
		all = append(all, bad{what: name + " absent", value: lacks})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Members)) {
		for _, b := range m.bads(m.Shapes[s.Members[name].Shape], left-1) {
			with := maps.Clone(whole)
			with[name] = b.value
			all = append(all, bad{name + " " + b.what, with, b.typed})
		}
	}
	return all
}

func (m *Model) badLists(s *shape, left int) []bad {
	all := typed(map[string]any{"structure": map[string]any{"a": 1}, "text": "x", "number": 5})
	element := m.Shapes[s.Member.Shape]
	if s.least(0) > 0 {
		all = append(all, bad{what: "too short", value: []any{}})
	}
	if s.Max != nil && *s.Max < maxList {
		all = append(all, bad{what: "too long", value: slices.Repeat([]any{m.valid(element, left-1)}, int(*s.Max)+1)})
	}
	for _, b := range m.bads(element, left-1) {
		all = append(all, bad{"with an element: " + b.what, []any{b.value}, b.typed})
	}
	return all
}

func (m *Model) badMaps(s *shape, left int) []bad {
	all := typed(map[string]any{"list": []any{1}, "text": "x", "number": 5})
	value := m.valid(m.Shapes[s.Value.Shape], left-1)
	if s.least(0) > 0 {
		all = append(all, bad{what: "too short", value: map[string]any{}})
	}
	if s.Max != nil && *s.Max < maxList {
		many := map[string]any{}
		for i := range int(*s.Max) + 1 {
			many[fmt.Sprint("k", i)] = value
		}
		all = append(all, bad{what: "too long", value: many})
	}
	for _, b := range m.bads(m.Shapes[s.Value.Shape], left-1) {
		all = append(all, bad{"with a value: " + b.what, map[string]any{"k": b.value}, b.typed})
	}
	for _, b := range m.bads(m.Shapes[s.Key.Shape], left-1) {
		if key, ok := b.value.(string); ok {
			all = append(all, bad{what: "with a key: " + b.what, value: map[string]any{key: value}})
		}
	}
	return all
}

func (s *shape) badTexts() []bad {
	all := typed(map[string]any{"number": 5, "boolean": true, "list": []any{}, "structure": map[string]any{}})
	if s.least(0) > 0 {
		all = append(all, bad{what: "too short", value: ""})
	}
	if s.Max != nil && *s.Max < maxText {
		all = append(all, bad{what: "too long", value: strings.Repeat("a", int(*s.Max)+1)})
	}
	if len(s.Enum) > 0 {
		all = append(all, bad{what: "not of the enumeration", value: "NO_SUCH_VALUE"})
	}
	if re, err := regexp.Compile("^(?:" + s.Pattern + ")$"); s.Pattern != "" && err == nil {
		for _, text := range []string{"☃", "a b", "\x01", "'; --", strings.Repeat("☃", 100)} {
			if !re.MatchString(text) {
				all = append(all, bad{what: fmt.Sprintf("%.20q", text), value: text})
			}
		}
	}
	return all
}

func (s *shape) badIntegers() []bad {
	all := append(typed(map[string]any{"list": []any{}, "structure": map[string]any{}}),
		bad{what: "a text", value: "many"}, bad{what: "far too large", value: 1e300})
	if s.Min != nil {
		all = append(all, bad{what: "too small", value: int(*s.Min) - 1}, bad{what: "far too small", value: -1 << 31})
	}
	if s.Max != nil {
		all = append(all, bad{what: "too large", value: int(*s.Max) + 1}, bad{what: "very large", value: 1<<31 - 1})
	}
	return all
}
