package activity

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// CutMark is how the mark of a text that was cut begins: "… [cut: 1234 bytes]" ends it, with the
// number of bytes that are missing.
const CutMark = "… [cut: "

// CutAll stands for a text of which nothing is left, not even its length.
const CutAll = CutMark + "all]"

// MaxCutMark is how many bytes a mark takes at most.
const MaxCutMark = len(CutMark) + len("9223372036854775807 parameters]")

// Cut gives text if it is whole and not longer than n bytes; else its first n bytes or, rather than
// to break a character, fewer, and the mark. missing is how many bytes after text were lost before.
func Cut(text string, n, missing int) string {
	if missing <= 0 && len(text) <= n {
		return text
	}
	text, before := unmarked(text)
	kept := text
	if len(text) > n {
		for n = max(n, 0); n > 0 && !utf8.RuneStart(text[n]); {
			n--
		}
		kept = text[:n]
	}
	return kept + cutMark(len(text)-len(kept)+before+missing, "bytes")
}

// CutParams is the entry of a paramList that stands for n parameters that are not there.
func CutParams(n int) string { return cutMark(n, "parameters") }

func cutMark(n int, what string) string { return CutMark + strconv.Itoa(n) + " " + what + "]" }

// unmarked takes the mark off a text that was cut once already.
func unmarked(text string) (string, int) {
	rest, found := strings.CutSuffix(text, " bytes]")
	i := strings.LastIndex(rest, CutMark)
	if !found || i < 0 {
		return text, 0
	}
	n, err := strconv.Atoi(rest[i+len(CutMark):])
	if err != nil || n < 0 || n > 1<<40 {
		return text, 0
	}
	return text[:i], n
}
