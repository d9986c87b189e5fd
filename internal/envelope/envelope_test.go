package envelope

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/esdk"
)

const (
	clusterID  = "cluster-4HNY5V4RRNPKKYB7ICFKE5JBQQ"
	instanceID = "db-FZJTMYKCXQBUUZ6VLU7NW3ITCM"
)

func testKey() *DataKey {
	return &DataKey{Plaintext: bytes.Repeat([]byte{3}, 32), Ciphertext: bytes.Repeat([]byte{1, 2, 3, 0}, 46)}
}

func testSealer(t testing.TB, cfg Config) *Sealer {
	t.Helper()
	s, err := NewSealer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustSeal(t testing.TB, s *Sealer, events []byte) []byte {
	t.Helper()
	record, err := s.Seal(nil, testKey(), clusterID, instanceID, events)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// kms gives the key of testKey for its blob.
func kms(blob []byte) ([]byte, error) {
	if !bytes.Equal(blob, testKey().Ciphertext) {
		return nil, errors.New("another blob")
	}
	return testKey().Plaintext, nil
}

func testEvents(n int, v activity.Version) []byte {
	var b []byte
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = activity.AppendEvent(b, &activity.Event{
			Session:     &activity.Session{DatabaseName: "postgres", UserName: "rdsadmin", RemoteHost: "172.31.3.195"},
			StatementID: int64(i), Command: "SELECT", CommandText: fmt.Sprintf("select %d", i*7919), HasCommandText: true,
			Class: activity.ClassRead,
		}, v)
	}
	return b
}

func realRecord(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("../../testdata/envelope/aurora-postgresql-1.1.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	for _, cfg := range []Config{{}, {Version: activity.V10}, {Suite: esdk.Signed, FrameLength: 262144}, {FrameLength: 10}} {
		s := testSealer(t, cfg)
		for _, n := range []int{1, 2, 500, 1} {
			events := testEvents(n, s.Version())
			dst, err := s.Seal([]byte("x"), testKey(), clusterID, instanceID, events)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Open(dst[1:], kms)
			if err != nil {
				t.Fatal(err)
			}
			var got [][]byte
			for _, e := range r.Events {
				got = append(got, e)
			}
			if r.ClusterID != clusterID || r.InstanceID != instanceID || !bytes.Equal(bytes.Join(got, []byte(",")), events) {
				t.Errorf("%+v, %d events: got %d of %q %q", cfg, n, len(got), r.ClusterID, r.InstanceID)
			}
		}
	}
}

func TestOuterForm(t *testing.T) {
	record := mustSeal(t, testSealer(t, Config{}), activity.AppendHeartbeat(nil))
	form := regexp.MustCompile(`^\{"type":"DatabaseActivityMonitoringRecords","version":"1\.1",` +
		`"databaseActivityEvents":"([A-Za-z0-9+/]+=*)","key":"([A-Za-z0-9+/]+=*)"\}$`)
	for name, r := range map[string][]byte{"ours": record, "real": bytes.TrimSpace(realRecord(t))} {
		if !form.Match(r) {
			t.Errorf("%s: %s", name, r)
		}
	}
	if v10 := mustSeal(t, testSealer(t, Config{Version: activity.V10}), nil); !bytes.Contains(v10, []byte(`"version":"1.0",`)) {
		t.Errorf("version 1.0: %s", v10)
	}
	if _, err := NewSealer(Config{Version: "1.2"}); err == nil {
		t.Error("version 1.2 is accepted")
	}
}

// TestRealRecord compares the header of a record made here with the header of
// one that Aurora PostgreSQL made: what is random by its length, all else by
// its value.
func TestRealRecord(t *testing.T) {
	header := func(record []byte) (*Outer, esdk.Header) {
		o, err := ParseOuter(record)
		if err != nil {
			t.Fatal(err)
		}
		h, err := esdk.Explain(o.Message)
		if err != nil {
			t.Fatal(err)
		}
		return o, h
	}
	real, want := header(realRecord(t))
	ours, got := header(mustSeal(t, testSealer(t, Config{}), activity.AppendHeartbeat(nil)))

	if real.Version != ours.Version || !bytes.HasPrefix(real.Key, []byte{1, 2, 3, 0, 0x78}) || len(real.Key) != 184 {
		t.Errorf("outer: version %s and %s, key %x", real.Version, ours.Version, real.Key)
	}
	if want.Suite != esdk.Unsigned || want.FrameLength != 4096 || want.Frames != 1 || want.ContentLength != 172 {
		t.Errorf("real record:\n%s", want)
	}
	random := [][]byte{got.MessageID[:], got.Tag[:]}
	name, iv, ok := got.DataKeys[0].RawAES()
	if !ok || name != esdk.KeyName || len(iv) != 12 {
		t.Errorf("data key: name %q", name)
	}
	for _, b := range append(random, iv, got.DataKeys[0].Ciphertext) {
		if len(bytes.Trim(b, "\x00")) == 0 {
			t.Errorf("nothing random in %x", b)
		}
	}
	// The volatile bytes are taken over, the lengths and everything else stay.
	got.MessageID, got.Tag = want.MessageID, want.Tag
	_, realIV, _ := want.DataKeys[0].RawAES()
	copy(iv, realIV)
	copy(got.DataKeys[0].Ciphertext, want.DataKeys[0].Ciphertext)
	got.ContentLength = want.ContentLength // of the compressed JSON
	if !reflect.DeepEqual(got.DataKeys, want.DataKeys) || got.String() != want.String() {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// With the header's random bytes, its bytes are the real ones.
	copy(ours.Message[4:], want.MessageID[:])
	copy(ours.Message[got.Length-16:], want.Tag[:])
	if !bytes.Equal(ours.Message[:got.Length], real.Message[:want.Length]) {
		t.Errorf("got  %x\nwant %x", ours.Message[:got.Length], real.Message[:want.Length])
	}
	// Frame head: final mark, number, IV; then the length.
	if at := got.Length; !bytes.Equal(ours.Message[at:at+20], real.Message[at:at+20]) {
		t.Errorf("frame: got %x, want %x", ours.Message[at:at+20], real.Message[at:at+20])
	}
	// The real record is a heartbeat's length, give or take what ids and
	// compressors differ in.
	o, err := ParseOuter(mustSeal(t, testSealer(t, Config{}), activity.AppendHeartbeat(nil)))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(o.Message) - len(real.Message); n < -12 || n > 12 {
		t.Errorf("a heartbeat is %d bytes longer than the real record", n)
	}
}

func TestParseOuterBlanks(t *testing.T) {
	// Aurora MySQL prints blanks, and has other keys inside.
	o, err := ParseOuter([]byte(`{"type": "DatabaseActivityMonitoringRecords","version": "1.2","databaseActivityEvents": "AYAD","key" : "AQID"}` + "\n"))
	if err != nil || o.Version != "1.2" || string(o.Message) != "\x01\x80\x03" || string(o.Key) != "\x01\x02\x03" {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	s := testSealer(t, Config{})
	record := mustSeal(t, s, activity.AppendHeartbeat(nil))
	var parts map[string]string
	if err := json.Unmarshal(record, &parts); err != nil {
		t.Fatal(err)
	}
	with := func(key, value string) []byte {
		changed := map[string]string{}
		for k, v := range parts {
			changed[k] = v
		}
		changed[key] = value
		b, _ := json.Marshal(changed)
		return b
	}
	sealRaw := func(packed []byte) []byte { // any bytes in place of the gzip
		w, err := esdk.NewWriter(esdk.Config{})
		if err != nil {
			t.Fatal(err)
		}
		key, _ := esdk.NewKey(testKey().Plaintext)
		msg, err := w.Encrypt(nil, key, packed)
		if err != nil {
			t.Fatal(err)
		}
		return with("databaseActivityEvents", base64.StdEncoding.EncodeToString(msg))
	}
	for name, c := range map[string]struct {
		record []byte
		want   string
	}{
		"empty":         {nil, "parse stream record"},
		"two":           {append(record, record...), "parse stream record"},
		"inner type":    {with("type", activity.TypeRecord), "type is"},
		"not base64":    {with("key", "AQI"), "key: illegal base64"},
		"no key":        {with("key", ""), "key is empty"},
		"no message":    {with("databaseActivityEvents", ""), "databaseActivityEvents is empty"},
		"other key":     {with("key", "AAAA"), "decrypt data key: another blob"},
		"not a message": {with("databaseActivityEvents", "AAAA"), "not a readable"},
		"not gzip":      {sealRaw([]byte("{}")), "decompress"},
		"cut gzip":      {sealRaw(pack(t, []byte(`{"type":"`))[:12]), "decompress"},
		"not a record":  {sealRaw(pack(t, []byte(`{"type":"x"}`))), "parse record"},
		"huge":          {bytes.Repeat([]byte(" "), maxOuter+1), "too large"},
	} {
		if r, err := Open(c.record, kms); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
	short := &DataKey{Plaintext: []byte("short"), Ciphertext: []byte{1}}
	if out, err := s.Seal(nil, short, clusterID, instanceID, nil); err == nil {
		t.Errorf("sealed under a short key: %s", out)
	}
	if _, err := Open(record, func([]byte) ([]byte, error) { return []byte("short"), nil }); err == nil {
		t.Error("opened with a short key")
	}
}

func pack(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestGunzipBound(t *testing.T) {
	packed := pack(t, make([]byte, 10<<20))
	if _, err := Gunzip(packed, 10<<20-1); !errors.Is(err, errTooLarge) {
		t.Errorf("got %v", err)
	}
	if out, err := Gunzip(packed, 10<<20); err != nil || len(out) != 10<<20 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

// TestKeyChange seals under keys that alternate, and checks that Forget leaves
// nothing.
func TestKeyChange(t *testing.T) {
	s := testSealer(t, Config{})
	a, b := testKey(), testKey()
	b.Plaintext[0]++
	for i, key := range []*DataKey{a, b, b, a} {
		record, err := s.Seal(nil, key, clusterID, instanceID, activity.AppendHeartbeat(nil))
		if err != nil {
			t.Fatal(err)
		}
		plain := func([]byte) ([]byte, error) { return key.Plaintext, nil }
		if _, err := Open(record, plain); err != nil {
			t.Errorf("record %d: %v", i, err)
		}
	}
	s.Forget()
	a.Zero()
	if s.raw != [32]byte{} || s.key != nil || !bytes.Equal(a.Plaintext, make([]byte, 32)) {
		t.Error("a data key stays in memory")
	}
	mustSeal(t, s, nil)
}

// maxRecord is Kinesis's limit of one record's data, partition key included.
const maxRecord = 1 << 20

// TestBound seals what does not compress, in many sizes.
func TestBound(t *testing.T) {
	rnd := mathrand.NewChaCha8([32]byte{5})
	for _, cfg := range []Config{{}, {Suite: esdk.Signed}, {FrameLength: 64}} {
		s := testSealer(t, cfg)
		for _, n := range []int{0, 1, 100, 32767, 65534, 65535, 65536, 131070, 500_000} {
			noise := make([]byte, n)
			_, _ = rnd.Read(noise)
			record := mustSeal(t, s, noise)
			if bound := s.Bound(testKey(), clusterID, instanceID, n); len(record) > bound || len(record) < bound*9/10-300 {
				t.Errorf("%+v: %d bytes make %d, bound %d", cfg, n, len(record), bound)
			}
		}
		n := s.MaxEvents(testKey(), clusterID, instanceID, maxRecord)
		if s.Bound(testKey(), clusterID, instanceID, n) > maxRecord || s.Bound(testKey(), clusterID, instanceID, n+10) <= maxRecord {
			t.Errorf("%+v: at most %d event bytes", cfg, n)
		}
		if n := s.MaxEvents(testKey(), clusterID, instanceID, 100); n != 0 {
			t.Errorf("%+v: %d event bytes in 100", cfg, n)
		}
	}
}

func TestSealAllocations(t *testing.T) {
	s, key, events := testSealer(t, Config{}), testKey(), testEvents(3, activity.V11)
	dst := make([]byte, 0, 64<<10)
	n := testing.AllocsPerRun(100, func() {
		if _, err := s.Seal(dst, key, clusterID, instanceID, events); err != nil {
			t.Fatal(err)
		}
	})
	if n > 30 { // key derivation and the message's cipher
		t.Errorf("%v allocations", n)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(mustSeal(f, testSealer(f, Config{}), activity.AppendHeartbeat(nil)))
	f.Add(realRecord(f))
	f.Fuzz(func(t *testing.T, record []byte) {
		_, _ = Open(record, kms)
	})
}

func FuzzGunzip(f *testing.F) {
	f.Add(pack(f, []byte("x")))
	f.Fuzz(func(t *testing.T, packed []byte) {
		if out, err := Gunzip(packed, 1000); err == nil && len(out) > 1000 {
			t.Errorf("%d bytes", len(out))
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	for _, n := range []int{1, 50, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, key, events := testSealer(b, Config{}), testKey(), testEvents(n, activity.V11)
			var dst []byte
			b.ReportAllocs()
			b.SetBytes(int64(len(events)))
			for b.Loop() {
				dst, _ = s.Seal(dst[:0], key, clusterID, instanceID, events)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	record := mustSeal(b, testSealer(b, Config{}), testEvents(50, activity.V11))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Open(record, kms)
	}
}
