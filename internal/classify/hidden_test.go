package classify

import (
	"maps"
	"strings"
	"testing"
)

// TestRedactHostile has texts that people write by mistake or that build statements.
func TestRedactHostile(t *testing.T) {
	for _, text := range []string{
		// Statements put together from elsewhere.
		"DO $$ BEGIN EXECUTE format('ALTER %s r PASSWORD %L', 'ROLE', 'hunter2'); END $$",
		"DO $$ DECLARE pw text := 'hunter2'; BEGIN EXECUTE 'ALTER ROLE r PASSWORD ' || quote_literal(pw); END $$",
		"DO $$ DECLARE p text := 'hunter2'; BEGIN EXECUTE 'ALTER ROLE ' || x || ' PASSWORD ' || quote_literal(p); END $$",
		"CREATE FUNCTION f(p text DEFAULT 'hunter2') RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('ALTER ROLE r PASSWORD %L', p); END $$",
		"SELECT format('CREATE USER %I PASSWORD %L', u, p) FROM (VALUES ('a', 'hunter2')) v(u, p)",
		// Connection strings that libpq refuses.
		"SELECT dblink_connect('host=h password=my hunter2')",
		"SELECT dblink_connect('host=h password=a hunter2=b')",
		"SELECT dblink_connect('host h password=hunter2')",
		"SELECT dblink_connect('host=h;password=hunter2')",
		"SELECT dblink_connect('Server=h;Pwd=\"a hunter2\"')",
		"SELECT dblink_connect('postgres://u:my hunter2@h')",
		"SELECT dblink_connect('postgres://u:hunter2')",
		"SELECT dblink_connect('postgres://h/d?p%61ssword=hunter2')",
		"SELECT dblink_connect('postgres://h/d?password=x&hunter2=1')",
		`SELECT dblink_connect("host=h password=hunter2")`,
		`CREATE SUBSCRIPTION s CONNECTION "host=h password=hunter2" PUBLICATION p`,
		// Options.
		`CREATE USER MAPPING FOR u SERVER s OPTIONS (U&"p!0061ssword" UESCAPE '!' 'hunter2')`,
		"CREATE USER MAPPING FOR u SERVER s OPTIONS (password = 'hunter2')",
		`CREATE USER MAPPING FOR u SERVER s OPTIONS (password "hunter2")`,
		"CREATE USER MAPPING FOR u SERVER s OPTIONS (password hunter2)",
		"CREATE USER MAPPING FOR u SERVER s OPTIONS (passwrd 'hunter2')",
		"CREATE USER MAPPING FOR u SERVER s OPTIONS (pwd 'hunter2')",
		"CREATE USER MAPPING FOR u SERVER s OPTIONS (secret_key 'hunter2')",
		`CREATE USER MAPPING FOR u SERVER s OPTIONS (password 'a\'hunter2')`,
		`SELECT dblink_connect('host=h password=a\'hunter2')`,
		// Command lines.
		"COPY t TO PROGRAM 'PGPASSWORD=''hunter2'' psql'",
		"COPY t TO PROGRAM 'PGPASSWORD=\"a hunter2\" psql'",
		"COPY t TO PROGRAM 'psql \"host=h password=hunter2\"'",
		"COPY t TO PROGRAM 'x --password hunter2'",
		// Settings.
		"SET app.jwt_secret = 'hunter2'",
		"ALTER SYSTEM SET ssl_passphrase_command = 'echo hunter2'",
		"UPDATE pg_authid SET rolpassword = 'hunter2'",
		"SELECT set_config('app.password'::text, 'hunter2', false)",
		`SELECT "set_config"('app.password', 'hunter2', false)`,
		"SELECT set_config('app.' || 'password', 'hunter2', false)",
		"SELECT set_config(cast('app.password' AS text), ('hunter2'), false)",
		"SELECT set_config(new_value => 'hunter2', setting_name => 'app.password', is_local => false)",
		// Other products' statements.
		"SET PASSWORD FOR r = PASSWORD('hunter2')",
		"ALTER LOGIN r WITH PASSWORD = 'hunter2'",
	} {
		if got, changed := Redact(text); !changed || strings.Contains(got, secret) {
			t.Errorf("Redact(%q) = %q", text, got)
		}
	}
}

