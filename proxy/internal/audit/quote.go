package audit

import "strings"

// qualified prints schema.name the way PostgreSQL's quote_qualified_identifier
// does.
func qualified(schema, name string) string {
	if schema == "" {
		return quote(name)
	}
	if plain(schema) && plain(name) {
		return schema + "." + name
	}
	return quote(schema) + "." + quote(name)
}

func quote(name string) string {
	if plain(name) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// plain says whether an identifier needs no quotes.
func plain(name string) bool {
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c == '_' || c >= '0' && c <= '9') {
			return false
		}
	}
	_, reserved := keywords[name]
	return !reserved
}
