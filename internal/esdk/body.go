package esdk

import "encoding/binary"

// The three kinds of body parts, as their additional data names them.
const (
	partFrame  = "AWSKMSEncryptionClient Frame"
	partFinal  = "AWSKMSEncryptionClient Final Frame"
	partSingle = "AWSKMSEncryptionClient Single Block"
)

// finalMark stands before the number of the final frame.
const finalMark = 0xFFFFFFFF

// part is one frame, or the whole of an unframed body.
type part struct {
	kind   string
	number uint32
	iv     []byte
	sealed []byte // ciphertext and tag
}

// appendAAD appends a part's additional data. n is the length of its plaintext.
func appendAAD(dst, messageID []byte, kind string, number uint32, n int) []byte {
	dst = append(append(dst, messageID...), kind...)
	dst = binary.BigEndian.AppendUint32(dst, number)
	return binary.BigEndian.AppendUint64(dst, uint64(n))
}

// nextPart takes the part that has this number; number counts from 1. A part
// whose kind is not partFrame is the last one.
func nextPart(c *cursor, h *Header, number uint32) part {
	p := part{kind: partFrame, number: number}
	var size uint64
	if !h.Framed {
		p.kind = partSingle
		p.iv = c.take(ivSize)
		size = c.number(8)
	} else {
		size = uint64(h.FrameLength)
		got := uint32(c.number(4))
		if got == finalMark {
			p.kind = partFinal
			got = uint32(c.number(4))
		}
		if c.err == nil && got != number {
			c.fail("frame %d stands where frame %d belongs", got, number)
		}
		p.iv = c.take(ivSize)
		if p.kind == partFinal {
			// AWS's SDK for Go writes a full final frame, others an empty one.
			if size = c.number(4); size > uint64(h.FrameLength) {
				c.fail("final frame of %d bytes, frames have %d", size, h.FrameLength)
			}
		}
	}
	if size > uint64(len(c.rest)) { // before it becomes an int
		c.fail("a body part of %d bytes, %d are left", size, len(c.rest))
		return p
	}
	p.sealed = c.take(int(size) + tagSize)
	return p
}
