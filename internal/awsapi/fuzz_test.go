package awsapi

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
)

func FuzzDecodeJSON(f *testing.F) {
	p := jsonProtocol{fields: new(fieldCache)}
	f.Add([]byte(`{"Name":"a","Data":"AQI=","N":3,"List":["x",null],"Tags":{"k":"v"},"At":1.5}`))
	f.Add([]byte(`{"Name":1}`))
	f.Add([]byte(`{"At":1e400}`))
	f.Add([]byte(` [`))
	f.Fuzz(func(t *testing.T, body []byte) {
		decodeAny(t, p, body)
		// Whatever the standard library takes for these members, we take too,
		// and the same; but for limits, case and members given twice.
		var ours, theirs echoIn
		if err := json.Unmarshal(body, &theirs); err == nil && len(body) < 60 && p.decode(body, &ours) == nil {
			if a, b := fmt.Sprintf("%+v", ours.plain()), fmt.Sprintf("%+v", theirs.plain()); a != b && distinct(body) {
				t.Fatalf("%s: %s, want %s", body, a, b)
			}
		}
		if err := json.Unmarshal(body, &theirs); err != nil && len(body) > 0 && p.decode(body, &ours) == nil {
			var v map[string]any
			if json.Unmarshal(body, &v) != nil {
				t.Fatalf("%q is no JSON: %v", body, err)
			}
		}
	})
}

// plain is the input without pointers.
func (in *echoIn) plain() map[string]any {
	m := map[string]any{"Data": string(in.Data), "N": in.N, "On": in.On, "List": in.List, "Tags": in.Tags}
	if in.Name != nil {
		m["Name"] = *in.Name
	}
	if in.At != nil {
		m["At"] = in.At.UnixMilli()
	}
	return m
}

// distinct reports whether no member of echoIn is given twice, in whatever case.
func distinct(body []byte) bool {
	lower := bytes.ToLower(body)
	if bytes.IndexByte(body, '\\') >= 0 {
		return false
	}
	for _, name := range []string{"Name", "Data", "N", "On", "List", "Tags", "At"} {
		quoted := []byte(`"` + name + `"`)
		if n := bytes.Count(lower, bytes.ToLower(quoted)); n > 1 || n != bytes.Count(body, quoted) {
			return false
		}
	}
	return true
}

func FuzzDecodeCBOR(f *testing.F) {
	for _, s := range []string{"bf644e616d656178644461746142000144617401ff", "a1624174c11b0000018bcfe5687b", "a1624174fb7ff8000000000000", "bf"} {
		b, _ := hex.DecodeString(s)
		f.Add(b)
	}
	c, err := newCBOR()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) { decodeAny(t, c, body) })
}

// decodeAny wants a client error or a struct that can be written again.
func decodeAny(t *testing.T, p protocol, body []byte) {
	var in echoIn
	err := p.decode(body, &in)
	if e := (*Error)(nil); err != nil {
		if !errors.As(err, &e) || e.HTTPStatus() != 400 {
			t.Fatalf("decode %x: %v", body, err)
		}
		return
	}
	if _, err := p.encode(&Request{}, &in); err != nil {
		t.Fatalf("encode %+v: %v", in, err)
	}
}
