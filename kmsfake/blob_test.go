package kmsfake

import (
	"bytes"
	"crypto/rand"
	"encoding/asn1"
	"testing"
)

func testMaterial() *material {
	m, err := newMaterial(&key{id: "00000000-0000-4000-8000-000000000001", spec: specSymmetric}, bytes.Repeat([]byte{9}, 32))
	if err != nil {
		panic(err)
	}
	return m
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// TestBlobBitFlips checks that each bit of a blob is authenticated.
func TestBlobBitFlips(t *testing.T) {
	m := testMaterial()
	context := map[string]string{"a": "b"}
	blob, err := seal(m.secret, m.tag, kindDataKey, randomBytes(28), randomBytes(32), context)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(blob) * 8 {
		b := bytes.Clone(blob)
		b[bit/8] ^= 1 << (bit % 8)
		tag, ok := tagOf(b)
		if !ok || tag != m.tag {
			continue
		}
		if _, err := open(m.secret, b, context); err == nil {
			t.Errorf("bit %d of byte %d is not checked", bit%8, bit/8)
		}
	}
	for n := range len(blob) {
		if _, ok := tagOf(blob[:n]); !ok {
			continue
		}
		if _, err := open(m.secret, blob[:n], context); err == nil {
			t.Errorf("%d bytes of it open", n)
		}
	}
}

// TestBlobForm compares the wrapping with the one of real data keys.
func TestBlobForm(t *testing.T) {
	m := testMaterial()
	for n := 1; n <= maxPlaintext; n++ {
		plain := bytes.Repeat([]byte{1}, n)
		blob, err := seal(m.secret, m.tag, kindDataKey, randomBytes(28), plain, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n == 32 {
			wrap := []byte{0x30, 0x7c, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06, 0xa0, 0x6f, 0x30, 0x6d, 0x02, 0x01, 0x00,
				0x30, 0x68, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0x30, 0x1e, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
				0x03, 0x04, 0x01, 0x2e, 0x30, 0x11, 0x04, 0x0c}
			if !bytes.HasPrefix(blob[blobHead:], wrap) || !bytes.Equal(blob[blobHead+len(wrap)+12:][:5], []byte{0x02, 0x01, 0x10, 0x80, 0x3b}) || len(blob) != 184 {
				t.Fatalf("wrapping % x", blob[blobHead:])
			}
		}
		var any asn1.RawValue
		if rest, err := asn1.Unmarshal(blob[blobHead:], &any); err != nil || len(rest) != 0 {
			t.Fatalf("%d bytes: not DER: %v, %d left", n, err, len(rest))
		}
		if got, err := open(m.secret, blob, nil); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

func TestContextIsUnambiguous(t *testing.T) {
	m := testMaterial()
	blob, err := seal(m.secret, m.tag, kindEncrypt, randomBytes(28), []byte("x"), map[string]string{"a": "bc", "d": "e"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []map[string]string{{"ab": "c", "d": "e"}, {"a": "b", "cd": "e"}, {"a": "bc"}, nil, {"a": "bc", "d": "e", "": ""}} {
		if _, err := open(m.secret, blob, c); err == nil {
			t.Errorf("%v opens it", c)
		}
	}
}

func FuzzOpen(f *testing.F) {
	m := testMaterial()
	good, err := seal(m.secret, m.tag, kindDataKey, make([]byte, 28), make([]byte, 32), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:blobHead])
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, ok := tagOf(b); !ok {
			return
		}
		if p, err := open(m.secret, b, nil); err == nil && !bytes.Equal(b, good) {
			t.Errorf("forged: %x", p)
		}
	})
}

func BenchmarkGenerateDataKey(b *testing.B) {
	s, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	k, err := s.CreateKey(b.Context(), KeyOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := s.GenerateDataKey(b.Context(), k.ID, map[string]string{"aws:rds:dbc-id": "cluster-X"}); err != nil {
			b.Fatal(err)
		}
	}
}
