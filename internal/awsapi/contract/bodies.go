package contract

import "strings"

// Bodies that are no structure in either format.
var (
	badJSON = map[string]string{
		"no JSON":           "hello",
		"a list":            "[1]",
		"a text":            `"x"`,
		"a number":          "17",
		"two values":        "{} {}",
		"no name":           "{1:2}",
		"no UTF-8":          "{\"\xff\": \xfe}",
		"deep lists":        strings.Repeat("[", 100_000),
		"deep structures":   strings.Repeat(`{"StreamName":`, 100_000),
		"a deep member":     `{"StreamName":` + strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000) + "}",
		"a bad escape":      `{"StreamName":"\u12"}`,
		"a bare word":       `{"StreamName":nothing}`,
		"an endless text":   `{"StreamName":"` + strings.Repeat("a", 10_000),
		"a number too long": `{"StreamName":` + strings.Repeat("9", 100_000) + "e}",
	}
	badCBOR = map[string]string{
		"a list":              "\x81\x01",
		"a text":              "\x61x",
		"a number":            "\x17",
		"a reserved byte":     "\xbf\x61a\xfc\xff",
		"a huge map":          "\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
		"a huge text":         "\xa1\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
		"a huge list":         "\xa1\x61a\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
		"deep lists":          "\xa1\x61a" + strings.Repeat("\x81", 100_000),
		"deep endless maps":   strings.Repeat("\xbf\x61a", 50_000),
		"a map without end":   "\xbf\x61a\x01",
		"a break for a value": "\xa1\x61a\xff",
		"no UTF-8":            "\xa1\x61\xff\x01",
		"two values":          "\xa0\xa0",
	}
)
