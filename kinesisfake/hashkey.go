package kinesisfake

import (
	"crypto/md5"
	"encoding/binary"
	"math/bits"
)

// hashKey is a point of the hash key space, 0 to 2^128-1.
type hashKey struct{ hi, lo uint64 }

var maxHashKey = hashKey{^uint64(0), ^uint64(0)}

// hashOf is where a partition key is.
func hashOf(partitionKey string) hashKey {
	sum := md5.Sum([]byte(partitionKey))
	return hashKey{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:])}
}

func (h hashKey) less(o hashKey) bool {
	return h.hi < o.hi || h.hi == o.hi && h.lo < o.lo
}

// plus and minus wrap around.
func (h hashKey) plus(n uint64) hashKey {
	lo, carry := bits.Add64(h.lo, n, 0)
	return hashKey{h.hi + carry, lo}
}

func (h hashKey) minus(n uint64) hashKey {
	lo, borrow := bits.Sub64(h.lo, n, 0)
	return hashKey{h.hi - borrow, lo}
}

// times wraps around.
func (h hashKey) times(n uint64) hashKey {
	over, lo := bits.Mul64(h.lo, n)
	return hashKey{h.hi*n + over, lo}
}

// div divides by n, which is not 0.
func (h hashKey) div(n uint64) (quotient hashKey, rest uint64) {
	hi, r := bits.Div64(0, h.hi, n)
	lo, r := bits.Div64(r, h.lo, n)
	return hashKey{hi, lo}, r
}

// String is the decimal form that the API has.
func (h hashKey) String() string {
	if h.hi == 0 && h.lo == 0 {
		return "0"
	}
	var b [39]byte
	i := len(b)
	for h.hi != 0 || h.lo != 0 {
		var digit uint64
		h, digit = h.div(10)
		i--
		b[i] = '0' + byte(digit)
	}
	return string(b[i:])
}

// parseHashKey reads decimal digits; ok is false beyond 2^128-1.
func parseHashKey(s string) (h hashKey, ok bool) {
	if len(s) == 0 || len(s) > 39 {
		return hashKey{}, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return hashKey{}, false
		}
		over, lo := bits.Mul64(h.lo, 10)
		tooHigh, hi := bits.Mul64(h.hi, 10)
		hi, carry := bits.Add64(hi, over, 0)
		lo, carryLo := bits.Add64(lo, uint64(s[i]-'0'), 0)
		hi, carryHi := bits.Add64(hi, 0, carryLo)
		if tooHigh != 0 || carry != 0 || carryHi != 0 {
			return hashKey{}, false
		}
		h = hashKey{hi, lo}
	}
	return h, true
}

// hashRange is the part of the space that a shard has, both ends included.
type hashRange struct{ first, last hashKey }

func (r hashRange) contains(h hashKey) bool { return !h.less(r.first) && !r.last.less(h) }

// middle is the first point of the range's second half.
func (r hashRange) middle() hashKey {
	lo, borrow := bits.Sub64(r.last.lo, r.first.lo, 0)
	hi := r.last.hi - r.first.hi - borrow
	half := hashKey{hi >> 1, lo>>1 | hi<<63}
	lo, carry := bits.Add64(r.first.lo, half.lo, 0)
	return hashKey{r.first.hi + half.hi + carry, lo}.plus(1)
}

// uniformRanges cuts the space into n parts of equal size; the last has the
// rest. The size is 2^128/n, rounded down.
func uniformRanges(n int) []hashRange {
	size, rest := maxHashKey.div(uint64(n))
	if rest == uint64(n)-1 { // 2^128 is a multiple of n
		size = size.plus(1) // 0 for n=1, where nothing is multiplied
	}
	ranges := make([]hashRange, n)
	for i := range ranges {
		ranges[i].first = size.times(uint64(i))
		ranges[i].last = size.times(uint64(i) + 1).minus(1)
	}
	ranges[n-1].last = maxHashKey
	return ranges
}
