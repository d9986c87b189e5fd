package envelope

import (
	"encoding/base64"

	"github.com/das-local/das-local/internal/activity"
)

// Bound is the most bytes that a record of n event bytes can have, even if
// they do not compress at all. Real events compress to a tenth.
func (s *Sealer) Bound(key *DataKey, clusterID, instanceID string, n int) int {
	s.head = activity.AppendRecordHead(s.head[:0], clusterID, instanceID)
	message := s.writer.Size(gzipBound(len(s.head) + n + len(activity.RecordTail)))
	b64 := base64.StdEncoding
	return outerSize + len(s.version) + b64.EncodedLen(message) + b64.EncodedLen(len(key.Ciphertext))
}

// gzipBound is the most bytes that n bytes can become: stored as they are in
// blocks with a head of five bytes, inside gzip's own 18.
func gzipBound(n int) int {
	const block = 1 << 15 // the compressor's blocks are no shorter, but for the last
	return n + 5*(n/block+2) + 18
}

// MaxEvents is the number of event bytes up to which a record is sure to stay
// within limit bytes, 0 if there is no such number. A batch that is kept below
// it never needs to be cut after it was sealed; a single longer event may or
// may not fit.
func (s *Sealer) MaxEvents(key *DataKey, clusterID, instanceID string, limit int) int {
	low, high := 0, limit // Bound grows with n, and is larger than n
	for low < high {
		mid := low + (high-low+1)/2
		if s.Bound(key, clusterID, instanceID, mid) <= limit {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}
