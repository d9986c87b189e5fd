package classify

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/await"
)

// secret stands in the texts below wherever a password would.
const secret = "hunter2"

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		// As pgaudit has it.
		"CREATE ROLE r LOGIN PASSWORD 'hunter2' VALID UNTIL '2030-01-01'": "CREATE ROLE r LOGIN PASSWORD <REDACTED>",
		"ALTER ROLE r WITH PASSWORD 'hunter2'":                            "ALTER ROLE r WITH PASSWORD <REDACTED>",
		"CREATE USER r PASSWORD NULL":                                     "CREATE USER r PASSWORD <REDACTED>",
		"alter user r PassWord 'hunter2';":                                "alter user r PassWord <REDACTED>",
		"ALTER ROLE password_keeper NOLOGIN":                              "ALTER ROLE password <REDACTED>",
		"/* set password */ CREATE ROLE r LOGIN PASSWORD 'hunter2'":       "/* set password <REDACTED>",
		"SELECT 1; ALTER ROLE r PASSWORD 'hunter2'; SELECT 2":             "SELECT 1; ALTER ROLE r PASSWORD <REDACTED>",
		"ALTER ROLE r VALID UNTIL 'infinity' PASSWORD 'hunter2' INHERIT":  "ALTER ROLE r VALID UNTIL 'infinity' PASSWORD <REDACTED>",
		// Nothing to hide.
		"ALTER ROLE r SET work_mem = '8MB'":                                     "",
		"ALTER ROLE r RENAME TO password_r":                                     "",
		"DROP ROLE password_r":                                                  "",
		"SET password_encryption = 'scram-sha-256'":                             "",
		"UPDATE users SET password = 'x' WHERE id = 1":                          "",
		"SELECT password FROM users WHERE name = 'password'":                    "",
		"SELECT set_config('search_path', 'password', false)":                   "",
		"COMMENT ON ROLE r IS 'password is forgotten'":                          "",
		"CREATE USER MAPPING FOR r SERVER s OPTIONS (user 'u')":                 "",
		"CREATE TABLE t (password text DEFAULT 'none')":                         "",
		"SELECT 'https://example.com/a@b', E'a\\nb'":                            "",
		"ALTER USER MAPPING FOR r SERVER s OPTIONS (password_required 'false')": "",
		// Options.
		"CREATE USER MAPPING FOR r SERVER s OPTIONS (user 'u', password 'hunter2')": "CREATE USER MAPPING FOR r SERVER s OPTIONS (user 'u', password '<REDACTED>')",
		"ALTER USER MAPPING FOR r SERVER s OPTIONS (SET password 'hunter2')":        "ALTER USER MAPPING FOR r SERVER s OPTIONS (SET password '<REDACTED>')",
		`ALTER SERVER s OPTIONS (ADD "password" $$hunter2$$, ADD a 'b')`:            `ALTER SERVER s OPTIONS (ADD "password" '<REDACTED>', ADD a 'b')`,
		// Connection strings.
		"CREATE SUBSCRIPTION s CONNECTION 'host=h password=hunter2 dbname=d' PUBLICATION p": "CREATE SUBSCRIPTION s CONNECTION 'host=h password=<REDACTED> dbname=d' PUBLICATION p",
		"ALTER SUBSCRIPTION s CONNECTION 'postgres://u:hunter2@h/d'":                        "ALTER SUBSCRIPTION s CONNECTION 'postgres://u:<REDACTED>@h/d'",
		"SELECT dblink_connect('c', 'host = h password = ''hunter2''')":                     "SELECT dblink_connect('c', 'host = h password = <REDACTED>')",
		"SELECT * FROM dblink('postgresql://h/d?user=u&password=hunter2', 'q')":             "SELECT * FROM dblink('postgresql://h/d?user=u&password=<REDACTED>', 'q')",
		"COPY t TO PROGRAM 'PGPASSWORD=hunter2 psql'":                                       "COPY t TO PROGRAM 'PGPASSWORD=<REDACTED> psql'",
		// Settings.
		"SET app.password = 'hunter2'":                        "SET app.password = <REDACTED>",
		"SET LOCAL app.db_password TO hunter2":                "SET LOCAL app.db_password TO <REDACTED>",
		"ALTER ROLE r SET app.password = 'hunter2'":           "ALTER ROLE r SET app.password = <REDACTED>",
		"SELECT set_config('app.password', 'hunter2', false)": "SELECT set_config('app.password', '<REDACTED>', false)",
		// Within literals.
		"DO $$ BEGIN EXECUTE 'CREATE ROLE r PASSWORD ''hunter2'''; END $$": "DO $$ BEGIN EXECUTE 'CREATE ROLE r PASSWORD <REDACTED>'; END $$",
		"DO $x$ BEGIN ALTER ROLE r PASSWORD 'hunter2'; END $x$":            "DO $x$ BEGIN ALTER ROLE r PASSWORD <REDACTED>$x$",
	} {
		got, changed := Redact(text)
		if want == "" {
			want = text
		}
		if strings.HasPrefix(want, "SET") || strings.HasPrefix(want, "ALTER ROLE r SET") {
			want = strings.ReplaceAll(want, Redacted, "X")
			got = strings.ReplaceAll(strings.ReplaceAll(got, "'"+Redacted+"'", "X"), Redacted, "X")
		}
		if got != want || changed != (want != text) {
			t.Errorf("Redact(%q)\n got %q %v\nwant %q", text, got, changed, want)
		}
		if strings.Contains(got, secret) {
			t.Errorf("Redact(%q) tells the secret", text)
		}
	}
}

