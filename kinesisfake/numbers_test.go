package kinesisfake

import (
	"crypto/md5"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestUniformRanges(t *testing.T) {
	if got := uniformRanges(4)[1].first.String(); got != "85070591730234615865843651857942052864" {
		t.Errorf("second of four begins at %s", got)
	}
	if got := uniformRanges(3)[1].first.String(); got != "113427455640312821154458202477256070485" {
		t.Errorf("second of three begins at %s", got)
	}
	for _, n := range []int{1, 2, 3, 4, 5, 7, 64, 100, 500} {
		ranges := uniformRanges(n)
		size := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(int64(n)))
		var next hashKey
		for i, r := range ranges {
			want := new(big.Int).Mul(size, big.NewInt(int64(i)))
			if r.first != next || r.first.String() != want.String() {
				t.Errorf("range %d of %d begins at %s, want %s", i, n, r.first, want)
			}
			next = r.last.plus(1)
		}
		if ranges[n-1].last != maxHashKey {
			t.Errorf("the last of %d ends at %s", n, ranges[n-1].last)
		}
	}
}

func TestHashKeyText(t *testing.T) {
	for _, text := range []string{"0", "1", "18446744073709551616", "340282366920938463463374607431768211455"} {
		h, ok := parseHashKey(text)
		if !ok || h.String() != text {
			t.Errorf("%s: %v, %v", text, h, ok)
		}
	}
	for _, text := range []string{"", "-1", "x", "340282366920938463463374607431768211456", "999999999999999999999999999999999999999", "1000000000000000000000000000000000000000"} {
		if h, ok := parseHashKey(text); ok {
			t.Errorf("%s is taken for %v", text, h)
		}
	}
	for range 1000 {
		h := hashKey{rand.Uint64(), rand.Uint64() >> rand.IntN(64)}
		if got, ok := parseHashKey(h.String()); !ok || got != h {
			t.Fatalf("%v became %v", h, got)
		}
	}
	sum := md5.Sum([]byte("key"))
	if got, want := hashOf("key").String(), new(big.Int).SetBytes(sum[:]).String(); got != want {
		t.Errorf("hash of a key: %s, want %s", got, want)
	}
}

func TestSequence(t *testing.T) {
	s := sequence{created: 1700000000, shard: 17, position: 12345, arrival: 1700000099}
	want, _ := new(big.Int).SetString("2"+"06553f100"+"1"+"0000000000003039"+"00"+"06553f163"+"00000011"+"2", 16)
	if got := s.String(); got != want.String() || len(got) != 56 {
		t.Errorf("got %s, want %s", got, want)
	}
	last := ""
	for position := range uint64(300) {
		s.position = position
		got, ok := parseSequence(s.String())
		if !ok || got != s || s.String() <= last {
			t.Fatalf("%+v became %+v (after %s)", s, got, last)
		}
		last = s.String()
	}
	// One that AWS made.
	const amazon = "49590338271490256608559692538361571095921575989136588898"
	wantAmazon := sequence{created: 1542776258, shard: 6, position: 0x67648a17, arrival: 1545084650}
	if got, ok := parseSequence(amazon); !ok || got != wantAmazon || got.String() != amazon {
		t.Errorf("AWS's own: %+v, %v", got, ok)
	}
	for _, bad := range []string{"", "0", "1", "x", "-1", want.String() + "0", "999999999999999999999999999999999999999999999999999999999"} {
		if got, ok := parseSequence(bad); ok {
			t.Errorf("%s is taken for %+v", bad, got)
		}
	}
}

func FuzzSequence(f *testing.F) {
	f.Add("49590338271490256608559692538361571095921575989136588898")
	f.Add("0")
	f.Fuzz(func(t *testing.T, text string) {
		if s, ok := parseSequence(text); ok && len(text) == 56 && s.String() != text {
			t.Fatalf("%s became %+v, which is %s", text, s, s)
		}
	})
}

func FuzzToken(f *testing.F) {
	s, err := New(Config{})
	if err != nil {
		f.Fatal(err)
	}
	token, err := s.sealIterator(iterator{made: 1, key: streamKey{"000000000000", "us-east-1", "s"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token, []byte{2, 4, 'a'})
	f.Fuzz(func(t *testing.T, token string, content []byte) {
		_, _ = s.openIterator(token, 2)
		sealed, err := s.sealer.seal(kindIterator, content)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = s.openIterator(sealed, 2)
		_, _ = readShardQuery(&fields{b: content})
	})
}
