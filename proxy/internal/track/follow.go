package track

import "bytes"

// follows says whether a text may change what the session's later statements mean, so that it is told even
// while nobody wants items: PREPARE, SET and the like, and what undoes them. It looks at the first word,
// which costs next to nothing. The begin and the end of a transaction are told by ReadyForQuery.
func follows(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	n := 0
	for n < len(text) && n < len("deallocate")+1 && isWord(text[n]) {
		n++
	}
	var word [16]byte
	w := word[:copy(word[:], text[:n])]
	for i, c := range w {
		w[i] = c | 0x20
	}
	switch string(w) {
	case "prepare", "deallocate", "set", "reset", "discard", "savepoint", "release", "rollback", "abort":
		return true
	case "begin", "start":
		return bytes.IndexByte(text, ';') >= 0
	case "select":
		return bytes.Contains(text, []byte("set_config"))
	}
	return false
}
