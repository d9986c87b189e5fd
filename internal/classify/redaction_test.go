package classify

import "testing"

// TestRolesAlone holds the redaction of role statements alone against what pgaudit shows.
func TestRolesAlone(t *testing.T) {
	for text, want := range map[string]string{
		"CREATE ROLE r LOGIN PASSWORD 'x' CREATEDB":                               "CREATE ROLE r LOGIN PASSWORD <REDACTED>",
		"alter user password_x with password null":                                "alter user password <REDACTED>",
		"ALTER GROUP g PASSWORD 'x'":                                              "ALTER GROUP g PASSWORD <REDACTED>",
		"SELECT 1; ALTER ROLE r PASSWORD 'x'; SELECT 2":                           "SELECT 1; ALTER ROLE r PASSWORD <REDACTED>",
		"ALTER ROLE r SET app.password = 'x'":                                     "",
		"ALTER ROLE r RENAME TO password":                                         "",
		"CREATE USER MAPPING FOR u SERVER s OPTIONS (password 'x')":               "",
		"CREATE SUBSCRIPTION s CONNECTION 'password=x' PUBLICATION p":             "",
		"SELECT dblink_connect('password=x')":                                     "",
		"SET app.password = 'x'":                                                  "",
		"DO $$ BEGIN ALTER ROLE r PASSWORD 'x'; END $$":                           "",
		"SELECT 'ALTER ROLE r PASSWORD ''x'''":                                    "",
		"SELECT pgp_sym_encrypt('d', 'x'), set_config('app.password', 'x', true)": "",
		"COPY t FROM PROGRAM 'PGPASSWORD=x psql'":                                 "",
		"SELECT 'password":                                                        "",
	} {
		if want == "" {
			want = text
		}
		if shown, changed := Roles.Text(text); shown != want || changed != (want != text) {
			t.Errorf("%q is shown as %q, %v", text, shown, changed)
		}
	}
	if m := Roles.Message("SELECT 'x'", `"password=x" is not a number`); m != `"password=x" is not a number` {
		t.Errorf("a message is shown as %q", m)
	}
	if m := Roles.Message("ALTER ROLE r PASSWORD 'x1x'", `syntax error at "x1x"`); m != `syntax error at "<REDACTED>"` {
		t.Errorf("a message is shown as %q", m)
	}
}
