package classify

import (
	"strings"
	"testing"
)

// spellings are statements, and pieces of statements as the server shows them from inside functions,
// that tell a secret: hunter2, or a part of it where it is escaped.
var spellings = []string{
	// Role statements.
	`create role r password 'hunter2'`,
	`CREATE USER r WITH ENCRYPTED PASSWORD 'hunter2' VALID UNTIL 'infinity'`,
	`CREATE USER r UNENCRYPTED PASSWORD 'hunter2'`,
	`create group g with user a password 'hunter2'`,
	`ALTER GROUP g PASSWORD 'hunter2'`,
	`alter role all password 'hunter2'`,
	`ALTER ROLE r IN DATABASE d PASSWORD 'hunter2'`,
	`ALTER ROLE r IN DATABASE d SET app.password = 'hunter2'`,
	`ALTER ROLE ALL IN DATABASE d SET app.secret TO 'hunter2'`,
	`ALTER DATABASE d SET app.password TO 'hunter2'`,
	`ALTER ROLE r SET "app.password" = 'hunter2'`,
	`ALTER ROLE "pass""word" PASSWORD 'hunter2'`,
	`ALTER/* x */ROLE/*/* n */*/r/**/PASSWORD/**/'hunter2'/**/`,
	"ALTER ROLE r -- password 'no'\nPASSWORD 'hunter2'",
	"ALTER ROLE r PASSWORD 'hun'\n 'ter2'",
	"ALTER ROLE r PASSWORD 'hun' -- c\n'ter2'",
	`ALTER ROLE r PASSWORD E'hunter2'`, `ALTER ROLE r PASSWORD E'\150unter2'`, `ALTER ROLE r PASSWORD E'hunt\'hunter2'`,
	`ALTER ROLE r PASSWORD U&'hunter2'`, `ALTER ROLE r PASSWORD U&'!0068unter2' UESCAPE '!'`, `ALTER ROLE r PASSWORD U&"hunter2"`,
	`ALTER ROLE r PASSWORD N'hunter2'`, `ALTER ROLE r PASSWORD X'hunter2'`, `ALTER ROLE r PASSWORD B'hunter2'`,
	`ALTER ROLE r PASSWORD $$hunter2$$`, `ALTER ROLE r PASSWORD $a$hunter2$a$`, `ALTER ROLE r PASSWORD $é$hunter2$é$`, `ALTER ROLE r PASSWORD $a$hunter2`,
	`ALTER ROLE r PASSWORD hunter2`, `ALTER ROLE r PASSWORD "hunter2"`, `ALTER ROLE r PASSWORD ('hunter2')`, `ALTER ROLE r PASSWORD ='hunter2'`, `ALTER ROLE r PASSWORD := 'hunter2'`,
	`ALTER ROLE r PASSWORD('hunter2')`, `ALTER ROLE r PASSWORD "a 'hunter2' b"`, `ALTER ROLE r WITH LOGIN, PASSWORD 'hunter2'`,
	`ALTER ROLE r PASSWORD 'md5hunter2'`, `ALTER ROLE r PASSWORD 'SCRAM-SHA-256$4096:hunter2'`,
	`ALTER ROLE r PASSWORD crypt('hunter2', gen_salt('bf'))`,
	`ALTER ROLE r PASSWD 'hunter2'`, `ALTER ROLE r PASWORD 'hunter2'`, `ALTER ROLE r PASSWORT 'hunter2'`, `ALTER ROLE r ENCRYPTED 'hunter2'`, `CREATE USER r 'hunter2'`,
	`ALTER ROLE r 'hunter2' PASSWORD`, `CREATE ROLE r LOGIN 'hunter2`, `ALTER USER 'r' PASSWORD 'hunter2'`,
	`CREATE ROLE IF NOT EXISTS r PASSWORD 'hunter2'`, `CREATE OR REPLACE USER r PASSWORD 'hunter2'`, `ALTER USER IF EXISTS r PASSWORD 'hunter2'`,
	`CREATE LOGIN r WITH PASSWORD = 'hunter2'`, `CREATE USER r@h IDENTIFIED BY 'hunter2'`, `CREATE USER r IDENTIFIED WITH mysql_native_password BY 'hunter2'`, `GRANT ALL ON *.* TO r IDENTIFIED BY 'hunter2'`,
	"select 1; select 2; alter role r password 'hunter2'; select 3", "begin; create role r; alter role r password 'hunter2'; commit", "selec; alter role r password 'hunter2'",
	"\ufeffALTER ROLE r PASSWORD 'hunter2'", "ALTER\u00a0ROLE r PASSWORD 'hunter2'", "ALTER ROLE r PASSWORD\u00a0'hunter2'", "ALTER ROLE r P\u0430SSWORD 'hunter2'",
	"ALTER\fROLE\vr\rPASSWORD\n'hunter2'", "((ALTER ROLE r PASSWORD 'hunter2'))",
	// Around them.
	`EXPLAIN ALTER ROLE r PASSWORD 'hunter2'`, `EXPLAIN (ANALYZE) CREATE USER r PASSWORD 'hunter2'`, `PREPARE p AS ALTER ROLE r PASSWORD 'hunter2'`, `PREPARE p(text) AS CREATE ROLE r PASSWORD 'hunter2'`,
	`CREATE SCHEMA s CREATE ROLE r PASSWORD 'hunter2'`, `CREATE RULE x AS ON INSERT TO t DO ALTER ROLE r PASSWORD 'hunter2'`,
	`COMMENT ON ROLE r IS 'password=hunter2'`, `SECURITY LABEL ON ROLE r IS 'password=hunter2'`, `RAISE NOTICE 'ALTER ROLE r PASSWORD ''hunter2'''`,
	// Bodies.
	`DO 'BEGIN ALTER ROLE r PASSWORD ''hunter2''; END'`, `DO E'BEGIN ALTER ROLE r PASSWORD \'hunter2\'; END'`, `DO LANGUAGE plpgsql $$ BEGIN ALTER ROLE r PASSWORD 'hunter2'; END $$`,
	`DO $$ BEGIN IF true THEN ALTER USER r PASSWORD 'hunter2'; END IF; END $$`, `DO $a$ BEGIN EXECUTE $b$ALTER ROLE r PASSWORD 'hunter2'$b$; END $a$`, `DO $a$ BEGIN EXECUTE 'ALTER ROLE r PASSWORD ' || $b$'hunter2'$b$; END $a$`,
	`DO $$ BEGIN EXECUTE 'ALTER ROLE r ' || 'PASSWORD ' || quote_literal('hunter2'); END $$`, `DO $$ BEGIN EXECUTE format('ALTER ROLE %I PASSWORD %L', 'r', 'hunter2'); END $$`,
	`DO $$ BEGIN EXECUTE format($f$ALTER ROLE r PASSWORD '%s'$f$, 'hunter2'); END $$`, `DO $$ BEGIN EXECUTE concat('ALTER ROLE r PASSWORD ''', 'hunter2', ''''); END $$`,
	`DO $$ BEGIN EXECUTE concat_ws(' ', 'ALTER', 'ROLE', 'r', 'PASSWORD', quote_literal('hunter2')); END $$`, `DO $$ BEGIN EXECUTE replace('ALTER ROLE r PASSWORD ''X''', 'X', 'hunter2'); END $$`,
	`DO $$ DECLARE q text := 'hunter2'; BEGIN EXECUTE 'ALTER ROLE r PASSWORD ' || quote_literal(q); END $$`, `DO $$ DECLARE v_password text := 'hunter2'; BEGIN PERFORM 1; END $$`, `DO $$ DECLARE v_password CONSTANT text DEFAULT 'hunter2'; BEGIN NULL; END $$`,
	`DO $$ BEGIN EXECUTE 'ALTER ROLE r PASSWORD $1' USING 'hunter2'; END $$`,
	`CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ ALTER ROLE r PASSWORD 'hunter2' $$`, `CREATE FUNCTION f() RETURNS void AS 'BEGIN ALTER ROLE r PASSWORD ''hunter2''; END' LANGUAGE plpgsql`,
	`CREATE OR REPLACE PROCEDURE f() LANGUAGE plpgsql AS $f$ BEGIN EXECUTE 'CREATE USER r PASSWORD ' || quote_literal('hunter2'); END $f$`, `CREATE FUNCTION f(password text DEFAULT 'hunter2') RETURNS int LANGUAGE sql AS 'SELECT 1'`,
	`CREATE FUNCTION f() RETURNS text LANGUAGE sql RETURN dblink_connect('password=hunter2')`, `CREATE PROCEDURE f() BEGIN ATOMIC SELECT dblink_connect('password=hunter2'); END`,
	`CALL set_password('r', password => 'hunter2')`, `SELECT set_password(p_password := 'hunter2')`,
	// User mappings, servers, subscriptions.
	`CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'u', password 'hunter2')`, `CREATE USER MAPPING IF NOT EXISTS FOR public SERVER s OPTIONS ("password" 'hunter2')`, `ALTER USER MAPPING FOR u SERVER s OPTIONS (ADD password 'hunter2')`,
	`ALTER USER MAPPING FOR u SERVER s OPTIONS (SET "PASSWORD" $$hunter2$$)`, `ALTER USER MAPPING FOR u SERVER s OPTIONS (SET password E'hunter2')`, `create user mapping for u server s options(password/**/'hunter2')`,
	`CREATE SERVER s FOREIGN DATA WRAPPER f OPTIONS (host 'h', password 'hunter2')`, `ALTER SERVER s OPTIONS (SET sslpassword 'hunter2')`, `CREATE FOREIGN TABLE t (i int) SERVER s OPTIONS (password 'hunter2')`,
	`CREATE FOREIGN DATA WRAPPER f OPTIONS (api_key 'hunter2')`, `CREATE SERVER s FOREIGN DATA WRAPPER f OPTIONS (token 'hunter2')`, `CREATE USER MAPPING FOR u SERVER s OPTIONS (access_key 'x', aws_secret_access_key 'hunter2')`,
	`CREATE SUBSCRIPTION s CONNECTION 'host=h password=hunter2' PUBLICATION p`, `CREATE SUBSCRIPTION s CONNECTION 'password=''hunter2'' host=h' PUBLICATION p`, `CREATE SUBSCRIPTION s CONNECTION E'password=\'hunter2\'' PUBLICATION p`,
	`CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:hunter2@h:5432/d?sslmode=require' PUBLICATION p`, `ALTER SUBSCRIPTION s CONNECTION 'postgres://h/d?user=u&password=hunter2'`, `ALTER SUBSCRIPTION s CONNECTION 'sslpassword=hunter2'`,
	`CREATE SUBSCRIPTION s CONNECTION $$password = hunter2$$ PUBLICATION p`, "ALTER SUBSCRIPTION s CONNECTION 'host=h'\n' password=hunter2'", `CREATE SUBSCRIPTION s CONNECTION U&'pass\0077ord=hunter2' PUBLICATION p`,
	// dblink, settings, programs, others.
	`SELECT dblink_connect('c', 'host=h password=hunter2')`, `SELECT * FROM dblink('dbname=d password=hunter2', 'select 1') AS t(i int)`, `SELECT dblink_exec('password=hunter2', 'select 1')`, `SELECT dblink_connect_u('password=hunter2')`,
	`SELECT dblink_connect('pass' || 'word=' || 'hunter2')`, `SELECT dblink_connect('password=' || quote_literal('hunter2'))`, `SELECT dblink_connect(concat('password=', 'hunter2'))`, `SELECT dblink_connect(format('password=%s', 'hunter2'))`,
	`ALTER SYSTEM SET primary_conninfo = 'host=h user=u password=hunter2'`, `ALTER SYSTEM SET primary_conninfo TO 'postgres://u:hunter2@h'`, `ALTER SYSTEM SET ssl_passphrase_command = 'echo hunter2'`, `ALTER SYSTEM SET archive_command = 'PGPASSWORD=hunter2 cp %p x'`,
	`ALTER SYSTEM SET restore_command = 'wget --password=hunter2 x'`, `SET app.password TO 'hunter2'`, `SET SESSION app.user_password = 'hunter2'`, `SET LOCAL app.password = hunter2`, `SET app.password = a, 'hunter2'`, `SET app.api_key = 'hunter2'`, `SET app.token = 'hunter2'`,
	`SELECT set_config('app.password', 'hunter2', false)`, `SELECT pg_catalog.set_config('app.password', 'hunter2', true)`, `SELECT set_config(E'app.password', 'hunter2', true)`,
	`COPY t TO PROGRAM 'PGPASSWORD=hunter2 psql -h h'`, `COPY t FROM PROGRAM 'curl -u u:hunter2 https://h'`, `COPY t FROM PROGRAM 'curl https://u:hunter2@h/x'`, `COPY (SELECT 1) TO PROGRAM 'mysql --password=hunter2'`, `COPY t TO PROGRAM 'mysql --password hunter2'`, `COPY t TO PROGRAM 'mysql -phunter2 d'`,
	`INSERT INTO u VALUES ('x', crypt('hunter2', gen_salt('bf')))`, `UPDATE u SET h = crypt('hunter2', h)`, `SELECT pgp_sym_encrypt('data', 'hunter2')`, `SELECT pgp_sym_decrypt(d, 'hunter2') FROM t`, `SELECT encrypt('data', 'hunter2', 'aes')`, `SELECT hmac('data', 'hunter2', 'sha256')`,
	`CREATE DATABASE LINK l CONNECT TO u IDENTIFIED BY hunter2 USING 'h'`, `CREATE DATABASE LINK l CONNECT TO 'u' IDENTIFIED BY 'hunter2'`, `SET PASSWORD FOR r TO 'hunter2'`, `SET PASSWORD = 'hunter2'`, `SET PASSWORD 'hunter2'`,
	`host all all 0.0.0.0/0 ldap ldapserver=h ldapbinddn="u" ldapbindpasswd="hunter2"`, `host all all all radius radiussecrets="hunter2"`,
	`SELECT pg_read_file('x'), 'ldapbindpasswd=hunter2'`, `UPDATE pg_authid SET rolpassword = 'hunter2' WHERE rolname = 'r'`, `CREATE EXTENSION x; SELECT aws_s3.create('k', secret_key => 'hunter2')`,
	`SELECT 'Authorization: Bearer hunter2'`, `SELECT aws_commons.create_aws_credentials('AKIAX', 'hunter2', '')`,
	`SELECT pgp_sym_decrypt(pgp_sym_encrypt('d', 'A'), 'hunter2')`, `SELECT decrypt_iv(encrypt_iv('d', 'A', 'B', 'aes'), 'hunter2', 'C', 'aes')`, `DECLARE c CURSOR FOR SELECT decrypt(decrypt(d, 'A', 'aes'), 'hunter2', 'aes')`,
	`COPY t FROM PROGRAM 'sshpass -p hunter2 ssh h'`, `COPY t FROM PROGRAM 'curl -H "X-Api-Key: hunter2" h'`,
	"SELECT " + strings.Repeat("set_config(", 40) + "'app.password', 'hunter2', false" + strings.Repeat(", 'x', false)", 40),
	// With standard_conforming_strings off.
	`SELECT '\''; CREATE ROLE r PASSWORD 'hunter2' --'`, `SELECT pgp_sym_encrypt('a\'', 'hunter2')`, `SELECT '\', pgp_sym_encrypt(d, 'hunter2')`,
	// Pieces from inside functions.
	`(SELECT dblink_connect('password=hunter2'))`, `n := (SELECT dblink_connect('password=hunter2'))`, `n := 'password=hunter2'`, `v_password := 'hunter2'`, `q := 'ALTER ROLE r PASSWORD ' || quote_literal('hunter2')`, `q := format('ALTER ROLE r PASSWORD %L', 'hunter2')`,
	`SELECT dblink_connect('password=hunter2')           FROM t`, "\n ALTER ROLE r PASSWORD 'hunter2';\n SELECT 1;\n", `SELECT set_config('app.password', 'hunter2', true)`, `'ALTER ROLE r PASSWORD ''hunter2'''`, `format('ALTER ROLE r PASSWORD %L', 'hunter2')`, `NOT EXISTS (SELECT dblink('password=hunter2'))`,
	`rec.password := 'hunter2'`, `'hunter2' = password_of(r) AND password = 'hunter2'`,
}

// beyond are those of the table whose secret only a reader's understanding tells.
var beyond = map[string]bool{
	`'hunter2' = password_of(r) AND password = 'hunter2'`: true,
}

func TestSpellings(t *testing.T) {
	for _, text := range spellings {
		shown, _ := Redact(text)
		if strings.Contains(shown, "unter2") != beyond[text] {
			t.Errorf("Redact(%q)\n     = %q", text, shown)
		}
	}
}
