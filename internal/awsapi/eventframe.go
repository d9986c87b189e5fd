package awsapi

import (
	"encoding/binary"
	"hash/crc32"
)

// A frame of application/vnd.amazon.eventstream is, all numbers big-endian:
//
//	4  length of the frame    4  length of the headers    4  CRC-32 of these 8 bytes
//	   headers: 1 length, name, 1 type (7: string), 2 length, value
//	   payload
//	4  CRC-32 of everything before
//
// See https://smithy.io/2.0/aws/amazon-eventstream.html
const (
	framePrelude = 12
	frameString  = 7
)

// header is a header of a frame.
type header struct{ name, value string }

// appendFrame appends a frame to b.
func appendFrame(b, payload []byte, headers ...header) []byte {
	from, size := len(b), 0
	for _, h := range headers {
		size += 1 + len(h.name) + 1 + 2 + len(h.value)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(framePrelude+size+len(payload)+4))
	b = binary.BigEndian.AppendUint32(b, uint32(size))
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
	for _, h := range headers {
		b = append(b, byte(len(h.name)))
		b = append(b, h.name...)
		b = append(b, frameString)
		b = binary.BigEndian.AppendUint16(b, uint16(len(h.value)))
		b = append(b, h.value...)
	}
	b = append(b, payload...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
}
