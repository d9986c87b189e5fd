package e2e

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// literals are values of the server's base types. Arrays, domains, row types and what the server
// itself can list are made from the catalogue.
var literals = map[string][]string{
	"bool": {"t", "f"}, "bytea": {`\x`, `\x00ff41276a5c`, `\x616263`}, "char": {"a", "", `\351`}, "name": {"n", "Two Words"},
	"int2": {"-32768", "7"}, "int4": {"0", "-2147483648"}, "int8": {"9223372036854775807", "-1"}, "int2vector": {"1 2 3", ""}, "oidvector": {"1 2 3", ""},
	"text": {"", "x", `a,"b\`, "ü€ 𝄞", "NULL"}, "varchar": {"x y"}, "bpchar": {"x  "}, "json": {`{"b":1, "a" : 2}`}, "jsonb": {`{"bb":[1.50,{"z":null}],"a":"\u00e9\n"}`, "-0", `"x"`},
	"jsonpath": {`$."a"[*]?(@ > 1)`, "strict $"}, "xml": {"<a>ü</a>", `<?xml version="1.0" standalone="yes"?><a/>`}, "uuid": {"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"},
	"oid": {"0", "4294967295"}, "xid": {"3"}, "cid": {"8"}, "xid8": {"18446744073709551615"}, "tid": {"(4294967295,65535)"}, "pg_lsn": {"16/B374D848"},
	"float4": {"1.1", "1e-45", "NaN", "1234567", "-0"}, "float8": {"0.1", "1e16", "-Infinity", "3.141592653589793", "5e-324", "1e23"},
	"numeric": {"1.50", "NaN", "-99999999999999999999999.0001", "1e30", "0.00000001", "Infinity"}, "money": {"-1234567.89", "0.01", "92233720368547758.07"},
	"date": {"2024-02-29", "0044-03-15 BC", "infinity", "5874897-12-31"}, "time": {"12:34:56.789", "24:00:00"}, "timetz": {"12:34:56.5-03:30", "00:00:00+00"},
	"timestamp":   {"2024-01-02 03:04:05.678", "0044-03-15 12:00:00 BC", "-infinity", "1969-12-31 23:59:59.999999"},
	"timestamptz": {"2024-07-02 03:04:05+00", "2024-10-27 00:30:00+00", "1880-01-01 00:00:00+00", "infinity", "2099-07-01 00:00:00+00", "0044-03-15 12:00:00+00 BC"},
	"interval":    {"1 year 2 mons -3 days 04:05:06.789", "0", "-1 mon", "-00:00:01.5", "1000000 hours"},
	"inet":        {"10.0.0.1/8", "::ffff:1.2.3.4", "2001:db8::1/64"}, "cidr": {"10.0.0.0/8", "::/0"}, "macaddr": {"08:00:2b:01:02:03"}, "macaddr8": {"08:00:2b:01:02:03:04:05"},
	"bit": {"1", "10110"}, "varbit": {"", "101"}, "point": {"(1.5,-2e20)"}, "lseg": {"[(1,2),(3,4)]"}, "path": {"((1,2),(3,4))", "[(1,2)]"}, "box": {"(3,4),(1,2)"},
	"polygon": {"((1,2),(3,4),(5,6))"}, "line": {"{1,2.5,3}"}, "circle": {"<(1,2),3>"}, "tsvector": {"'a':1A,2 'it''s' 'x\\\\y'"}, "tsquery": {"'a' & !( 'b' | 'c':*AB )", "'a' <2> 'b'"},
	"txid_snapshot": {"10:20:10,14,15", "10:10:"}, "pg_snapshot": {"10:20:14"}, "refcursor": {"c"}, "aclitem": {"postgres=r/postgres"}, "gtsvector": {}, "cstring": {"c"}, "unknown": {"u"}, "record": {},
	"int4range": {"[1,5]", "empty", "(,)"}, "int8range": {"(,9]"}, "numrange": {"[1.50,2]", "(1,)"}, "daterange": {"[2024-01-01,2024-01-31]"}, "tsrange": {`["2024-01-01 00:00:00",]`}, "tstzrange": {"[2024-01-01 00:00:00+00,2024-07-02 00:00:00+00)"},
	"int4multirange": {"{[1,3],[5,6]}", "{}"}, "int8multirange": {"{(,1]}"}, "nummultirange": {"{[1.5,2),(2,3.5]}"}, "datemultirange": {"{[2024-01-01,2024-01-31]}"},
	"tsmultirange": {`{["2024-01-01 00:00","2024-01-02 00:00"]}`}, "tstzmultirange": {`{[2024-01-01 00:00:00+00,2024-07-02 00:00:00+00)}`},
	"regproc": {"-", "now", "pg_catalog.sum"}, "regprocedure": {"now()", "tv.twice(integer)", "-"}, "regoper": {"||/", "pg_catalog.+", "0"}, "regoperator": {"+(integer,integer)", "0"}, "regclass": {"pg_class", `tv."Odd"`, "-"},
	"regtype": {"integer", "tv.mood[]", "timestamptz"}, "regconfig": {"english"}, "regdictionary": {"simple"}, "regnamespace": {"pg_catalog", "tv"}, "regrole": {"postgres"}, "regcollation": {`"C"`, `"default"`},
	// Of the schema tv.
	"mood": {"sad", "very happy"}, "yes_or_no": {"YES"}, "dom": {"007.50"}, "dom2": {"1e3"}, "dom_mood": {"sad"}, "dom_list": {"{1,2}"}, "pair": {`("very happy",1.50)`, "(,)", `(sad,)`},
	"nest": {`("(sad,1)","{sad,""very happy""}","[2024-01-01 00:00:00+00,)")`}, "span": {"[1.5,2]"}, "days": {"[2024-01-01,2024-01-31]"}, "words": {`["a b",c)`, "empty"}, "moods": {"[sad,very happy]"}, "ints": {"[1,5]", "(1,2)"},
	"spans": {"{[1.5,2],(3,4)}"}, "day_s": {"{[2024-01-01,2024-01-31]}"}, "wordss": {`{["a b",c),(d,)}`}, "moodss": {"{[sad,very happy]}"}, "intss": {"{[1,5],(7,9)}"}, "citext": {"MiXed"}, "hstore": {`"a"=>"1", "b"=>NULL`},
}

const typesSchema = `create schema tv; create extension citext schema tv; create extension hstore schema tv; set search_path = tv, public;
	create type mood as enum ('sad', 'very happy'); create domain dom as numeric; create domain dom2 as dom; create domain dom_mood as mood; create domain dom_list as int[];
	create type pair as (a mood, b dom); create type nest as (p pair, m mood[], w tstzrange); create table "Odd" (a int, "b C" text); insert into "Odd" values (1, 'x y');
	create type span as range (subtype = float8, multirange_type_name = spans); create type days as range (subtype = date, multirange_type_name = day_s);
	create type words as range (subtype = text, multirange_type_name = wordss); create type moods as range (subtype = mood, multirange_type_name = moodss);
	create type ints as range (subtype = int4, multirange_type_name = intss); create function twice(int) returns int language sql as 'select 2 * $1'`

// opaque are types whose binary format is their own: it prints as hexadecimal, in arrays too.
var opaque = []string{"hstore"}

// A typ is a row of pg_type with values to try.
type typ struct {
	oid          uint32
	schema, name string
	values       []string
}

// value is one bound parameter, and how the server prints it.
type value struct {
	typ    *typ
	format int16
	bytes  []byte
	want   string
}

// typesSettings are what sessions print values under.
var typesSettings = []string{
	"set timezone = 'UTC'",
	"set timezone = 'Europe/Berlin'; set datestyle = 'SQL, DMY'; set intervalstyle = postgres_verbose; set bytea_output = escape; set extra_float_digits = 3",
	"set timezone = 'America/New_York'; set datestyle = 'Postgres, MDY'; set intervalstyle = sql_standard; set extra_float_digits = 0",
	"set timezone = 'Asia/Kolkata'; set datestyle = 'German'; set intervalstyle = iso_8601; set extra_float_digits = -5; set search_path = tv, public",
	"set timezone = '<-03>+03'; set datestyle = 'SQL, MDY'; set extra_float_digits = -15; set search_path = ''",
	"set timezone = 'America/Sao_Paulo'; set datestyle = 'Postgres, DMY'; set bytea_output = 'escape'",
	"select set_config('TimeZone', 'Australia/Lord_Howe', false), set_config('bytea_output', 'escape', false), set_config('extra_float_digits', '-2', false)",
}

// TestEveryType binds values of every type that the server can send, in both formats, and compares
// paramList with what the server prints.
func TestEveryType(t *testing.T) {
	newDatabase(t, "everytype")
	if err := bed.pg.Exec(t.Context(), "everytype", typesSchema); err != nil {
		t.Fatal(err)
	}
	ctx := within(t)
	conn := connectDirect(ctx, t)
	types := everyType(ctx, t, conn)
	for i, set := range typesSettings {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			if _, err := conn.Exec(ctx, "reset all; "+set).ReadAll(); err != nil {
				t.Fatal(err)
			}
			var values []value
			for _, ty := range types {
				values = append(values, ty.print(ctx, t, conn)...)
			}
			r := speak(t, bed.proc, "everytype", fmt.Sprintf("types-%d", i))
			r.run("simple", set, "")
			var accepted []value
			for _, v := range values {
				if r.bind(v) {
					accepted = append(accepted, v)
				}
			}
			compareParams(t, r, accepted)
		})
	}
}

func compareParams(t *testing.T, r *raw, values []value) {
	t.Helper()
	n, bad := 0, 0
	for _, e := range r.events(bed.tail) {
		if e.Failed() || len(e.ParamList) == 0 && !strings.Contains(e.Text(), "$1") {
			continue
		}
		if n >= len(values) {
			t.Fatalf("an event too many: %s", e.Raw)
		}
		v := values[n]
		n++
		if len(e.ParamList) != 1 || e.ParamList[0] != v.want {
			if bad++; bad < 40 {
				t.Errorf("%s.%s format %d %.60x: got %.200q, want %.200q", v.typ.schema, v.typ.name, v.format, v.bytes, e.ParamList, v.want)
			}
		}
	}
	if n != len(values) || n < 1000 || bad > 0 {
		t.Errorf("%d events for %d values, %d differ", n, len(values), bad)
	}
}

func connectDirect(ctx context.Context, t *testing.T) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(ctx, bed.pg.URL("everytype"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

const typesSQL = `
select t.oid, n.nspname, t.typname, t.typtype, coalesce(e.typname, ''), coalesce(b.typname, ''), t.typdelim, coalesce(c.relnatts, 0), coalesce(c.oid::regclass::text, ''), coalesce(c.relkind, '-')
from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_type e on e.typarray = t.oid
left join pg_type b on b.oid = t.typbasetype left join pg_class c on c.oid = t.typrelid
where t.typsend <> 0 and t.typtype in ('b', 'd', 'e', 'r', 'm', 'c') and n.nspname not like 'pg_toast%'
order by e.oid is not null, t.typtype = 'd', t.oid`

// everyType lists the types that can be sent, each with values.
func everyType(ctx context.Context, t *testing.T, conn *pgconn.PgConn) []*typ {
	t.Helper()
	res := conn.ExecParams(ctx, typesSQL, nil, nil, nil, nil).Read()
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	known := map[string][]string{}
	var types []*typ
	for _, row := range res.Rows {
		oid, _ := strconv.ParseUint(string(row[0]), 10, 32)
		ty := &typ{oid: uint32(oid), schema: string(row[1]), name: string(row[2])}
		elem, base := string(row[4]), string(row[5])
		var ok bool
		switch {
		case slices.Contains(opaque, elem):
			ty.values, ok = arrays(nil, ""), true
		case elem != "":
			ty.values, ok = arrays(known[elem], string(row[6])), true
		case string(row[3]) == "c" && literals[ty.name] == nil:
			ty.values, ok = rows(ctx, conn, string(row[8]), string(row[7]), string(row[9])), true
		case literals[ty.name] == nil && base != "":
			ty.values, ok = literals[base]
			if known[base] != nil {
				ty.values, ok = known[base], true
			}
		default:
			ty.values, ok = literals[ty.name]
		}
		if !ok && !strings.HasPrefix(ty.name, "pg_") { // of these, none can be sent by a client
			t.Errorf("no values for the type %s.%s", ty.schema, ty.name)
		}
		known[ty.name] = ty.values
		types = append(types, ty)
	}
	return types
}

// arrays makes array literals of elements.
func arrays(elements []string, delim string) []string {
	out := []string{"{}"}
	var all []string
	for _, e := range elements {
		all = append(all, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(e)+`"`)
	}
	if len(all) == 0 {
		return out
	}
	row := "{" + strings.Join(all, delim) + "}"
	return append(out, row, "{NULL"+delim+all[0]+"}", "{"+row+delim+row+"}", "[0:1]={"+all[0]+delim+"NULL}")
}

