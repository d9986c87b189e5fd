package audit

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseRecord(t *testing.T) {
	for _, c := range []struct {
		message string
		missing int
		want    record
		ok      bool
	}{
		{`AUDIT: SESSION,3,1,READ,SELECT,TABLE,public.t,select * from t,<none>,10`, 0,
			record{id: 3, sub: 1, class: "READ", command: "SELECT", kind: "TABLE", name: "public.t", text: "select * from t", rows: 10}, true},
		{`AUDIT: SESSION,1,2,WRITE,INSERT,TABLE,"public.""a,b""","insert into ""a,b"" values ($1, $2)","x,""y,z"",""""""q"""""",",2`, 0,
			record{id: 1, sub: 2, class: "WRITE", command: "INSERT", kind: "TABLE", name: `public."a,b"`, text: `insert into "a,b" values ($1, $2)`,
				params: []string{"x", "y,z", `"q"`, ""}, rows: 2}, true},
		{"AUDIT: SESSION,1,1,MISC,SET,,,\"set x\n= 1\",<none>,0", 0, record{id: 1, sub: 1, class: "MISC", command: "SET", text: "set x\n= 1"}, true},
		{`AUDIT: SESSION,1,1,READ,SELECT,,,"select ""a`, 7, record{id: 1, sub: 1, class: "READ", command: "SELECT", text: `select "a`, cut: true, missing: 7}, true},
		{`AUDIT: SESSION,1,1,READ,SELECT,,,select $1,"aaa`, 7, record{id: 1, sub: 1, class: "READ", command: "SELECT", text: `select $1`, cut: true}, true},
		{`AUDIT: OBJECT,4,1,READ,SELECT,TABLE,public.x,select * from x,<none>,0`, 0, record{}, false},
		{`AUDIT: SESSION,x,1,READ,SELECT,,,select 1,<none>,0`, 0, record{}, false},
		{`AUDIT: SESSION,1`, 0, record{}, false},
		{`AUDIT: `, 0, record{}, false},
		{``, 0, record{}, false},
	} {
		got, ok := parseRecord(c.message, c.missing)
		same := got.id == c.want.id && got.sub == c.want.sub && got.class == c.want.class && got.command == c.want.command && got.kind == c.want.kind &&
			got.name == c.want.name && got.text == c.want.text && got.rows == c.want.rows && got.cut == c.want.cut && got.missing == c.want.missing && slices.Equal(got.params, c.want.params)
		if ok != c.ok || !same {
			t.Errorf("%q: %+v %t,\nwant %+v %t", c.message, got, ok, c.want, c.ok)
		}
	}
}

// FuzzParseRecord: no message makes it panic, and nothing in a record is longer than
// the message or of other bytes.
func FuzzParseRecord(f *testing.F) {
	f.Add(`AUDIT: SESSION,3,1,READ,SELECT,TABLE,public.t,"select ""a"", 'b'","1,""2,3""",10`, 0)
	f.Add(`AUDIT: SESSION,3,1,READ,SELECT,,,"select`, 1)
	f.Fuzz(func(t *testing.T, message string, missing int) {
		r, ok := parseRecord(message, missing)
		if !ok {
			return
		}
		n := len(r.class) + len(r.command) + len(r.kind) + len(r.name) + len(r.text)
		for _, p := range r.params {
			n += len(p)
		}
		if n > len(message) {
			t.Errorf("%d bytes out of %d", n, len(message))
		}
		if utf8.ValidString(message) && !utf8.ValidString(r.text+strings.Join(r.params, "")) {
			t.Errorf("not UTF-8: %q %q", r.text, r.params)
		}
	})
}
