package proxy

import (
	"bytes"
	"encoding/binary"
)

// SQLSTATEs of the proxy's own messages.
const (
	stateProtocolViolation = "08P01"
	stateConnectionFailure = "08006"
	stateNotSupported      = "0A000"
	stateAdminShutdown     = "57P01"
	stateCannotConnectNow  = "57P03"
)

// A fatal is a FATAL ErrorResponse that the proxy itself sends.
type fatal struct {
	state   string
	message string
}

func (f *fatal) Error() string { return f.message }

// encode renders the ErrorResponse.
func (f *fatal) encode() []byte {
	b := []byte{'E', 0, 0, 0, 0}
	for _, field := range []struct {
		code byte
		text string
	}{{'S', "FATAL"}, {'V', "FATAL"}, {'C', f.state}, {'M', f.message}} {
		b = append(b, field.code)
		b = append(b, field.text...)
		b = append(b, 0)
	}
	b = append(b, 0)
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-1))
	return b
}

// cancelRequest is the CancelRequest for a backend's process id and secret.
func cancelRequest(key []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(key)))
	b = binary.BigEndian.AppendUint32(b, codeCancel)
	return append(b, key...)
}

const (
	authSASL = 10 // AuthenticationSASL
	plus     = "SCRAM-SHA-256-PLUS\x00"
)

// withoutPlus takes channel binding out of an AuthenticationSASL that starts
// the chunk. A client without TLS must not be offered it, yet a server that
// sees TLS offers it. It is the only message that is not passed on as it came;
// the exchange itself does not cover the list.
func withoutPlus(chunk []byte) []byte {
	if len(chunk) < 9 || chunk[0] != 'R' || binary.BigEndian.Uint32(chunk[5:]) != authSASL {
		return chunk
	}
	n := uint64(binary.BigEndian.Uint32(chunk[1:])) + 1
	at := bytes.Index(chunk, []byte(plus))
	if n > uint64(len(chunk)) || at < 9 || uint64(at) >= n {
		return chunk
	}
	out := append(append([]byte(nil), chunk[:at]...), chunk[at+len(plus):]...)
	binary.BigEndian.PutUint32(out[1:], uint32(int(n)-1-len(plus)))
	return out
}
