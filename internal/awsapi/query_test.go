package awsapi

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

type queryFilter struct {
	Name   *string
	Values []string `member:"Value"`
}

type queryInput struct {
	ID       *string
	Plain    string
	Count    *int
	Big      int64
	Ratio    float64
	On       *bool
	At       *time.Time
	Blob     []byte
	Keys     []string
	Filters  []queryFilter `member:"Filter"`
	Scaling  *queryScaling
	internal int //lint:ignore U1000 shows that unexported fields are passed over
}

type queryScaling struct{ Min, Max float64 }

func decodeForm(t *testing.T, form string, in any) error {
	t.Helper()
	v, err := url.ParseQuery(form)
	if err != nil {
		t.Fatalf("parse form: %v", err)
	}
	return query{form: v}.decode(nil, in)
}

func ptr[T any](v T) *T { return &v }

func TestQueryDecode(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 11, 12, 0, time.UTC)
	tests := []struct {
		name, form string
		want       queryInput
	}{
		{"nothing", "Action=X", queryInput{}},
		{"scalars", "ID=a&Plain=b&Count=-3&Big=9007199254740993&Ratio=0.5&On=true", queryInput{
			ID: ptr("a"), Plain: "b", Count: ptr(-3), Big: 9007199254740993, Ratio: 0.5, On: ptr(true)}},
		{"empty string is a value", "ID=&On=False", queryInput{ID: ptr(""), On: ptr(false)}},
		{"time", "At=2026-11-22T10:11:12Z", queryInput{At: &at}},
		{"time with offset", "At=2026-11-22T11:11:12.000%2B01:00", queryInput{At: &at}},
		{"time without zone", "At=2026-11-22T10:11:12", queryInput{At: &at}},
		{"blob", "Blob=AQID", queryInput{Blob: []byte{1, 2, 3}}},
		{"list by member", "Keys.member.1=a&Keys.member.2=b", queryInput{Keys: []string{"a", "b"}}},
		{"flat list", "Keys.2=b&Keys.1=a", queryInput{Keys: []string{"a", "b"}}},
		{"order is by number, gaps close", "Keys.member.10=c&Keys.member.9=b&Keys.member.1=a",
			queryInput{Keys: []string{"a", "b", "c"}}},
		{"lone empty list", "Keys=", queryInput{Keys: []string{}}},
		{"nested lists", "Filters.Filter.1.Name=engine&Filters.Filter.1.Values.Value.1=x&Filters.Filter.1.Values.Value.2=y&Filters.Filter.2.Name=z",
			queryInput{Filters: []queryFilter{{ptr("engine"), []string{"x", "y"}}, {Name: ptr("z")}}}},
		{"member instead of the location name", "Filters.member.1.Name=engine&Filters.member.1.Values.member.1=x",
			queryInput{Filters: []queryFilter{{ptr("engine"), []string{"x"}}}}},
		{"structure", "Scaling.Min=0.5&Scaling.Max=2", queryInput{Scaling: &queryScaling{0.5, 2}}},
		{"unexported and unknown", "internal=1&Other.Deep.1=2", queryInput{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got queryInput
			if err := decodeForm(t, tt.form, &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestQueryDecodeRefuses(t *testing.T) {
	for _, form := range []string{
		"Count=x", "Count=99999999999999999999", "On=maybe", "On=", "At=yesterday", "Ratio=NaN", "Blob=%%%25",
		"Keys.member.0=a", "Keys.member.-1=a", "Keys.member.10001=a", "Keys.member.x=a", "Keys=a", "Keys.member=a",
		"ID.1=a", "Scaling=a", "Count.1=2", strings.Repeat("a.", queryMaxDepth) + "a=1",
	} {
		form = strings.ReplaceAll(form, "%%%25", "%25")
		var e *Error
		if err := decodeForm(t, form, new(queryInput)); !errors.As(err, &e) || e.Code != "MalformedInput" {
			t.Errorf("%s: got %v", form, err)
		}
	}
	many := url.Values{}
	for i := range queryMaxKeys + 1 {
		many.Set("k"+string(rune('a'+i%26))+strings.Repeat("x", i/26), "")
	}
	if err := (query{form: many}).decode(nil, new(queryInput)); err == nil {
		t.Error("a form of too many parameters was taken")
	}
}

func TestQueryEncode(t *testing.T) {
	type member struct {
		ID     string
		Writer bool
	}
	type output struct {
		Name    string
		Empty   string
		None    *bool
		Off     *bool
		N       int
		At      time.Time
		Never   time.Time
		Members []member `member:"DBClusterMember"`
		Zero    []member `member:"X"`
		Nil     []member `member:"X"`
		Inner   *member
	}
	r := &Request{Service: "rds", Operation: "Op", ID: "id-1"}
	q := query{form: url.Values{}}
	const head = `<OpResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/">`
	const tail = `<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></OpResponse>`
	tests := []struct {
		name string
		out  any
		want string
	}{
		{"nil", nil, ""},
		{"no members", &struct{}{}, ""},
		{"nil pointer", (*output)(nil), ""},
		{"all", &output{Name: "a<b>&\x00", Off: ptr(false), At: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.FixedZone("", 3600)),
			Members: []member{{"i", true}, {"j", false}}, Zero: []member{}, Inner: &member{ID: "k"}},
			`<OpResult><Name>a&lt;b&gt;&amp;` + "\uFFFD" + `</Name><Off>false</Off><N>0</N><At>2026-01-02T02:04:05.006Z</At>` +
				`<Members><DBClusterMember><ID>i</ID><Writer>true</Writer></DBClusterMember><DBClusterMember><ID>j</ID><Writer>false</Writer></DBClusterMember></Members>` +
				`<Zero></Zero><Inner><ID>k</ID><Writer>false</Writer></Inner></OpResult>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := q.encode(r, tt.out)
			if err != nil {
				t.Fatal(err)
			}
			if want := head + tt.want + tail; string(got) != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	if _, err := q.encode(r, &struct{ C chan int }{make(chan int)}); err == nil {
		t.Error("a channel was encoded")
	}
}

func TestQueryErrors(t *testing.T) {
	r := &Request{Service: "rds", Operation: "Nope", ID: "id-1"}
	q := query{form: url.Values{"Version": {"2014-10-31"}}}
	got := string(q.encodeError(r, q.unknown(r)))
	want := `<ErrorResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><Error><Type>Sender</Type><Code>InvalidAction</Code>` +
		`<Message>Could not find operation Nope for version 2014-10-31</Message></Error><RequestId>id-1</RequestId></ErrorResponse>`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(q.encodeError(r, internalFailure())); !strings.Contains(got, "<Type>Receiver</Type>") {
		t.Errorf("a failure of the server's blames the client: %s", got)
	}
}

func FuzzQueryDecode(f *testing.F) {
	for _, s := range []string{"ID=a&Count=1", "Keys.member.1=a&Keys.1=b&Keys=", "Filters.Filter.1.Values.Value.1=x",
		"Scaling.Min=1e309", "At=2026-01-01", "ID.=1&.=2&..=3", "Filters.Filter=&Filters.Filter.1=&Filters.member.1.Name.1=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, form string) {
		v, _ := url.ParseQuery(form)
		in := new(queryInput)
		q := query{form: v}
		if err := q.decode(nil, in); err != nil {
			var e *Error
			if !errors.As(err, &e) || e.HTTPStatus() >= 500 {
				t.Fatalf("not the client's error: %v", err)
			}
			return
		}
		if _, err := q.encode(&Request{Operation: "Op"}, in); err != nil {
			t.Fatal(err)
		}
	})
}
