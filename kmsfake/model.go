package kmsfake

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/das-local/das-local/internal/awsapi"
)

// modelJSON is what the service model says of the operations' inputs;
// testdata/model.py makes it.
//
//go:embed model.json
var modelJSON []byte

// model has the constraints on the input of every operation that KMS has.
type model struct {
	Operations map[string]string // operation to the shape of its input
	Shapes     map[string]*shape
}

// shape is a type of the service model, with the facts that bind inputs.
type shape struct {
	Type      string
	Min, Max  *int
	Pattern   string
	Enum      []string
	Sensitive bool   // values are left out of messages
	Member    string // the element's shape, of a list
	Members   []struct {
		Name, Shape string
		Required    bool
	}

	matches *regexp.Regexp
}

// theModel is parsed once. The file is part of the program; a test reads it too.
var theModel = sync.OnceValue(func() *model {
	var m model
	if err := json.Unmarshal(modelJSON, &m); err != nil {
		panic(err)
	}
	for _, s := range m.Shapes {
		if s.Pattern != "" {
			s.matches = regexp.MustCompile(`^(?:` + javaEscape.ReplaceAllString(s.Pattern, `\x{$1}`) + `)$`)
		}
	}
	return &m
})

// javaEscape is how the model's expressions write a character by its number.
var javaEscape = regexp.MustCompile(`\\u([0-9A-F]{4})`)

// check validates an operation's input; in points to a struct whose fields have
// the names of the model's members.
func (m *model) check(operation string, in any) error {
	var v awsapi.Validation
	c := checker{m, &v}
	c.value("", m.Shapes[m.Operations[operation]], reflect.ValueOf(in).Elem())
	return v.Err()
}

type checker struct {
	*model
	v *awsapi.Validation
}

// value checks what is at a path. Absent members are not given to it.
func (c checker) value(path string, s *shape, v reflect.Value) {
	switch s.Type {
	case "structure":
		c.members(path, s, v)
	case "list":
		c.list(path, s, v)
	case "integer":
		n := int(v.Int())
		c.v.Range(path, &n, number(s.Min, n), number(s.Max, n))
	default:
		for _, constraint := range broken(s, v) {
			if s.Sensitive {
				c.v.Hidden(path, constraint)
			} else {
				c.v.Fail(path, shown(v), constraint)
			}
		}
	}
}

func (c checker) members(path string, s *shape, v reflect.Value) {
	if path != "" {
		path += "."
	}
	for _, m := range s.Members {
		at := path + strings.ToLower(m.Name[:1]) + m.Name[1:]
		f := v.FieldByName(m.Name)
		switch f.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			if f.IsNil() {
				c.v.Required(at, !m.Required)
				continue
			}
		}
		c.value(at, c.Shapes[m.Shape], reflect.Indirect(f))
	}
}

// list checks the number of elements and each of them. AWS names a structure by
// its place, but shows a list of strings as a whole.
func (c checker) list(path string, s *shape, v reflect.Value) {
	if s.Max != nil {
		c.v.Length(path, shown(v), v.Len(), number(s.Min, 0), *s.Max)
	}
	element := c.Shapes[s.Member]
	for i := range v.Len() {
		if element.Type == "structure" {
			c.value(fmt.Sprintf("%s.%d.member", path, i+1), element, v.Index(i))
		} else if len(broken(element, v.Index(i))) > 0 {
			c.v.Fail(path, shown(v), "satisfy constraint: ["+strings.Join(constraints(element), ", ")+"]")
			return
		}
	}
}

// broken lists the constraints that a string or blob breaks.
func broken(s *shape, v reflect.Value) (list []string) {
	n := 0
	switch {
	case v.Kind() == reflect.String:
		n = utf8.RuneCountInString(v.String())
		if s.matches != nil && !s.matches.MatchString(v.String()) {
			list = append(list, "satisfy regular expression pattern: "+s.Pattern)
		}
	case v.Kind() == reflect.Slice:
		n = v.Len()
	default:
		return nil
	}
	if s.Max != nil && n > *s.Max {
		list = append(list, fmt.Sprintf("have length less than or equal to %d", *s.Max))
	}
	if s.Min != nil && n < *s.Min {
		list = append(list, fmt.Sprintf("have length greater than or equal to %d", *s.Min))
	}
	if s.Enum != nil && !slices.Contains(s.Enum, v.String()) {
		list = append(list, "satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]")
	}
	return list
}

// constraints are all of a shape's, as AWS words those on a list's elements.
func constraints(s *shape) (list []string) {
	if s.Max != nil {
		list = append(list, fmt.Sprintf("Member must have length less than or equal to %d", *s.Max))
	}
	if s.Min != nil {
		list = append(list, fmt.Sprintf("Member must have length greater than or equal to %d", *s.Min))
	}
	if s.Enum != nil {
		list = append(list, "Member must satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]")
	}
	return list
}

// shown is a value as Java prints it: of a blob, the buffer that holds it.
func shown(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String:
		return v.String()
	case v.Type().Elem().Kind() == reflect.Uint8:
		return fmt.Sprintf("java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]", v.Len(), v.Len())
	}
	elements := make([]string, 0, min(v.Len(), 16))
	for i := range min(v.Len(), 16) {
		elements = append(elements, fmt.Sprint(v.Index(i)))
	}
	return "[" + strings.Join(elements, ", ") + "]"
}

func number(n *int, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return *n
}