// hidden are texts whose secret must go, whatever the rest looks like.
var hidden = []string{
	"CREATE/**/ROLE r PASSWORD/**/'hunter2'",
	"CREATE -- x\n USER \"we;ird\" ENCRYPTED PASSWORD 'hunter2'",
	`ALTER USER U&"\0061" PASSWORD U&'\0068unter2'`,
	"ALTER USER r PASSWORD E'\\x68unter2' -- hunter2",
	"ALTER USER r PASSWORD $pw$hunter2$pw$",
	"ALTER USER r PASSWORD 'hunter2",
	"ALTER USER r PASSWORD hunter2",
	"ALTER USER r PASSWORD = 'hunter2'",
	"ALTER USER r IDENTIFIED BY 'hunter2'",
	"CREATE USER r IDENTIFIED BY hunter2",
	"ALTER ROLE r SET PASSWORD 'hunter2'",
	"ALTER ROLE r SET PASSWORD = 'hunter2'",
	"EXPLAIN ALTER ROLE r PASSWORD 'hunter2'",
	"PREPARE p AS ALTER ROLE r PASSWORD 'hunter2'",
	"SELEC 1; CREATE GROUP g PASSWORD 'hunter2'",
	"SELECT 1/0; CREATE USER MAPPING FOR u SERVER s OPTIONS (password 'hunter2'); ALTER ROLE r NOLOGIN",
	`CREATE USER MAPPING FOR u SERVER s OPTIONS (U&"p\0061ssword" 'hunter2')`,
	"CREATE USER MAPPING FOR u SERVER s OPTIONS (password E'hunter2', user 'u'",
	"SELECT dblink('host=h pass' || 'word=' || 'hunter2')",
	"SELECT dblink('host=h pass'\n'word=hunter2')",
	"SELECT dblink(U&'p!0061ssword=hunter2' UESCAPE '!')",
	"SELECT dblink(E'p\\x61ssword=hunter2')",
	"SELECT dblink(format('host=%s password=%s', 'h', 'hunter2'))",
	"SELECT dblink_exec('c', 'ALTER ROLE r PASSWORD ''hunter2''')",
	"DO $$ BEGIN EXECUTE format('ALTER ROLE %I PASSWORD %L', 'r', 'hunter2'); END $$",
	"DO $$ BEGIN EXECUTE 'ALTER ROLE r PASSWORD ' || quote_literal('hunter2'); END $$",
	"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'ALTER ROLE r PASSWORD ''hunter2'''",
	"CREATE FUNCTION f() RETURNS void LANGUAGE sql SET app.password = 'hunter2' AS 'SELECT 1'",
	"SELECT f(password => 'hunter2')", "SELECT f(password := 'hunter2')",
	"SELECT postgres_fdw_connect('postgresql://u:hunter2@h:5432,h2/d?x=y')",
	"SELECT 'postgres://u:hunter2@h'; ALTER ROLE r PASSWORD 'x'",
	"SELECT 'postgres://u:hunter2@h/?password=x'; ALTER ROLE r PASSWORD 'x'",
	"select 'postgres://u:p@ss/hunter2@h/d'",
	"DO $a$ BEGIN EXECUTE $b$ DO $c$ BEGIN EXECUTE 'ALTER ROLE r PASSWORD ''hunter2'''; END $c$ $b$; END $a$",
}