// rows gives some rows of a relation as literals, and one of nulls.
func rows(ctx context.Context, conn *pgconn.PgConn, relation, columns, kind string) []string {
	n, _ := strconv.Atoi(columns)
	out := []string{"(" + strings.Repeat(",", max(n-1, 0)) + ")"}
	if kind == "c" {
		return out
	}
	for _, row := range conn.ExecParams(ctx, "select t::text from "+relation+" t limit 2", nil, nil, nil, nil).Read().Rows {
		if len(row[0]) < 2000 {
			out = append(out, string(row[0]))
		}
	}
	return out
}

// print asks the server for the texts and bytes of a type's values.
func (ty *typ) print(ctx context.Context, t *testing.T, conn *pgconn.PgConn) (out []value) {
	t.Helper()
	for _, literal := range ty.values {
		ask := func(format int16) ([]byte, bool) {
			res := conn.ExecParams(ctx, "select $1", [][]byte{[]byte(literal)}, []uint32{ty.oid}, nil, []int16{format}).Read()
			if res.Err != nil {
				return nil, false
			}
			return res.Rows[0][0], true
		}
		text, ok := ask(0)
		if !ok {
			continue
		}
		out = append(out, value{ty, 0, text, string(text)})
		binary, ok := ask(1)
		if !ok {
			continue
		}
		want := string(text)
		if slices.Contains(opaque, ty.name) {
			want = `\x` + hex.EncodeToString(binary)
		}
		out = append(out, value{ty, 1, binary, want})
	}
	if len(out) == 0 && len(ty.values) > 0 {
		t.Errorf("the server takes no value of %s.%s", ty.schema, ty.name)
	}
	return out
}

