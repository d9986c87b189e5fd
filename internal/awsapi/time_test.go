package awsapi

import (
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	want := time.UnixMilli(1700000000123).UTC()
	for _, text := range []string{"1700000000.123", "1.700000000123e9"} {
		var got Time
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.Equal(want) {
			t.Errorf("JSON %s: %v, %v", text, got, err)
		}
	}
	c, err := newCBOR()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"c11b0000018bcfe5687b",       // tagged integer
		"1b0000018bcfe5687b",         // plain integer
		"c1fb4278bcfe5687b000",       // tagged float
		"d9d9f7c11b0000018bcfe5687b", // self-described
	} {
		b, _ := hex.DecodeString(text)
		var got Time
		if err := c.dec.Unmarshal(b, &got); err != nil || !got.Equal(want) {
			t.Errorf("CBOR %s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"fb7ff8000000000000", "1bffffffffffffffff", "6161", "c1c100", "80"} {
		b, _ := hex.DecodeString(text)
		var got Time
		if err := c.dec.Unmarshal(b, &got); err == nil {
			t.Errorf("CBOR %s: %v, want an error", text, got)
		}
	}
	before := Time{time.UnixMilli(-1500).UTC()}
	b, err := c.enc.Marshal(before)
	var got Time
	if err != nil || c.dec.Unmarshal(b, &got) != nil || !got.Equal(before.Time) {
		t.Errorf("before 1970: %x, %v, %v", b, got, err)
	}
}
