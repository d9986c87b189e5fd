package esdk

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func testKey(t testing.TB, fill byte) *Key {
	t.Helper()
	key, err := NewKey(bytes.Repeat([]byte{fill}, keySize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func testWriter(t testing.TB, cfg Config) *Writer {
	t.Helper()
	w, err := NewWriter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func testBytes(n int) []byte {
	b := make([]byte, n)
	rnd := mathrand.NewChaCha8([32]byte{1})
	_, _ = rnd.Read(b)
	return b
}

func mustEncrypt(t testing.TB, cfg Config, key *Key, plaintext []byte) []byte {
	t.Helper()
	msg, err := testWriter(t, cfg).Encrypt(nil, key, plaintext)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func TestRoundTrip(t *testing.T) {
	key := testKey(t, 7)
	contexts := []map[string]string{nil, {"a": "", "aws:rds:dbc-id": "cluster-É", "": "x", "zz": "y"}}
	for _, suite := range []Suite{Unsigned, Signed} {
		for _, frame := range []int{1, 100, 4096, 262144, 1<<32 - 1} {
			for _, context := range contexts {
				w := testWriter(t, Config{Suite: suite, FrameLength: frame, Context: context})
				for _, size := range []int{0, 1, 99, 100, 101, 200, 4095, 4096, 4097, 8192, 20000} {
					if frame == 1 && size > 200 {
						continue
					}
					plain := testBytes(size)
					msg, err := w.Encrypt([]byte("head"), key, plain)
					if err != nil {
						t.Fatal(err)
					}
					if got, want := len(msg), 4+w.Size(size); got != want {
						t.Fatalf("suite %s frame %d size %d: %d bytes, announced %d", suite, frame, size, got, want)
					}
					got, err := Decrypt([]byte("front"), key, msg[4:])
					if err != nil || string(got[:5]) != "front" || !bytes.Equal(got[5:], plain) {
						t.Fatalf("suite %s frame %d size %d: %v", suite, frame, size, err)
					}
					h, err := Explain(msg[4:])
					if err != nil || h.ContentLength != size || h.Frames != w.frames(size) {
						t.Fatalf("suite %s frame %d size %d: explained as %d bytes in %d frames, %v",
							suite, frame, size, h.ContentLength, h.Frames, err)
					}
				}
			}
		}
	}
}

// TestRefusesEveryChange flips each bit, cuts at each byte, and appends one.
func TestRefusesEveryChange(t *testing.T) {
	key := testKey(t, 7)
	for _, c := range []struct {
		suite Suite
		size  int
	}{{Unsigned, 0}, {Unsigned, 250}, {Signed, 30}} {
		msg := mustEncrypt(t, Config{Suite: c.suite, FrameLength: 100, Context: map[string]string{"k": "v"}}, key, testBytes(c.size))
		check := func(what string, at int, bad []byte) {
			t.Helper()
			out, err := Decrypt(nil, key, bad)
			if err == nil || out != nil {
				t.Errorf("%s, %s at %d: accepted", c.suite, what, at)
			} else if !errors.Is(err, ErrAuth) && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrKey) {
				t.Errorf("%s, %s at %d: %v", c.suite, what, at, err)
			}
			_, _ = Explain(bad)
		}
		for bit := range len(msg) * 8 {
			bad := slices.Clone(msg)
			bad[bit/8] ^= 1 << (bit % 8)
			check("bit flip", bit, bad)
		}
		for n := range msg {
			check("cut", n, msg[:n])
		}
		check("byte appended", len(msg), append(slices.Clone(msg), 0))
	}
}

func TestRefusesReordering(t *testing.T) {
	key := testKey(t, 7)
	msg := mustEncrypt(t, Config{FrameLength: 100}, key, testBytes(250))
	h, err := Explain(msg)
	if err != nil {
		t.Fatal(err)
	}
	const frame = 4 + ivSize + 100 + tagSize
	head, one, two, final := msg[:h.Length], msg[h.Length:][:frame], msg[h.Length+frame:][:frame], msg[h.Length+2*frame:]
	for _, order := range [][][]byte{
		{two, one, final}, {one, final}, {one, one, two, final}, {one, two}, {final}, {one, two, final, final},
	} {
		bad := append(slices.Clone(head), slices.Concat(order...)...)
		if out, err := Decrypt(nil, key, bad); err == nil || out != nil {
			t.Errorf("order of %d parts accepted", len(order))
		}
	}
}

func TestWrongKey(t *testing.T) {
	msg := mustEncrypt(t, Config{}, testKey(t, 7), testBytes(10))
	if _, err := Decrypt(nil, testKey(t, 8), msg); !errors.Is(err, ErrKey) {
		t.Errorf("got %v", err)
	}
	if _, err := NewKey(make([]byte, 16)); err == nil {
		t.Error("a key of 16 bytes is accepted")
	}
}

// rebuild makes a message by hand: several data keys, an unframed body.
func rebuild(t *testing.T, key *Key, suite Suite, entries func(entry []byte) []byte, framed bool, plain []byte) []byte {
	t.Helper()
	id, dataKey, iv := testBytes(messageIDSize), testBytes(keySize), testBytes(ivSize)
	aead, err := contentAEAD(suite, dataKey, id)
	if err != nil {
		t.Fatal(err)
	}
	msg := []byte{formatVersion, messageType, byte(suite >> 8), byte(suite)}
	msg = append(append(msg, id...), 0, 0)
	msg = append(msg, entries(key.appendEntry(nil, dataKey, iv, nil))...)
	if framed {
		msg = append(msg, contentFramed, 0, 0, 0, 0, ivSize, 0, 0, 0, 9)
	} else {
		msg = append(msg, contentUnframed, 0, 0, 0, 0, ivSize, 0, 0, 0, 0)
	}
	tag := aead.Seal(nil, iv, nil, msg) // an IV other than zero is read too
	msg = append(append(msg, iv...), tag...)
	iv[0]++
	msg = append(msg, iv...)
	msg = binary.BigEndian.AppendUint64(msg, uint64(len(plain)))
	return aead.Seal(msg, iv, plain, appendAAD(nil, id, partSingle, 1, len(plain)))
}

func TestUnframedAndSeveralKeys(t *testing.T) {
	key, other := testKey(t, 7), testKey(t, 8)
	foreign := func(provider, info string, cipher int) []byte {
		b := appendField(appendField(nil, provider), info)
		return appendField(b, string(make([]byte, cipher)))
	}
	count := func(n uint16, parts ...[]byte) []byte {
		return append(binary.BigEndian.AppendUint16(nil, n), slices.Concat(parts...)...)
	}
	aws := foreign("aws-kms", "arn:aws:kms:us-east-1:000000000000:key/x", 184)
	short := foreign(ProviderID, KeyName, 48)
	noise := other.appendEntry(nil, testBytes(keySize), testBytes(ivSize), nil)
	for name, entries := range map[string]func([]byte) []byte{
		"one key":      func(e []byte) []byte { return count(1, e) },
		"four keys":    func(e []byte) []byte { return count(4, aws, short, noise, e) },
		"its key once": func(e []byte) []byte { return count(2, e, aws) },
	} {
		for _, size := range []int{0, 1, 5000} {
			msg := rebuild(t, key, Unsigned, entries, false, testBytes(size))
			got, err := Decrypt(nil, key, msg)
			if err != nil || !bytes.Equal(got, testBytes(size)) {
				t.Errorf("%s, %d bytes: %v", name, size, err)
			}
			h, err := Explain(msg)
			if err != nil || h.Framed || h.Frames != 1 || h.ContentLength != size {
				t.Errorf("%s, %d bytes: explained as %+v, %v", name, size, h, err)
			}
		}
	}
	for name, entries := range map[string]func([]byte) []byte{
		"no key":        func(e []byte) []byte { return count(0) },
		"too many keys": func(e []byte) []byte { return count(maxDataKeys+1, bytes.Repeat(e, maxDataKeys+1)) },
		"count alone":   func(e []byte) []byte { return count(65535) },
	} {
		if _, err := Decrypt(nil, key, rebuild(t, key, Unsigned, entries, false, nil)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	one := func(e []byte) []byte { return count(1, e) }
	if _, err := Decrypt(nil, key, rebuild(t, key, Signed, one, false, nil)); !errors.Is(err, ErrFormat) {
		t.Errorf("signed suite without a public key: %v", err)
	}
	if _, err := Decrypt(nil, key, rebuild(t, key, Unsigned, one, true, nil)); err == nil {
		t.Error("unframed body under a framed header is accepted")
	}
}

// TestHostileLengths checks that lengths in a message do not decide how much
// memory is taken.
func TestHostileLengths(t *testing.T) {
	key := testKey(t, 7)
	msg := mustEncrypt(t, Config{FrameLength: 1<<32 - 1}, key, testBytes(10))
	h, err := Explain(msg)
	if err != nil {
		t.Fatal(err)
	}
	final := slices.Clone(msg)
	binary.BigEndian.PutUint32(final[h.Length+8+ivSize:], 1<<32-2)
	regular := slices.Clone(msg)
	binary.BigEndian.PutUint32(regular[h.Length:], 1)
	one := func(e []byte) []byte { return append([]byte{0, 1}, e...) }
	unframed := rebuild(t, key, Unsigned, one, false, nil)
	binary.BigEndian.PutUint64(unframed[len(unframed)-tagSize-8:], 1<<63+1)
	for name, bad := range map[string][]byte{"final": final, "regular": regular, "unframed": unframed} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decrypt(nil, key, bad)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
	}
}

func TestParseContextRefuses(t *testing.T) {
	for name, bad := range map[string]string{
		"no pairs":      "\x00\x00",
		"one byte":      "\x00",
		"count":         "\xff\xff\x00\x01k\x00\x01v",
		"rest":          "\x00\x01\x00\x01k\x00\x01vx",
		"repeated":      "\x00\x02\x00\x01k\x00\x01v\x00\x01k\x00\x01w",
		"value too big": "\x00\x01\x00\x01k\x00\x02v",
	} {
		c := &cursor{}
		if parseContext(c, []byte(bad)); !errors.Is(c.err, ErrFormat) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}

func TestNewWriterRefuses(t *testing.T) {
	for name, cfg := range map[string]Config{
		"suite":        {Suite: 0x0578},
		"frame length": {FrameLength: -1},
		"frame 4 GiB":  {FrameLength: 1 << 32},
		"reserved":     {Context: map[string]string{"aws-crypto-x": ""}},
		"long value":   {Context: map[string]string{"k": strings.Repeat("v", 65536)}},
		"long sum":     {Context: map[string]string{"k": strings.Repeat("v", 65535)}},
	} {
		if _, err := NewWriter(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

type failing struct{ n int }

func (f *failing) Read(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	return len(p), nil
}

func TestRandomness(t *testing.T) {
	key := testKey(t, 7)
	for _, suite := range []Suite{Unsigned, Signed} {
		seeded := func() []byte {
			return mustEncrypt(t, Config{Suite: suite, Rand: mathrand.NewChaCha8([32]byte{9})}, key, testBytes(100))
		}
		if a, b := seeded(), seeded(); !bytes.Equal(a, b) {
			t.Errorf("%s: the same randomness gives other messages", suite)
		}
		a, b := mustEncrypt(t, Config{Suite: suite}, key, nil), mustEncrypt(t, Config{Suite: suite}, key, nil)
		if bytes.Equal(a[4:20], b[4:20]) {
			t.Errorf("%s: a message ID came twice", suite)
		}
	}
	for _, n := range []int{10, 60} {
		w := testWriter(t, Config{Suite: Signed, Rand: &failing{n}})
		if out, err := w.Encrypt(nil, key, nil); !errors.Is(err, io.ErrUnexpectedEOF) || out != nil {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	w := testWriter(t, Config{})
	if _, err := w.Encrypt(nil, key, nil); err != nil {
		t.Fatal(err)
	}
	if w.fresh != [len(w.fresh)]byte{} {
		t.Error("the data key stays in memory")
	}
}

func TestSignatureLength(t *testing.T) {
	for i := range 200 {
		signer, public, err := newSigner(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		message := fmt.Append(nil, i)
		signature, err := sign(signer, message)
		if err != nil {
			t.Fatal(err)
		}
		key, err := parsePublicKey(public)
		if err != nil || len(public) != publicKeySize {
			t.Fatalf("public key %q: %v", public, err)
		}
		if len(signature) != signatureSize || !verify(key, message, signature) || verify(key, []byte("x"), signature) {
			t.Fatalf("signature of %d bytes", len(signature))
		}
	}
	for _, bad := range []string{"", "=", strings.Repeat("A", 68), strings.Repeat("/", 68), "AgAA"} {
		if _, err := parsePublicKey(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("public key %q: %v", bad, err)
		}
	}
}

func TestOtherSign(t *testing.T) {
	n := elliptic.P384().Params().N
	der, err := asn1.Marshal(struct{ R, S *big.Int }{big.NewInt(5), new(big.Int).Sub(n, big.NewInt(3))})
	if err != nil {
		t.Fatal(err)
	}
	got, err := otherSign(der)
	want, _ := asn1.Marshal(struct{ R, S *big.Int }{big.NewInt(5), big.NewInt(3)})
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v", got, err)
	}
}

func TestExplainText(t *testing.T) {
	h, err := Explain(mustEncrypt(t, Config{Suite: Signed, Context: map[string]string{"k": "v"}}, testKey(t, 7), testBytes(5000)))
	if err != nil {
		t.Fatal(err)
	}
	text := h.String()
	for _, want := range []string{
		"0x0378 AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384", `"aws-crypto-public-key" = "`, `"k" = "v"`,
		`provider "BC", key "DataKey", tag 128 bits`, "frame length        4096", "frames              2",
		"content length      5000", "signature           103 bytes",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for bad, want := range map[string]string{
		"\x02\x05\x78":     "format version is 2",
		"\x01\x80\x00\x78": "AES_256_GCM_IV12_TAG16",
		"":                 "ends too early",
	} {
		if _, err := Explain([]byte(bad)); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("%x: %v", bad, err)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	key := testKey(f, 7)
	for _, suite := range []Suite{Unsigned, Signed} {
		f.Add(mustEncrypt(f, Config{Suite: suite, FrameLength: 20, Context: map[string]string{"k": "v"}}, key, testBytes(50)))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		_, decryptErr := Decrypt(nil, key, msg)
		h, err := Explain(msg)
		if err == nil {
			_ = h.String()
		} else if decryptErr == nil {
			t.Errorf("decrypted, but not explained: %v", err)
		}
	})
}

func BenchmarkEncrypt(b *testing.B) {
	for _, suite := range []Suite{Unsigned, Signed} {
		for _, size := range []int{500, 2000, 20000} {
			b.Run(fmt.Sprintf("%04x/%d", uint16(suite), size), func(b *testing.B) {
				key, w, plain := testKey(b, 7), testWriter(b, Config{Suite: suite}), testBytes(size)
				var dst []byte
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					dst, _ = w.Encrypt(dst[:0], key, plain)
				}
			})
		}
	}
}

func BenchmarkDecrypt(b *testing.B) {
	for _, suite := range []Suite{Unsigned, Signed} {
		b.Run(fmt.Sprintf("%04x/2000", uint16(suite)), func(b *testing.B) {
			key := testKey(b, 7)
			msg := mustEncrypt(b, Config{Suite: suite}, key, testBytes(2000))
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = Decrypt(dst[:0], key, msg)
			}
		})
	}
}