// bind sends a value as a parameter: its type is stated for the binary format, left to the server for
// the text format. It says whether the server took it.
func (r *raw) bind(v value) bool {
	r.t.Helper()
	parse := &pgproto3.Parse{Query: "select $1", ParameterOIDs: []uint32{v.typ.oid}}
	if v.format == 0 {
		parse = &pgproto3.Parse{Query: "select $1::" + pgx.Identifier{v.typ.schema, v.typ.name}.Sanitize()}
	}
	r.send(parse, &pgproto3.Bind{ParameterFormatCodes: []int16{v.format}, Parameters: [][]byte{v.bytes}}, &pgproto3.Execute{}, &pgproto3.Sync{})
	said := r.answer(1, "")
	return len(said) == 1 && said[0] == "SELECT 1"
}

// TestDefaultSettings: what decides how values print may be a setting of the database or the role.
func TestDefaultSettings(t *testing.T) {
	newDatabase(t, "printing")
	if err := bed.pg.Exec(t.Context(), "postgres", "alter database printing set bytea_output = 'escape'", "alter role postgres in database printing set extra_float_digits = -3",
		"alter database printing set timezone = 'Asia/Kolkata'", "alter database printing set datestyle = 'German'"); err != nil {
		t.Fatal(err)
	}
	r := speak(t, bed.proc, "printing", "printing")
	for _, set := range []string{"select 1", "set bytea_output = hex", "reset all", "set extra_float_digits = 1"} {
		r.run("simple", set, "")
		r.send(&pgproto3.Parse{Query: "select $1::bytea, $2::float8, $3::timestamptz"},
			&pgproto3.Bind{Parameters: [][]byte{[]byte(`\x0061`), []byte("0.1234567890123456"), []byte("2024-01-02 00:00:00+00")}}, &pgproto3.Execute{}, &pgproto3.Sync{})
		r.answer(1, "")
	}
	var got [][]string
	for _, e := range r.events(bed.tail) {
		if len(e.ParamList) > 0 {
			got = append(got, e.ParamList)
		}
	}
	const stamp = "02.01.2024 05:30:00 IST"
	want := [][]string{{`\000a`, "0.123456789012", stamp}, {`\x0061`, "0.123456789012", stamp}, {`\000a`, "0.123456789012", stamp}, {`\000a`, "0.1234567890123456", stamp}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