func TestRedactSpares(t *testing.T) {
	for _, text := range []string{
		"SELECT set_config('app.user', 'x', false), 'secret'",
		"SELECT a FROM t WHERE pwd = 'x' AND secret = 'y'",
		"INSERT INTO faq VALUES ('I forgot my password', 'ask')",
		"SELECT 'postgres://h:5432/d', 'postgres://h1:1,h2:2/d'",
		"DO $$ BEGIN PERFORM 'alter table t'; END $$ LANGUAGE plpgsql",
		`SELECT 'C:\' || 'x'`,
		"CREATE USER MAPPING FOR r SERVER s OPTIONS (user 'u', passfile '/x')",
		// As they come from inside functions.
		"n := (SELECT count(*) FROM t WHERE name = 'password')", "(SELECT max(i) FROM t)", "n := n + 1", "SELECT $1 + 1", "found AND name = 'x'",
		"NOT EXISTS (SELECT 1 FROM users WHERE password IS NULL)", "SELECT password      FROM users WHERE name = 'x'", "\n  SELECT 1;\n  UPDATE users SET password = 'x';\n",
		"DO $$ DECLARE password text; n int := 5; BEGIN n := 'x'; END $$", "DO $$ BEGIN IF password IS NULL THEN n := 'x'; END IF; END $$",
		// Prose, commands, look-alikes.
		"INSERT INTO faq VALUES ('I can''t remember my password')", "UPDATE t SET token = 'x' WHERE id = 1", "SELECT api_key FROM k WHERE id = 'x'", "SELECT 'next token', 'program'",
		"COPY t TO PROGRAM 'gzip -9 > /tmp/x'", "COPY t FROM PROGRAM 'cp -p a b'", "SET SESSION AUTHORIZATION bob", "SELECT encrypted('a', 'b')", "SELECT 'a' || 'b', 'c'\n'd'",
		`CREATE TABLE "password" (password text DEFAULT 'none', token text)`, "SELECT * FROM crypt WHERE x = 'y'",
	} {
		if got, changed := Redact(text); changed {
			t.Errorf("Redact(%q) = %q", text, got)
		}
	}
}

func TestRedactMessageQuotes(t *testing.T) {
	for message, want := range map[string]string{
		`invalid input syntax for type integer: "ALTER ROLE x PASSWORD 'hunter2'"`: `invalid input syntax for type integer: "ALTER ROLE x PASSWORD <REDACTED>"`,
		`invalid input syntax for type integer: "password='hunter2' host=h"`:       `invalid input syntax for type integer: "password=<REDACTED> host=h"`,
		`relation "postgres://u:hunter2@h" does not exist`:                         `relation "postgres://u:<REDACTED>@h" does not exist`,
		`role "x" already exists`: `role "x" already exists`,
	} {
		if got := RedactMessage("SELECT 1", message); got != want {
			t.Errorf("RedactMessage(%q) = %q, want %q", message, got, want)
		}
	}
	const text = "CREATE SUBSCRIPTION s CONNECTION 'host=h password=a hunter2' PUBLICATION p"
	const message = `invalid connection string syntax: missing "=" after "hunter2" in connection info string`
	if got := RedactMessage(text, message); strings.Contains(got, secret) {
		t.Errorf("RedactMessage = %q", got)
	}
	if got := MaskQuoted(`at or near "'hunter2'" x`); got != `at or near "<REDACTED>" x` {
		t.Errorf("MaskQuoted = %q", got)
	}
}

func TestSettingParams(t *testing.T) {
	for text, want := range map[string]map[int]int{
		"SELECT set_config($1, $2, false)":                         {2: 1},
		"SELECT pg_catalog.set_config($2::text, upper($1), $3)":    {1: 2},
		"SELECT set_config('a.b', $1, false)":                      nil,
		"SELECT set_config($1, 'x', false), f($2)":                 nil,
		"SELECT 1 -- set_config($1, $2":                            nil,
		"SELECT set_config($1, $2, false), set_config($3, $4, $5)": {2: 1, 4: 3},
	} {
		if got := SettingParams(text); !maps.Equal(got, want) {
			t.Errorf("SettingParams(%q) = %v, want %v", text, got, want)
		}
	}
	if !SecretSetting("app.password") || SecretSetting("search_path") {
		t.Error("SecretSetting")
	}
	if got := MaskLiterals("EXECUTE p('a', 1, $$b$$) "); got != "EXECUTE p('<REDACTED>', 1, '<REDACTED>') " {
		t.Errorf("MaskLiterals = %q", got)
	}
}
