package spell

import (
	"math/rand/v2"
	"strings"
)

// Secret is what every statement tells. No four of its letters in a row occur elsewhere.
const Secret = "Zq7xWv2kJmQ9"

// A Statement tells Secret: in its text, or in a parameter.
type Statement struct {
	Text   string
	Params []string
	// Spelled are the forms in which the secret was written.
	Spelled []string
	// Broken: there is a typing error in it, which the server takes for a syntax error.
	Broken bool
	// Setup is run before, as a statement of its own: the PREPARE of an EXECUTE.
	Setup string
}

// Told gives the part of the secret that is in s, or nothing.
func (st *Statement) Told(s string) string {
	for i := 0; i+4 <= len(Secret); i++ {
		if strings.Contains(s, Secret[i:i+4]) {
			return Secret[i : i+4]
		}
	}
	for _, form := range st.Spelled {
		for i := 0; i+12 <= len(form); i++ {
			if strings.Contains(s, form[i:i+12]) {
				return form[i : i+12]
			}
		}
	}
	return ""
}

// speller makes one statement.
type speller struct {
	*rand.Rand
	st  Statement
	tag int
}

// New makes the statement of a seed.
func New(seed uint64) *Statement {
	s := &speller{Rand: rand.New(rand.NewPCG(seed, 11))} //nolint:gosec // not a secret
	s.st.Text = s.statement()
	return &s.st
}

func (s *speller) pick(list ...string) string { return list[s.IntN(len(list))] }

// maybe gives what make makes, or nothing.
func (s *speller) maybe(f func() string) string {
	if s.IntN(2) == 0 {
		return ""
	}
	return f()
}

// word writes keywords in any case, with gaps between.
func (s *speller) word(words string) string {
	b := []byte(words)
	mode := s.IntN(3)
	for i, c := range b {
		letter := c >= 'A' && c <= 'Z'
		if letter && (mode == 0 || mode == 1 && s.IntN(2) == 0) {
			b[i] |= 0x20
		}
	}
	return strings.Join(strings.Split(string(b), " "), s.gap())
}

// gap is what may stand between words.
func (s *speller) gap() string {
	if s.IntN(3) > 0 {
		return " "
	}
	return s.pick("\n", "\t", " \r\n ", "/**/", " /* it's */ ", "/* /* $$ */ \" */", " -- don't\n", " --$a$\n", "  \f", "/* password 'x' */")
}

// statement chooses a statement, and what stands around it.
func (s *speller) statement() string {
	text := ""
	switch s.IntN(10) {
	case 0:
		text = s.mapping()
	case 1:
		text = s.connection()
	case 2:
		text = s.setting()
	case 3:
		text = s.call()
	case 4:
		text = s.bound()
	default:
		text = s.role()
	}
	if len(s.st.Params) > 0 || s.st.Setup != "" {
		return text
	}
	for s.IntN(3) == 0 && len(text) < 4000 {
		text = s.wrap(text)
	}
	switch s.IntN(6) {
	case 0:
		text = s.pick("SELECT 1; ", "SELEC 1;", "BEGIN;\n", "SELECT 'it''s', E'\\'', $$;$$;", ";;", "SELECT $1;", "SELECT \"a;\"\"b\" ;") + text
	case 1:
		text += s.pick(";", "; SELECT 1", ";\nCOMMIT;", "; SELECT 'x", " ; -- end", "; SELECT $x$")
	}
	return s.gap() + text + s.maybe(s.gap)
}

// role is CREATE or ALTER ROLE, USER or GROUP.
func (s *speller) role() string {
	option := func() string {
		return s.gap() + s.pick("LOGIN", "nosuperuser", "CREATEDB", "VALID UNTIL '2030-01-01'", "valid until $$infinity$$", "CONNECTION LIMIT 3", "IN ROLE x", "ADMIN \"y\"", "NOSUCH", "ROLE a, b")
	}
	name := s.pick("r", `"R ole"`, `"a""b"`, "CURRENT_USER", `U&"r\0061"`, `"it's"`, `"; x"`, "user1", "é", `"$$"`, "password_keeper", `U&"x!0061" UESCAPE '!'`)
	kind := s.word(s.pick("CREATE", "ALTER", "CREATE OR REPLACE")) + s.gap() + s.word(s.pick("ROLE", "USER", "GROUP")) + s.gap()
	if s.IntN(8) == 0 {
		kind += s.word("IF EXISTS") + s.gap()
	}
	text := kind + name + s.gap() + s.maybe(func() string { return s.word("WITH") + s.gap() }) + s.maybe(option) + s.gap() +
		s.pick("", "", s.word("ENCRYPTED")+s.gap(), s.word("UNENCRYPTED")+s.gap()) + s.word("PASSWORD") + s.gap() + s.literal(s.content()) + s.maybe(option) + s.maybe(option)
	if s.IntN(8) == 0 { // a typing error outside of the secret
		i := s.IntN(len(kind) + len(name))
		if i >= len(kind) || s.IntN(2) == 0 {
			s.st.Broken = true
			text = text[:i] + s.pick("", "x", " ", "'", `"`, "(", ",") + text[i:]
		}
	}
	return text
}

// content is a password with the secret in it.
func (s *speller) content() string {
	part := func() string {
		return s.pick("", "", "", "a", " ", "'", `"`, ";", "--", "/*", "$", "%", "=", "password", "é", "{}", "VALID UNTIL", "''", "\n")
	}
	return part() + Secret + part()
}

