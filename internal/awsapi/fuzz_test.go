package awsapi

import (
	"encoding/hex"
	"errors"
	"testing"
)

func FuzzDecodeJSON(f *testing.F) {
	f.Add([]byte(`{"Name":"a","Data":"AQI=","N":3,"List":["x",null],"Tags":{"k":"v"},"At":1.5}`))
	f.Add([]byte(`{"Name":1}`))
	f.Add([]byte(`{"At":1e400}`))
	f.Add([]byte(` [`))
	f.Fuzz(func(t *testing.T, body []byte) { decodeAny(t, jsonProtocol{}, body) })
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
