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
		return []bad{{"a text", "many"}, {"a list", []any{}}}
	case "boolean":
		return []bad{{"a text", "maybe"}, {"a number", 7}, {"a structure", map[string]any{}}}
	case "blob":
		return []bad{{"a number", 5}, {"a structure", map[string]any{}}, {"a boolean", true}}
	case "timestamp":
		return []bad{{"a text", "yesterday"}, {"a structure", map[string]any{}}, {"a number without end", 1e300}}
	}
	return nil
}

func (m *Model) badStructures(s *shape, left int) []bad {
	all := []bad{{"a list", []any{}}, {"a text", "x"}, {"a number", 5}}
	whole := m.valid(s, left).(map[string]any)
	for _, name := range s.Required {
		lacks := maps.Clone(whole)
		delete(lacks, name)
		all = append(all, bad{name + " absent", lacks})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Members)) {
		for _, b := range m.bads(m.Shapes[s.Members[name].Shape], left-1) {
			with := maps.Clone(whole)
			with[name] = b.value
			all = append(all, bad{name + " " + b.what, with})
		}
	}
	return all
}

func (m *Model) badLists(s *shape, left int) []bad {
	all := []bad{{"a structure", map[string]any{"a": 1}}, {"a text", "x"}, {"a number", 5}}
	element := m.Shapes[s.Member.Shape]
	if s.least(0) > 0 {
		all = append(all, bad{"too short", []any{}})
	}
	if s.Max != nil && *s.Max < maxList {
		all = append(all, bad{"too long", slices.Repeat([]any{m.valid(element, left-1)}, int(*s.Max)+1)})
	}
	for _, b := range m.bads(element, left-1) {
		all = append(all, bad{"with an element: " + b.what, []any{b.value}})
	}
	return all
}

func (m *Model) badMaps(s *shape, left int) []bad {
	all := []bad{{"a list", []any{1}}, {"a text", "x"}, {"a number", 5}}
	value := m.valid(m.Shapes[s.Value.Shape], left-1)
	if s.least(0) > 0 {
		all = append(all, bad{"too short", map[string]any{}})
	}
	if s.Max != nil && *s.Max < maxList {
		many := map[string]any{}
		for i := range int(*s.Max) + 1 {
			many[fmt.Sprint("k", i)] = value
		}
		all = append(all, bad{"too long", many})
	}
	for _, b := range m.bads(m.Shapes[s.Value.Shape], left-1) {
		all = append(all, bad{"with a value: " + b.what, map[string]any{"k": b.value}})
	}
	for _, b := range m.bads(m.Shapes[s.Key.Shape], left-1) {
		if key, ok := b.value.(string); ok {
			all = append(all, bad{"with a key: " + b.what, map[string]any{key: value}})
		}
	}
	return all
}

func (s *shape) badTexts() []bad {
	all := []bad{{"a number", 5}, {"a boolean", true}, {"a list", []any{}}, {"a structure", map[string]any{}}}
	if s.least(0) > 0 {
		all = append(all, bad{"too short", ""})
	}
	if s.Max != nil && *s.Max < maxText {
		all = append(all, bad{"too long", strings.Repeat("a", int(*s.Max)+1)})
	}
	if len(s.Enum) > 0 {
		all = append(all, bad{"not of the enumeration", "NO_SUCH_VALUE"})
	}
	if re, err := regexp.Compile("^(?:" + s.Pattern + ")$"); s.Pattern != "" && err == nil {
		for _, text := range []string{"☃", "a b", "\x01", "'; --", strings.Repeat("☃", 100)} {
			if !re.MatchString(text) {
				all = append(all, bad{fmt.Sprintf("%.20q", text), text})
			}
		}
	}
	return all
}

func (s *shape) badIntegers() []bad {
	all := []bad{{"a text", "many"}, {"a list", []any{}}, {"a structure", map[string]any{}}, {"far too large", 1e300}}
	if s.Min != nil {
		all = append(all, bad{"too small", int(*s.Min) - 1}, bad{"far too small", -1 << 31})
	}
	if s.Max != nil {
		all = append(all, bad{"too large", int(*s.Max) + 1}, bad{"very large", 1<<31 - 1})
	}
	return all
}
