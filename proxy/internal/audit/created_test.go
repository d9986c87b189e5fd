package audit_test

import (
	"slices"
	"testing"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

// In async mode a table may be dropped before the events of the statements
// before are made: the catalogue then does not know it.
func TestTableThatIsGoneByNow(t *testing.T) {
	classifier, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := audit.New(audit.Config{Classifier: classifier, Catalog: &tables{}, Session: &activity.Session{}})
	if err != nil {
		t.Fatal(err)
	}
	items := []track.Item{
		query("create table gone (id int)", "CREATE TABLE"), ready('I'),
		query("insert into gone values (1)", "INSERT 0 1"), ready('I'),
		query("create table a.gone (id int)", "CREATE TABLE"), ready('I'),
		query("select * from a.gone", "SELECT 0"), ready('I'),
		query("drop table gone", "DROP TABLE"), ready('I'),
		query("drop table a.gone", "DROP TABLE"), ready('I'),
		query("begin", "BEGIN"), ready('T'),
		query("create table never (id int)", "CREATE TABLE"), ready('T'),
		query("rollback", "ROLLBACK"), ready('I'),
		fail("select * from never", "42P01", `relation "never" does not exist`), ready('I'),
	}
	var names []string
	for _, e := range s.Apply(t.Context(), nil, items) {
		if e.Command == "INSERT" || e.Command == "SELECT" {
			names = append(names, e.ObjectType+" "+e.ObjectName)
		}
	}
	if want := []string{"TABLE public.gone", "TABLE a.gone", " "}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}
