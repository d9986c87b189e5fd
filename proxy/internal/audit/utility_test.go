package audit_test

import (
	"strings"
	"testing"

	"github.com/das-local/das-local/proxy/internal/track"
)

// What is wanted here was seen as records of a server with pgaudit.
func TestUtilityAlone(t *testing.T) {
	newLiveDatabase(t, "live_alone", liveSchema+`CREATE MATERIALIZED VIEW one AS SELECT 1 AS a;
		CREATE MATERIALIZED VIEW mt AS SELECT * FROM t; CREATE MATERIALIZED VIEW called AS SELECT f(1) AS a;`)
	l := newLive(t, newCatalogue(t, unnoticed), "live_alone")
	view := "" // a view's query has the view itself among its relations, until
	if major() >= 16 {
		view = ", SELECT"
	}
	for _, tt := range [][2]string{
		{"PREPARE p AS SELECT id FROM t", "PREPARE"},
		{"CREATE TABLE a1 AS EXECUTE p WITH NO DATA", "CREATE TABLE AS, SELECT TABLE public.t"},
		{"CREATE TABLE a2 AS SELECT id FROM t WITH NO DATA", "CREATE TABLE AS"},
		{"CREATE TABLE IF NOT EXISTS a1 AS EXECUTE p WITH NO DATA", "CREATE TABLE AS"},
		{"CREATE TABLE IF NOT EXISTS a1 AS EXECUTE p", "CREATE TABLE AS"},
		{"CREATE TABLE IF NOT EXISTS a1 AS SELECT * FROM t", "CREATE TABLE AS"},
		{"CREATE TABLE IF NOT EXISTS a3 AS SELECT * FROM t", "CREATE TABLE AS, SELECT TABLE public.t"},
		{"EXPLAIN ANALYZE CREATE TABLE IF NOT EXISTS a1 AS SELECT * FROM t", "EXPLAIN"},
		{"EXPLAIN CREATE TABLE IF NOT EXISTS a1 AS SELECT * FROM t", "EXPLAIN"},
		{"EXPLAIN (ANALYZE, FORMAT json) CREATE TABLE IF NOT EXISTS a1 AS SELECT * FROM t", "EXPLAIN"},
		{"EXPLAIN (FORMAT xml) CREATE TABLE IF NOT EXISTS a1 AS EXECUTE p", "EXPLAIN"},
		{"EXPLAIN (FORMAT yaml) CREATE MATERIALIZED VIEW IF NOT EXISTS mt AS SELECT * FROM t", "EXPLAIN"},
		{"EXPLAIN (FORMAT yaml) CREATE TABLE IF NOT EXISTS a4 AS SELECT * FROM t", "EXPLAIN, SELECT TABLE public.t"},
		{"EXPLAIN CREATE TABLE IF NOT EXISTS a4 AS SELECT * FROM t", "EXPLAIN, SELECT TABLE public.t"},
		{"REFRESH MATERIALIZED VIEW one", "REFRESH MATERIALIZED VIEW" + view},
		{"REFRESH MATERIALIZED VIEW called", "EXECUTE FUNCTION public.f, REFRESH MATERIALIZED VIEW" + view},
		{"REFRESH MATERIALIZED VIEW mt", "REFRESH MATERIALIZED VIEW, SELECT TABLE public.t"},
		{"CREATE MATERIALIZED VIEW two AS SELECT 1", "CREATE MATERIALIZED VIEW, SELECT"},
		{"ALTER TABLE t ADD CONSTRAINT valid CHECK (f(id) = 1)", "ALTER TABLE, EXECUTE FUNCTION public.f"},
		{"ALTER TABLE t ADD CONSTRAINT later CHECK (f(id) = 1) NOT VALID", "ALTER TABLE"},
	} {
		if strings.HasPrefix(tt[0], "EXPLAIN") && strings.Contains(tt[0], "IF NOT EXISTS") && tt[1] == "EXPLAIN" && major() < 14 {
			continue // the server explains it there, and refuses to run it
		}
		l.want(tt[0], tt[1])
	}
}

// sqlBody makes statements the body of an SQL function.
func sqlBody(statements string) string {
	if major() < 14 {
		return "LANGUAGE sql AS '" + statements + "'"
	}
	return "BEGIN ATOMIC " + statements + "; END"
}

