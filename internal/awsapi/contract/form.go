package contract

import (
	"cmp"
	"fmt"
	"net/url"
)

// form is the body of a call of a Query service.
func (m *Model) form(operation string, value any) []byte {
	form := url.Values{"Action": {operation}, "Version": {m.Metadata.APIVersion}}
	m.flatten(form, "", m.input(operation), value)
	return []byte(form.Encode())
}

// flatten writes a value under a name: Filters.Filter.1.Name, TagKeys.member.2. A list
// without members is the name alone.
func (m *Model) flatten(form url.Values, name string, s *shape, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			if r, ok := s.Members[key]; ok {
				m.flatten(form, join(name, key), m.Shapes[r.Shape], member)
			}
		}
	case []any:
		if len(v) == 0 {
			form.Set(name, "")
		}
		for i, member := range v {
			m.flatten(form, join(name, cmp.Or(s.Member.LocationName, "member"), fmt.Sprint(i+1)), m.Shapes[s.Member.Shape], member)
		}
	default:
		form.Set(name, fmt.Sprint(v))
	}
}

func join(name string, more ...string) string {
	for _, part := range more {
		if name != "" {
			name += "."
		}
		name += part
	}
	return name
}
