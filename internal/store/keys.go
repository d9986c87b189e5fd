package store

import "encoding/binary"

// Kind is the first byte of a key. All kinds are here, so that none is used twice.
type Kind byte

// The kinds of keys. The numbers are on disk: they do not change.
const (
	kindTicket Kind = 0 // the store's own

	KindMeta         Kind = 'm' // what the directory is: name
	KindKey          Kind = 'k' // KMS keys: id
	KindAlias        Kind = 'a' // KMS aliases: name
	KindGrant        Kind = 'g' // KMS grants: id
	KindStream       Kind = 's' // Kinesis streams: number
	KindRecord       Kind = 'r' // Kinesis records: stream, shard, position
	KindTrim         Kind = 't' // where the records of a shard begin: stream, shard
	KindCluster      Kind = 'c' // DB clusters: resource id
	KindInstance     Kind = 'i' // DB instances: resource id
	KindEvent        Kind = 'e' // RDS events: number
	KindSubscription Kind = 'u' // RDS event subscriptions: name
	KindSnapshot     Kind = 'S' // DB cluster snapshots: identifier
	KindClusterGroup Kind = 'G' // DB cluster parameter groups: name
	KindDBGroup      Kind = 'P' // DB parameter groups: name
	KindSubnetGroup  Kind = 'N' // DB subnet groups: name
	KindSpool        Kind = 'q' // queued events of an activity stream: stream, position
	KindIntent       Kind = 'n' // what sessions are about to do: stream, instance, number
)

// Key is a key made of numbers, which sorts as they do.
func Key(kind Kind, numbers ...uint64) []byte {
	key := make([]byte, 1, 1+8*len(numbers))
	key[0] = byte(kind)
	for _, n := range numbers {
		key = binary.BigEndian.AppendUint64(key, n)
	}
	return key
}

// Name is a key made of a name.
func Name(kind Kind, name string) []byte { return append([]byte{byte(kind)}, name...) }

// Number is the i-th number of a key that Key made; ok is false if it is too
// short for that.
func Number(key []byte, i int) (n uint64, ok bool) {
	if len(key) < 1+8*(i+1) {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[1+8*i:]), true
}

// After is the first key behind all that begin with a prefix.
func After(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil // not reached: no kind is 255
}