// sqlReturn makes an expression the body of an SQL function.
func sqlReturn(expr string) string {
	if major() < 14 {
		return "LANGUAGE sql AS 'SELECT " + expr + "'"
	}
	return "RETURN " + expr
}

func TestInlinedBodies(t *testing.T) {
	newLiveDatabase(t, "live_inline", liveSchema+`
		CREATE FUNCTION scalar(x int) RETURNS int `+sqlReturn("x + 1")+`;
		CREATE FUNCTION strictly(x int) RETURNS int STRICT `+sqlReturn("coalesce(x, 1)")+`;
		CREATE FUNCTION calls(x int) RETURNS int `+sqlReturn("f(x)")+`;
		CREATE FUNCTION atomic(x int) RETURNS int `+sqlBody("SELECT x * 2")+`;
		CREATE FUNCTION twice(x int) RETURNS int `+sqlBody("SELECT 1; SELECT x")+`;
		CREATE FUNCTION rows() RETURNS SETOF int STABLE `+sqlBody("SELECT id FROM t")+`;
		CREATE FUNCTION vrows() RETURNS SETOF int `+sqlBody("SELECT id FROM t")+`;
		CREATE FUNCTION pairs(int) RETURNS SETOF record STABLE LANGUAGE sql AS 'SELECT id, $1 FROM t';
		CREATE FUNCTION spairs(int) RETURNS SETOF record STABLE STRICT LANGUAGE sql AS 'SELECT id, $1 FROM t'`)
	l := newLive(t, newCatalogue(t, unnoticed), "live_inline")
	coerced := "SELECT TABLE public.t"
	if major() < 13 {
		coerced = "SELECT failed"
	}
	for _, tt := range [][2]string{
		{"SELECT scalar(1)", "SELECT"},
		{"SELECT scalar(id) FROM t", "SELECT TABLE public.t"},
		{"SELECT strictly(id) FROM t", "EXECUTE FUNCTION public.strictly, SELECT TABLE public.t"},
		{"SELECT calls(id) FROM t", "EXECUTE FUNCTION public.f, SELECT TABLE public.t"},
		{"SELECT atomic(id) FROM t", "SELECT TABLE public.t"},
		{"SELECT twice(id) FROM t", "EXECUTE FUNCTION public.twice, SELECT TABLE public.t"},
		{"SELECT * FROM rows()", "SELECT TABLE public.t"},
		{"SELECT * FROM rows() WITH ORDINALITY", "EXECUTE FUNCTION public.rows, SELECT"},
		{"SELECT * FROM vrows()", "EXECUTE FUNCTION public.vrows, SELECT"},
		{"SELECT * FROM pairs(1) AS p(a int, b int)", "SELECT TABLE public.t"},
		{"SELECT * FROM pairs(1) AS p(a int8, b numeric(4,2))", coerced},
		{"SELECT * FROM spairs(1) AS p(a int, b int)", "EXECUTE FUNCTION public.spairs, SELECT"},
	} {
		l.want(tt[0], tt[1])
	}
}

// The events of a string's statements are made when all of them have run.
func TestRelationGoneBeforeItsEvent(t *testing.T) {
	newLiveDatabase(t, "live_gone", liveSchema)
	l := newLive(t, newCatalogue(t, unnoticed), "live_gone")
	for _, tt := range [][2]string{
		{"BEGIN", "BEGIN"}, {"CREATE TABLE n (id int)", "CREATE TABLE"}, {"COMMIT", "COMMIT"},
		{"BEGIN", "BEGIN"}, {"CREATE TABLE r (id int)", "CREATE TABLE"}, {"ROLLBACK", "ROLLBACK"},
	} {
		l.want(tt[0], tt[1])
	}
	const sql = "SELECT * FROM n; DROP TABLE n"
	if _, err := l.conn.Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
	got := l.audit.Apply(t.Context(), nil, []track.Item{
		{Kind: track.Completed, Source: track.Query, Text: sql, Tag: "SELECT 0"},
		{Kind: track.Completed, Source: track.Query, Text: sql, Tag: "DROP TABLE", Index: 1}, ready('I'),
	})
	if len(got) != 2 || got[0].ObjectName != "public.n" {
		t.Errorf("%+v", got)
	}
	l.want("SELECT * FROM r", "SELECT failed")
	l.want("SELECT * FROM n", "SELECT failed")
}
