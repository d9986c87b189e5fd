package kinesisfake

import (
	"math"
	"math/bits"
)

// sequence is what a sequence number holds. In hexadecimal, most significant
// digit first, one is (the layout of AWS's own, as kinesalite's author worked it
// out):
//
//	2  CCCCCCCCC  s  PPPPPPPPPPPPPPPP  00  TTTTTTTTT  SSSSSSSS  2
//	│  created    │  position          │   arrival    shard     │
//	version     low digit of shard   unused                version
//
// Written in decimal it has 56 digits from the year 2006 on, and numbers of one
// shard order by position.
type sequence struct {
	created  int64  // when the shard was made, in seconds since 1970
	shard    int    // number of the shard
	position uint64 // of the record in the shard, from 1; 0 is the shard's beginning
	arrival  int64  // of the record, in seconds since 1970
}

// endPosition is the position in the last sequence number of a closed shard.
const endPosition = math.MaxInt64

// The sizes of the fields in bits, and the version at both ends.
const (
	sequenceVersion = 2
	bitsOfTime      = 36
	bitsOfShard     = 32
)

// wide is an unsigned number of 192 bits, most significant word first.
type wide [3]uint64

// push shifts w up and puts the low bits of v in.
func (w wide) push(v uint64, n uint) wide {
	if n < 64 {
		v &= 1<<n - 1
		w[0] = w[0]<<n | w[1]>>(64-n)
		w[1] = w[1]<<n | w[2]>>(64-n)
		w[2] = w[2]<<n | v
		return w
	}
	return wide{w[1], w[2], v}
}

// pop is the opposite of push.
func (w *wide) pop(n uint) uint64 {
	v := w[2]
	if n >= 64 {
		*w = wide{0, w[0], w[1]}
		return v
	}
	w[2] = w[2]>>n | w[1]<<(64-n)
	w[1] = w[1]>>n | w[0]<<(64-n)
	w[0] >>= n
	return v & (1<<n - 1)
}

// String is the decimal form that the API has.
func (s sequence) String() string {
	w := wide{}.push(sequenceVersion, 4).
		push(uint64(s.created), bitsOfTime).
		push(uint64(s.shard), 4).
		push(s.position, 64).
		push(0, 8).
		push(uint64(s.arrival), bitsOfTime).
		push(uint64(s.shard), bitsOfShard).
		push(sequenceVersion, 4)
	const chunk, digits = 1e19, 19
	var b [3 * digits]byte
	i := len(b)
	for range 3 {
		var rest uint64
		w[0], rest = bits.Div64(0, w[0], chunk)
		w[1], rest = bits.Div64(rest, w[1], chunk)
		w[2], rest = bits.Div64(rest, w[2], chunk)
		for range digits {
			i--
			b[i] = '0' + byte(rest%10)
			rest /= 10
		}
	}
	for i < len(b)-1 && b[i] == '0' {
		i++
	}
	return string(b[i:])
}

// parseSequence reads a sequence number; ok is false for numbers of another
// form.
func parseSequence(text string) (s sequence, ok bool) {
	if len(text) == 0 || len(text) > 57 {
		return sequence{}, false
	}
	var w wide
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return sequence{}, false
		}
		carry := uint64(text[i] - '0')
		for j := 2; j >= 0; j-- {
			hi, lo := bits.Mul64(w[j], 10)
			var c uint64
			w[j], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
	}
	version := w.pop(4)
	s.shard = int(w.pop(bitsOfShard))
	s.arrival = int64(w.pop(bitsOfTime))
	unused := w.pop(8)
	s.position = w.pop(64)
	low := w.pop(4)
	s.created = int64(w.pop(bitsOfTime))
	top := w.pop(4)
	ok = version == sequenceVersion && top == sequenceVersion && w == wide{} &&
		unused == 0 && low == uint64(s.shard)&0xf && s.position <= endPosition && s.shard <= math.MaxInt32
	if !ok {
		return sequence{}, false
	}
	return s, true
}
