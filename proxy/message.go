package proxy

import "encoding/binary"

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