func (s *speller) mapping() string {
	key := s.word("PASSWORD")
	if s.IntN(4) == 0 {
		key = s.pick(`"password"`, `U&"p\0061ssword"`, `U&"p!0061ssword" UESCAPE '!'`, "sslpassword")
	}
	head := s.pick("CREATE USER MAPPING FOR", "CREATE USER MAPPING IF NOT EXISTS FOR", "ALTER USER MAPPING FOR")
	return s.word(head) + s.gap() + s.pick("r", "public", `"R ole"`, "CURRENT_USER") + s.gap() + s.word("SERVER") + s.gap() + "s" + s.gap() + s.word("OPTIONS") + s.maybe(s.gap) + "(" +
		s.maybe(func() string { return "user 'it''s', " }) + s.maybe(func() string { return s.word(s.pick("SET", "ADD")) + " " }) + key + s.gap() + s.literal(s.content()) +
		s.maybe(func() string { return ", host $$h$$" }) + ")"
}

// conninfo is a connection string with the secret as its password.
func (s *speller) conninfo() string {
	if s.IntN(2) == 0 {
		return s.pick("postgres", "postgresql") + "://" + s.pick("u", "a%20b") + ":" + Secret + "@" + s.pick("h", "h:5432", "[::1]", "h1:1,h2:2") + "/" + s.pick("d", "", "d?sslmode=require", "?application_name=x")
	}
	value := s.pick(Secret, "'"+Secret+"'", "'a "+Secret+"'", `'a\'`+Secret+"'", `a\ `+Secret)
	return s.pick("", "host=h ", "user = u  ", "host='a b' ") + "password" + s.pick("=", " = ", "= ") + value + s.pick("", " dbname=d", "\tport = 5432", "  ")
}

func (s *speller) connection() string {
	lit := s.literal(s.conninfo())
	switch s.IntN(5) {
	case 0:
		return s.word("CREATE SUBSCRIPTION") + " x " + s.word("CONNECTION") + s.gap() + lit + s.gap() + s.word("PUBLICATION") + " p"
	case 1:
		return s.word("ALTER SUBSCRIPTION") + " x " + s.word("CONNECTION") + s.gap() + lit
	case 2:
		return s.word("ALTER SYSTEM SET") + " primary_conninfo" + s.pick(" = ", " TO ", "=") + lit
	case 3:
		return "SELECT * FROM " + s.pick("dblink", "public.dblink", `"dblink"`) + "(" + lit + ", 'select 1') AS t(i int)"
	}
	return s.word("SELECT") + s.gap() + s.pick("dblink_connect", "dblink_connect_u", "x.dblink_connect") + "(" + s.pick("", "'c', ") + lit + ")"
}

func (s *speller) setting() string {
	name := s.pick("app.password", "app.db_password", `"app.password"`, `app."password"`, "App.PassWord", "a.b_secret", "x.pwd", "x.api_key")
	value := s.pick(s.literal(s.content()), Secret, `"`+Secret+`"`)
	head := s.pick("SET", "SET LOCAL", "SET SESSION", "ALTER ROLE r SET", "ALTER DATABASE d SET", "ALTER ROLE r IN DATABASE d SET", "ALTER SYSTEM SET", "ALTER FUNCTION f() SET", "ALTER USER ALL SET")
	return s.word(head) + s.gap() + name + s.maybe(s.gap) + s.pick("=", " TO ", "= ") + s.maybe(s.gap) + value
}

func (s *speller) call() string {
	lit := s.literal(s.content())
	return s.word("SELECT") + s.gap() + s.pick(
		"set_config("+s.literal("app.password")+", "+lit+", false)", "pg_catalog.set_config('a.' || 'password', "+lit+", true)", "f(password => "+lit+")", "f(1, p_password := "+lit+")",
		"crypt("+lit+", gen_salt('bf'))", "pgp_sym_encrypt('data', "+lit+")", "format('ALTER ROLE %I PASSWORD %L', 'r', "+lit+")", "'ALTER ROLE r PASSWORD ' || quote_literal("+lit+")",
		"concat('CREATE USER r PASSWORD ', "+lit+")", "replace('ALTER ROLE r PASSWORD ''X''', 'X', "+lit+")", "dblink_connect('host=h password=' || "+lit+")")
}

// bound has the secret in a parameter, or in the argument of a prepared statement.
func (s *speller) bound() string {
	value := s.content()
	if s.IntN(3) == 0 {
		s.st.Setup = s.pick("PREPARE p(text) AS SELECT set_config('app.password', $1, false)", "PREPARE p(text) AS SELECT dblink_connect('password=' || $1)", "PREPARE p AS SELECT format('ALTER ROLE r PASSWORD %L', $1::text)")
		return s.word("EXECUTE") + " p(" + s.literal(value) + ")"
	}
	switch s.IntN(3) {
	case 0:
		s.st.Params = []string{s.conninfo()}
		return "SELECT dblink_connect($1)"
	case 1:
		s.st.Params = []string{"ALTER ROLE r PASSWORD " + quote(value)}
		return "SELECT dblink_exec('c', $1)"
	}
	s.st.Params = []string{"x", value}
	return s.pick("SELECT $1, set_config('app.password', $2, false)", "SELECT $1, f(password => $2)", "SELECT $1, dblink_connect('password=' || $2)", "SELECT format('ALTER ROLE %I PASSWORD %L', $1, $2)", "SELECT $1, crypt($2, gen_salt('bf'))")
}
