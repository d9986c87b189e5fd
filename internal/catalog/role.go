package catalog

import (
	"context"
	"strings"
)

// roleInfo is what a role adds to a look-up.
type roleInfo struct {
	path   []string        // default search path of the login role
	denied map[string]bool // schemas that the current role may not use
	// printing has the parameters that decide how values print and that no server reports.
	printing map[string]string
	// unknown: the server did not answer.
	unknown bool
}

// unknownRole serves when the server does not answer.
func unknownRole() *roleInfo { return &roleInfo{path: []string{"$user", "public"}, unknown: true} }

// roleSQL: settings of (role, database), role, database and all, in the order in
// which the server prefers them; then the server's own default.
const roleSQL = `
SELECT 'p', (SELECT substr(cfg, 13)
  FROM pg_db_role_setting s, unnest(s.setconfig) cfg
  WHERE cfg LIKE 'search\_path=%'
    AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = $1))
    AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  ORDER BY (s.setrole <> 0)::int DESC, (s.setdatabase <> 0)::int DESC LIMIT 1)
UNION ALL
SELECT 'd', CASE WHEN $3 = 't' THEN reset_val ELSE boot_val END FROM pg_settings WHERE name = 'search_path'
UNION ALL
(SELECT 'n', n.nspname FROM pg_namespace n, pg_roles r
  WHERE r.rolname = $2 AND n.nspname NOT LIKE 'pg\_t%' AND NOT has_schema_privilege(r.oid, n.oid, 'USAGE')
  LIMIT 20000)
UNION ALL
SELECT g.name, coalesce((SELECT substr(cfg, length(g.name) + 2)
  FROM pg_db_role_setting s, unnest(s.setconfig) cfg
  WHERE starts_with(cfg, g.name || '=')
    AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = $1))
    AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  ORDER BY (s.setrole <> 0)::int DESC, (s.setdatabase <> 0)::int DESC LIMIT 1),
  CASE WHEN g.source IN ('default', 'configuration file', 'command line', 'environment variable') THEN g.reset_val ELSE g.boot_val END)
FROM pg_settings g WHERE g.name IN ('bytea_output', 'extra_float_digits')`

func (d *database) role(ctx context.Context, login, user string) (any, int, error) {
	known := "f"
	if d.side.pathKnown {
		known = "t"
	}
	rows, err := d.query(ctx, roleSQL, login, user, known)
	if err != nil {
		return nil, 0, err
	}
	info := &roleInfo{denied: map[string]bool{}, printing: map[string]string{}}
	cost := 0
	for _, r := range rows {
		cost += 100 + len(r[1])
		switch value := string(r[1]); string(r[0]) {
		case "p":
			if r[1] != nil {
				info.path = ParseSearchPath(value)
			}
		case "d":
			if info.path == nil {
				info.path = ParseSearchPath(value)
			}
		case "n":
			info.denied[value] = true
		default:
			info.printing[string(r[0])] = value
		}
	}
	return info, cost, nil
}

func (c *Catalog) role(ctx context.Context, s *Session) *roleInfo {
	login := s.Login
	if login == "" {
		login = s.User
	}
	k := key{kind: kindRole, database: s.Database, name: login, aux: s.User}
	if info, ok := c.lookup(ctx, &k).(*roleInfo); ok {
		return info
	}
	return unknownRole()
}

// DefaultSearchPath is the search path that a session like s starts with now: the setting of its
// login role and database, or the server's; false if the server does not say. The caller must not change it.
func (c *Catalog) DefaultSearchPath(ctx context.Context, s *Session) ([]string, bool) {
	info := c.role(ctx, s)
	return info.path, !info.unknown
}

// DefaultSetting is the value of bytea_output or extra_float_digits that s starts with; empty if it is
// not known.
func (c *Catalog) DefaultSetting(ctx context.Context, s *Session, name string) string {
	return c.role(ctx, s).printing[name]
}

// place is one schema of an effective search path.
type place struct {
	schema string
	temp   bool // the session's temporary schema, whatever its name
}

// places calls yield for the schemas that an unqualified name is looked for in, in
// order: the temporary one and pg_catalog come first unless the path names
// them. Functions are never looked for in the temporary schema.
func (s *Session) places(role *roleInfo, functions bool, yield func(place) bool) {
	path := s.SearchPath
	if path == nil {
		path = role.path
	}
	if !functions && !contains(path, "pg_temp") && !yield(place{temp: true}) {
		return
	}
	if !contains(path, "pg_catalog") && !yield(place{schema: "pg_catalog"}) {
		return
	}
	for _, name := range path {
		p := place{schema: name}
		switch {
		case name == "pg_temp" && functions:
			continue
		case name == "pg_temp":
			p.temp = true
		case name == "$user":
			p.schema = s.User
		}
		if !p.temp && role.denied[p.schema] {
			continue
		}
		if !yield(p) {
			return
		}
	}
}

func contains(path []string, name string) bool {
	for _, p := range path {
		if p == name {
			return true
		}
	}
	return false
}

// isTemp: schema is some session's temporary schema.
func isTemp(schema string) bool {
	rest, ok := strings.CutPrefix(schema, "pg_temp_")
	return ok && rest != "" && strings.Trim(rest, "0123456789") == ""
}