func TestRedactHidden(t *testing.T) {
	for _, text := range hidden {
		got, changed := Redact(text)
		if !changed || strings.Contains(got, secret) || strings.Contains(got, "unter2") {
			t.Errorf("Redact(%q) = %q", text, got)
		}
		for _, message := range []string{
			`syntax error at or near "'hunter2'"`, `unterminated quoted string at or near "'hunter2"`,
			`role "hunter2" does not exist`, "could not connect: password=hunter2 host=h",
		} {
			if m := RedactMessage(text, message); strings.Contains(m, secret) && !encoded(text) {
				t.Errorf("RedactMessage(%q, %q) = %q", text, message, m)
			}
		}
	}
}

// encoded texts hold the secret in a form that the message does not have.
func encoded(text string) bool { return !strings.Contains(text, secret) }

func TestRedactValue(t *testing.T) {
	for v, want := range map[string]string{
		"host=h password=hunter2":         "host=h password=<REDACTED>",
		"password='a\\'b' host=h":         "password=<REDACTED> host=h",
		"postgres://u:hunter2@h/d":        "postgres://u:<REDACTED>@h/d",
		"ALTER ROLE r PASSWORD 'hunter2'": "ALTER ROLE r PASSWORD <REDACTED>",
		"my password is 'x'":              "my password is 'x'",
		"https://example.com":             "https://example.com",
		`C:\path`:                         `C:\path`,
	} {
		if got, _ := RedactValue(v); got != want {
			t.Errorf("RedactValue(%q) = %q, want %q", v, got, want)
		}
	}
}

func TestSecretParams(t *testing.T) {
	for text, want := range map[string]map[int]bool{
		"SELECT set_config('app.password', $1, false)":        {1: true},
		"SELECT set_config('app.user', $1, false)":            nil,
		"SELECT dblink('host=h password=' || $2)":             {2: true},
		"SELECT f(a => $1, password => $2)":                   {2: true},
		"SELECT * FROM users WHERE password = $1":             nil,
		"SELECT format('ALTER ROLE r PASSWORD %L', $1::text)": {1: true},
	} {
		if got := SecretParams(text); !maps.Equal(got, want) {
			t.Errorf("SecretParams(%q) = %v, want %v", text, got, want)
		}
	}
}

