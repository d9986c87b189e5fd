package awsapi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Time is a timestamp on the wire. JSON has it as seconds since 1970 with a
// fraction of milliseconds. CBOR has it as tag 1 with an integer that counts
// milliseconds, against the CBOR standard but as AWS and its Java SDKs write
// and read it: they fail on floats.
type Time struct{ time.Time }

// maxMillis is the end of the year 9999; what lies beyond (or before its
// negative) is no timestamp.
const maxMillis = 253402300799999

// MarshalJSON writes seconds with three decimals at most.
func (t Time) MarshalJSON() ([]byte, error) {
	ms := t.UnixMilli()
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', -1, 64), nil
}

// UnmarshalJSON reads seconds.
func (t *Time) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if string(b) == "null" {
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("%s can not be converted to a Timestamp", valueKind(b))
	}
	return t.setMillis(f * 1000)
}

// MarshalCBOR writes tag 1 and milliseconds.
func (t Time) MarshalCBOR() ([]byte, error) {
	ms, major := t.UnixMilli(), byte(0x1b)
	if ms < 0 {
		ms, major = -1-ms, 0x3b
	}
	return binary.BigEndian.AppendUint64([]byte{0xc1, major}, uint64(ms)), nil
}

// UnmarshalCBOR reads milliseconds, integer or float, with or without the tag.
func (t *Time) UnmarshalCBOR(b []byte) error {
	if len(b) > 0 && b[0] == 0xc1 {
		b = b[1:]
	}
	var v any
	if err := cbor.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("timestamp: %w", err)
	}
	switch v := v.(type) {
	case nil:
		return nil
	case uint64:
		return t.setMillis(float64(v))
	case int64:
		return t.setMillis(float64(v))
	case float64:
		return t.setMillis(v)
	}
	return fmt.Errorf("value can not be converted to a Timestamp")
}

func (t *Time) setMillis(ms float64) error {
	if math.IsNaN(ms) || math.Abs(ms) > maxMillis {
		return fmt.Errorf("timestamp out of range")
	}
	t.Time = time.UnixMilli(int64(math.Round(ms))).UTC()
	return nil
}
