package replay

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/e2e/testbed"
)

// template is the database that every case starts from.
const template = "das_tmpl"

// settings are those that the records were taken with.
var settings = map[string]string{
	"wal_level": "logical", "max_prepared_transactions": "10", "timezone": "UTC", "autovacuum": "off",
	"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "8GB",
}

// cluster is the private server that the cases run on, as its superuser.
type cluster struct {
	pg    *testbed.Postgres
	admin *pgx.Conn // to the database postgres
}

// prepare makes the template.
func (c *cluster) prepare(ctx context.Context, setup string) (err error) {
	if c.admin, err = pgx.Connect(ctx, c.pg.URL("postgres")); err != nil {
		return fmt.Errorf("connect to postgres: %w", err)
	}
	locale := "LOCALE 'C.UTF-8'"
	if c.major() < 13 {
		locale = "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
	}
	if err := c.exec(ctx, "CREATE DATABASE "+template+" TEMPLATE template0 ENCODING 'UTF8' "+locale); err != nil {
		return err
	}
	if c.major() < recorded {
		return c.prepareOlder(ctx, setup)
	}
	if err := c.pg.Exec(ctx, template, setup); err != nil {
		return fmt.Errorf("set the template up (the contrib modules are needed, for example postgresql-contrib): %w", err)
	}
	return nil
}

func (c *cluster) close(ctx context.Context) {
	if c.admin != nil {
		c.admin.Close(ctx)
	}
}

func (c *cluster) exec(ctx context.Context, statements ...string) error {
	for _, sql := range statements {
		if _, err := c.admin.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			return fmt.Errorf("run %q: %w", sql, err)
		}
	}
	return nil
}

// fresh makes the database of one case anew, with its administrator's
// statements done.
func (c *cluster) fresh(ctx context.Context, admin *pgx.Conn, database string, cs *Case) error {
	create := "CREATE DATABASE " + database + " TEMPLATE " + template
	if c.major() >= 15 {
		create += " STRATEGY wal_log"
	}
	for _, sql := range append(c.drop(database), create, "GRANT CREATE ON DATABASE "+database+" TO das_app") {
		if _, err := admin.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			return fmt.Errorf("run %q: %w", sql, err)
		}
	}
	if len(cs.AdminSetup) > 0 {
		return c.pg.Exec(ctx, database, cs.AdminSetup...)
	}
	return nil
}

// sweep removes what a case has left in the cluster outside its database.
func (c *cluster) sweep(ctx context.Context, database string) error {
	local, err := c.list(ctx, database, `
		SELECT format('ALTER SUBSCRIPTION %I DISABLE; ALTER SUBSCRIPTION %1$I SET (slot_name = NONE); DROP SUBSCRIPTION %1$I', subname)
		FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		UNION ALL SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts WHERE database = current_database()`)
	if err != nil {
		return err
	}
	for _, sql := range local {
		// One by one: DROP SUBSCRIPTION wants no transaction around it.
		if err := c.pg.Exec(ctx, database, strings.Split(sql, "; ")...); err != nil {
			return err
		}
	}
	databases, err := c.list(ctx, "postgres",
		`SELECT quote_ident(datname) FROM pg_database WHERE datname NOT IN ('postgres','template0','template1','`+template+`')`)
	if err != nil {
		return err
	}
	for _, name := range databases {
		if err := c.exec(ctx, c.drop(name)...); err != nil {
			return err
		}
	}
	queries := []string{
		`SELECT format('DROP TABLESPACE %I', spcname) FROM pg_tablespace WHERE spcname NOT LIKE 'pg\_%'`,
		`SELECT format('ALTER ROLE %I RESET ALL', rolname) FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole WHERE setdatabase = 0
			UNION ALL SELECT 'ALTER ROLE ALL RESET ' || split_part(c, '=', 1) FROM pg_db_role_setting, unnest(setconfig) c
				WHERE setdatabase = 0 AND setrole = 0 AND c NOT LIKE 'pgaudit.%'`,
		`SELECT format('REVOKE %I FROM %I', g.rolname, m.rolname) FROM pg_auth_members a JOIN pg_roles g ON g.oid = roleid JOIN pg_roles m ON m.oid = member
			WHERE g.rolname LIKE 'das\_%' AND (g.rolname, m.rolname) <> ('das_grp', 'das_app')`,
		`SELECT format('DROP OWNED BY %I; DROP ROLE %1$I', rolname) FROM pg_roles WHERE oid >= 16384
			AND rolname NOT IN ('das_app','das_reader','das_writer','das_admin','das_definer','das_grp','das_other')`,
		`SELECT 'ALTER SYSTEM RESET ALL'`,
	}
	if c.major() >= 15 { // before the roles go
		queries = slices.Insert(queries, 0, `SELECT format('REVOKE ALL ON PARAMETER %s FROM %I', parname, grantee::regrole) FROM pg_parameter_acl, aclexplode(paracl)
			WHERE grantee <> 10 GROUP BY parname, grantee`)
	}
	for _, query := range queries {
		statements, err := c.list(ctx, "postgres", query)
		if err != nil {
			return err
		}
		if err := c.exec(ctx, statements...); err != nil {
			return err
		}
	}
	return nil
}

// list runs a query of one text column.
func (c *cluster) list(ctx context.Context, database, query string) ([]string, error) {
	conn, err := pgx.Connect(ctx, c.pg.URL(database))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", database, err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("run %q: %w", query, err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// ReadSetup reads the shared schema that belongs to a file of cases.
func ReadSetup(cases string) (string, error) {
	b, err := os.ReadFile(filepath.Join(filepath.Dir(cases), "setup.sql"))
	if err != nil {
		return "", fmt.Errorf("read the shared schema: %w", err)
	}
	return string(b), nil
}