// roleStatement spells a role statement in one of many ways; the secret is sEcReT9.
func roleStatement(rnd *rand.Rand) string {
	pick := func(s ...string) string { return s[rnd.IntN(len(s))] }
	gap := func() string { return pick(" ", "\n", "\t ", "/* c */", " -- c\n", "/* /* n */ */ ") }
	name := pick("r", `"R ole"`, `"a""b"`, "CURRENT_USER", `U&"r\0061"`, "session_user", `"; x"`)
	value := pick("'sEcReT9'", "E'sEcReT9'", "$$sEcReT9$$", "$a$sEcReT9$a$", "U&'sEcReT9'", `'a''sEcReT9'`,
		`E'\'sEcReT9'`, "'sEcReT9", "'a'\n'sEcReT9'", "sEcReT9", `"sEcReT9"`)
	option := func() string {
		return pick("", "LOGIN", "CREATEDB", "VALID UNTIL '2030-01-01'", "CONNECTION LIMIT 3", "IN ROLE x", "NOSUCH")
	}
	word := []byte("PASSWORD")
	for i := range word {
		if rnd.IntN(2) == 0 {
			word[i] |= 0x20
		}
	}
	s := pick("CREATE", "ALTER", "create", "aLtEr") + gap() + pick("ROLE", "USER", "GROUP", "user") + gap() + name + gap() +
		pick("", "WITH") + gap() + option() + gap() + pick("", "ENCRYPTED", "UNENCRYPTED") + gap() + string(word) + gap() +
		value + gap() + option()
	switch rnd.IntN(8) {
	case 0:
		s = "SELECT 1; " + s
	case 1:
		s += "; SELECT 'sEcReT9'"
	case 2:
		s = "EXPLAIN " + s
	case 3:
		s = "DO '" + strings.ReplaceAll(s, "'", "''") + "'"
	case 4:
		s = "DO $body$ BEGIN " + s + "; END $body$"
	case 5:
		s = "SELECT f('x', '" + strings.ReplaceAll(s, "'", "''") + "')"
	}
	return s
}

func FuzzRedact(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed, "")
	}
	for _, text := range hidden {
		f.Add(uint64(1), text)
	}
	f.Fuzz(func(t *testing.T, seed uint64, noise string) {
		rnd := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // not a secret
		text := roleStatement(rnd)
		shown, changed := Redact(text)
		if !changed || strings.Contains(shown, "sEcReT9") {
			t.Fatalf("Redact(%q) = %q", text, shown)
		}
		if m := RedactMessage(text, `syntax error at or near "sEcReT9"`); strings.Contains(m, "sEcReT9") {
			t.Fatalf("RedactMessage(%q) = %q", text, m)
		}
		// Anything else must not crash, and what is redacted stays so.
		if len(noise) < 10000 {
			once, _ := Redact(noise)
			Redact(once)
			RedactMessage(noise, noise)
			SecretParams(noise)
		}
	})
}

// TestRedactLinear runs large texts whose redaction must not take quadratic time.
func TestRedactLinear(t *testing.T) {
	const n = 12000
	for _, unit := range []string{
		"password=a ", "://a:b@c ", "PGPASSWORD=x ", "OPTIONS (password 'x') ", "set_config('password', ", "set_config(", "set_config('a', ", "select set_config($1, ", "'a' || ",
		"ALTER ROLE r SET x = 1 ", "ALTER USER a PASSWORD 'x';", "$a$ password $b$ ", "''password''", "U&'password' ",
		"SET a.password = 1, ", "password => ", "(", "E'\\\\' ",
		"password/*", "password \"", "password$x", "U&'a!0041'\n'b' ", "U&'a' ", "E'a'\n", "crypt(", "hmac(1, 'x' ", "v_password text ", "v_password (", "' --\n", "'\n",
		"authorization: 'x' ", "authorization=", "COPY t TO PROGRAM '-u a:b ", "EXECUTE 'alter", "EXECUTE p ", "token 'x' ", "'alter' 'role' ",
	} {
		t.Run("", func(t *testing.T) { // one after the other: the bound is of each
			text := strings.Repeat(unit, n)
			for _, s := range []string{text, "SELECT '" + text + "'", "SELECT 'password=" + text} {
				done := make(chan struct{})
				go func() {
					defer close(done)
					Redact(s)
					RedactMessage(s, `syntax error at or near "x"`)
					RedactMessage("ALTER ROLE r PASSWORD 'x'", s)
					RedactBroken(s)
					Executes(s)
					RedactValue(s)
					SettingParams(s)
				}()
				await.Receive(t, fmt.Sprintf("the redaction of %q", unit), done)
			}
		})
	}
}
