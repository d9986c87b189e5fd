package pgtext

import "strings"

// appendXML prints a document as xml_out does: without the encoding in its
// declaration, and without the declaration if nothing remarkable is left of it.
func appendXML(dst []byte, s string) []byte {
	head, body, ok := strings.Cut(s, "?>")
	if !ok || !strings.HasPrefix(head, "<?xml ") {
		return append(dst, s...)
	}
	version, rest, ok := xmlAttribute(strings.TrimPrefix(head, "<?xml"), "version")
	if !ok {
		return append(dst, s...)
	}
	if _, after, ok := xmlAttribute(rest, "encoding"); ok {
		rest = after
	}
	standalone, rest, alone := xmlAttribute(rest, "standalone")
	if strings.Trim(rest, pgSpace) != "" {
		return append(dst, s...)
	}
	if version == "1.0" && !alone {
		return append(dst, strings.TrimPrefix(body, "\n")...)
	}
	dst = append(append(append(dst, `<?xml version="`...), version...), '"')
	if alone {
		dst = append(append(append(dst, ` standalone="`...), standalone...), '"')
	}
	return append(append(dst, "?>"...), body...)
}

// xmlAttribute reads name="value" from the head of s.
func xmlAttribute(s, name string) (value, rest string, ok bool) {
	after, found := strings.CutPrefix(strings.TrimLeft(s, pgSpace), name)
	after = strings.TrimLeft(after, pgSpace)
	if !found || !strings.HasPrefix(after, "=") {
		return "", s, false
	}
	after = strings.TrimLeft(after[1:], pgSpace)
	if after == "" || after[0] != '"' && after[0] != '\'' {
		return "", s, false
	}
	value, rest, ok = strings.Cut(after[1:], after[:1])
	if !ok {
		return "", s, false
	}
	return value, rest, true
}
