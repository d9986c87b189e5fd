package audit_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/catalog"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/audit"
	"github.com/das-local/das-local/proxy/internal/track"
)

// What the corpus must agree on, as a share of all its cases: a guard against going
// back. The rest needs the server's own knowledge.
const (
	wantAgree    = 0.70
	wantTopLevel = 0.80
)

// TestOracle replays the corpus from its wire traces: only the catalogue is real. Cases
// agree if ids (by rank), class, command, objects, parameters and texts do; rows
// are counted apart.
func TestOracle(t *testing.T) {
	ctx := t.Context()
	o := newOracle(t, ctx)
	var total, agree, rows, top int
	kinds := map[string][4]int{}
	var misses []string
	for _, c := range readCases(t) {
		got := o.replay(&c)
		want := c.expected()
		a := sameRecords(got, want, false, false)
		b := sameRecords(got, want, true, false)
		d := sameRecords(topLevel(&c, got), topLevel(&c, want), false, true)
		k := kinds[c.Kind]
		for i, ok := range [...]bool{true, a, b, d} {
			if ok {
				k[i]++
			}
		}
		kinds[c.Kind] = k
		total, agree, rows, top = total+1, agree+one(a), rows+one(b), top+one(d)
		if !a {
			misses = append(misses, fmt.Sprintf("%s top=%v %q\n  got  %s\n  want %s", c.ID, d, c.SQL, list(got), list(want)))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s %6s %6s %10s %10s\n", "kind", "cases", "agree", "with rows", "top level")
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		v := kinds[k]
		fmt.Fprintf(&b, "%-12s %6d %6d %10d %10d\n", k, v[0], v[1], v[2], v[3])
	}
	fmt.Fprintf(&b, "%-12s %6d %6d %10d %10d\n", "all", total, agree, rows, top)
	t.Log("\n" + b.String())
	if path := os.Getenv("ORACLE_MISSES"); path != "" {
		if err := os.WriteFile(path, []byte(strings.Join(misses, "\n")), 0o600); err != nil {
			t.Error(err)
		}
	}
	if share := float64(agree) / float64(total); share < wantAgree {
		t.Errorf("%.3f of the cases agree, want %.2f", share, wantAgree)
	}
	if share := float64(top) / float64(total); share < wantTopLevel {
		t.Errorf("%.3f of the cases agree at top level, want %.2f", share, wantTopLevel)
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

type oracle struct {
	t       *testing.T
	ctx     context.Context
	admin   *pgconn.PgConn
	catalog *catalog.Catalog
	class   *classify.Classifier
	n       int
}

// newOracle makes the corpus' schema on the real server.
func newOracle(t *testing.T, ctx context.Context) *oracle {
	t.Helper()
	o := &oracle{t: t, ctx: ctx}
	var err error
	if o.admin, err = dial(ctx, "postgres", "postgres"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.admin.Close(context.Background()) })
	o.must(o.admin, "CREATE DATABASE das_tmpl")
	c, err := dial(ctx, "das_tmpl", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	sql, err := os.ReadFile(oracleDir + "setup.sql")
	if err != nil {
		t.Fatal(err)
	}
	o.must(c, string(sql))
	_ = c.Close(ctx)
	o.catalog = newCatalogue(t, 0)
	if o.class, err = classify.New(classify.Config{}); err != nil {
		t.Fatal(err)
	}
	o.must(o.admin, "CREATE DATABASE das_case TEMPLATE das_tmpl")
	o.must(o.admin, "GRANT CREATE ON DATABASE das_case TO das_app")
	return o
}

func (o *oracle) must(c *pgconn.PgConn, sql string) {
	o.t.Helper()
	if _, err := exec(o.ctx, c, sql); err != nil {
		o.t.Fatalf("%.60s: %v", sql, err)
	}
}

// replay gives the records that a case's items make.
func (o *oracle) replay(c *oracleCase) []record {
	o.t.Helper()
	database := "das_case"
	if len(c.Setup)+len(c.AdminSetup) > 0 && !c.ClusterWide {
		o.n++
		database = fmt.Sprintf("das_case_%d", o.n)
		o.must(o.admin, "CREATE DATABASE "+database+" TEMPLATE das_tmpl")
		o.must(o.admin, "GRANT CREATE ON DATABASE "+database+" TO das_app")
		admin, err := dial(o.ctx, database, "postgres")
		if err != nil {
			o.t.Fatal(err)
		}
		for _, sql := range c.AdminSetup {
			if _, err := exec(o.ctx, admin, sql); err != nil {
				o.t.Logf("%s: admin_setup %q: %v", c.ID, sql, err)
			}
		}
		_ = admin.Close(o.ctx)
		defer func() {
			if _, err := exec(o.ctx, o.admin, "DROP DATABASE "+database+" WITH (FORCE)"); err != nil {
				o.t.Log(err)
			}
		}()
	}
	user := cmp.Or(c.User, "das_app")
	conn, err := dial(o.ctx, database, user)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	s, err := audit.New(audit.Config{
		Classifier: o.class, Catalog: o.catalog,
		Session: &activity.Session{DatabaseName: database, UserName: user, PID: int32(conn.PID())},
	})
	if err != nil {
		o.t.Fatal(err)
	}
	before := s.Apply(o.ctx, nil, o.setup(c, conn))
	base := int64(1)
	if len(before) > 0 {
		base = before[len(before)-1].StatementID
	}
	return records(base, s.Apply(o.ctx, nil, newReplay(c).run()))
}

// setup runs a case's setup and gives its items.
func (o *oracle) setup(c *oracleCase, conn *pgconn.PgConn) []track.Item {
	var items []track.Item
	now := time.Unix(1700000000, 0)
	if c.ClusterWide {
		return nil
	}
	for _, sql := range c.Setup {
		tags, err := exec(o.ctx, conn, sql)
		if err != nil {
			o.t.Logf("%s: setup %q: %v", c.ID, sql, err)
		}
		for i, tag := range tags {
			items = append(items, track.Item{Kind: track.Completed, Source: track.Query, Text: sql, Index: i, Tag: tag,
				Start: now, End: now})
		}
		items = append(items, track.Item{Kind: track.Ready, TxStatus: conn.TxStatus()})
	}
	return items
}

// records turns events into the oracle's form. Failed statements are left out, and
// statements count by rank.
func records(base int64, events []activity.Event) []record {
	var out []record
	rank, last := int64(0), base
	for _, e := range events {
		if e.ExitCode.SQLState != "" {
			continue
		}
		if e.StatementID != last {
			rank, last = rank+1, e.StatementID
		}
		out = append(out, record{
			Statement: rank, Sub: e.SubstatementID, Class: string(e.Class), Command: e.Command,
			ObjectType: e.ObjectType, ObjectName: e.ObjectName, Text: e.CommandText,
			Params: e.Params, Rows: max(e.RowCount, 0),
		})
	}
	return out
}

// topLevel keeps the records whose text the client sent, with substatements counted by rank.
func topLevel(c *oracleCase, in []record) []record {
	sent := map[string]bool{}
	for _, o := range c.messages() {
		sent[o.SQL] = true
	}
	for _, sql := range c.Setup {
		sent[sql] = true
	}
	for sql := range maps.Clone(sent) {
		shown, _ := classify.Redact(sql)
		sent[shown] = true
	}
	var out []record
	st, sub, rankSt, rankSub := int64(-1), int64(-1), int64(0), int64(0)
	for _, r := range in {
		shown, _ := classify.Redact(r.Text)
		if !sent[shown] || r.Class == "FUNCTION" && r.Command == "EXECUTE" {
			continue
		}
		if r.Statement != st {
			st, sub = r.Statement, -1
			rankSt, rankSub = rankSt+1, 0
		}
		if r.Sub != sub {
			sub = r.Sub
			rankSub++
		}
		r.Statement, r.Sub = rankSt, rankSub
		out = append(out, r)
	}
	return out
}

var tempSchema = regexp.MustCompile(`\bpg_temp(_\d+|_N)?\.`)

// key is what two records must have in common.
func (r record) key(rows bool) string {
	if r.Command == "COPY" || r.Command == "DECLARE CURSOR" {
		r.ObjectType, r.ObjectName, r.Rows = "", "", 0
	}
	if !rows || r.Command == "FETCH" {
		r.Rows = 0
	}
	// Redaction is more thorough than the oracle's.
	r.Text, _ = classify.Redact(r.Text)
	r.ObjectName = tempSchema.ReplaceAllString(r.ObjectName, "pg_temp.")
	params := slices.DeleteFunc(slices.Clone(r.Params), func(p string) bool { return p == "" })
	return fmt.Sprintf("%d.%d %s %s %s %s %q %q %d", r.Statement, r.Sub, r.Class, r.Command, r.ObjectType,
		r.ObjectName, params, r.Text, r.Rows)
}

// sameRecords compares two lists; relations of one substatement are a multiset.
func sameRecords(got, want []record, rows, _ bool) bool {
	g, w := keys(got, rows), keys(want, rows)
	return slices.Equal(g, w)
}

func keys(in []record, rows bool) []string {
	var out []string
	last := ""
	for _, r := range in {
		k := r.key(rows)
		if (r.Command == "COPY" || r.Command == "DECLARE CURSOR") && k == last {
			continue // one event a relation, where the oracle has one
		}
		last = k
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func list(in []record) string {
	var b strings.Builder
	for _, r := range in {
		fmt.Fprintf(&b, "\n     %d.%d %s %s %s %s %q %.80q %d", r.Statement, r.Sub, r.Class, r.Command, r.ObjectType,
			r.ObjectName, r.Params, r.Text, r.Rows)
	}
	return b.String()
}
