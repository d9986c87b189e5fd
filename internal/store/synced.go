package store

import (
	"encoding/binary"
	"hash/crc32"
	"os"
)

// The format of a chunk of the log, as Pebble's package record has it: a checksum of all that is
// behind the length, the length of the payload, the kind, the log's number, and up to where the log
// had been synced when the chunk was written.
const (
	chunkLength = 4
	chunkKind   = 6
	chunkLog    = 7
	chunkSynced = 11
	chunkHeader = 19

	firstSyncKind, lastSyncKind = 9, 12
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// wasSynced says whether a whole chunk behind the whole records of a log tells that the log was
// synced beyond them: what is wrong there was acknowledged, and was not torn by a crash. Pebble
// looks for such chunks in later blocks only.
func wasSynced(path string, number uint64, whole int64) (bool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	for at := int(whole); at+chunkHeader <= len(data); at++ {
		head := data[at : at+chunkHeader]
		end := at + chunkHeader + int(binary.LittleEndian.Uint16(head[chunkLength:]))
		switch {
		case head[chunkKind] < firstSyncKind || head[chunkKind] > lastSyncKind || end > len(data):
		case binary.LittleEndian.Uint32(head[chunkLog:]) != uint32(number):
		case binary.LittleEndian.Uint64(head[chunkSynced:]) <= uint64(whole):
		case chunkChecksum(data[at+chunkKind:end]) == binary.LittleEndian.Uint32(head):
			return true, nil
		}
	}
	return false, nil
}

// chunkChecksum is Castagnoli's CRC, turned as in Pebble's format.
func chunkChecksum(data []byte) uint32 {
	c := crc32.Checksum(data, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}
