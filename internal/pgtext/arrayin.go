package pgtext

import (
	"strconv"
	"strings"
)

// arrayParser reads an array literal into its elements and its shape.
type arrayParser struct {
	s     string
	delim byte
	depth int // of the elements; 0: not known yet
	lens  [maxDimensions]int
	items []arrayItem
	bad   bool
}

type arrayItem struct {
	value string
	null  bool
}

// textArray prints an array literal with every element normalised.
func (p *printer) textArray(dst []byte, elem uint32, s string) ([]byte, bool) {
	a := arrayParser{s: strings.TrimLeft(s, pgSpace), delim: delimiter(elem)}
	sh, ok := a.parse()
	if !ok {
		return dst, false
	}
	i := 0
	return sh.print(dst, elem, func(dst []byte) ([]byte, bool) {
		item := a.items[i]
		i++
		if item.null {
			return append(dst, "NULL"...), true
		}
		at := len(dst)
		dst, ok := p.textElement(dst, elem, item.value)
		if !ok {
			return dst, false
		}
		return quoteElement(dst, at, a.delim), true
	})
}

func (a *arrayParser) parse() (sh shape, ok bool) {
	lows, highs, ok := a.bounds()
	if !ok {
		return sh, false
	}
	a.level(0)
	if a.bad || strings.Trim(a.s, pgSpace) != "" {
		return sh, false
	}
	if len(a.items) == 0 {
		return sh, lows == nil && a.depth <= 1
	}
	for i, n := range a.lens[:a.depth] {
		sh.lens, sh.lows = append(sh.lens, n), append(sh.lows, 1)
		if lows != nil && (len(lows) != a.depth || highs[i]-lows[i]+1 != n) {
			return sh, false
		}
	}
	if lows != nil {
		sh.lows = lows
	}
	return sh, true
}

// bounds reads [1:3][0:1]= if it is there.
func (a *arrayParser) bounds() (lows, highs []int, ok bool) {
	if !strings.HasPrefix(a.s, "[") {
		return nil, nil, true
	}
	head, rest, ok := strings.Cut(a.s, "=")
	if !ok || strings.ContainsAny(head, pgSpace) {
		return nil, nil, false
	}
	for head != "" {
		dim, after, ok := strings.Cut(head, "]")
		dim, open := strings.CutPrefix(dim, "[")
		low, high, both := strings.Cut(dim, ":")
		if !both {
			low, high = "1", low
		}
		l, err := strconv.ParseInt(low, 10, 32)
		h, err2 := strconv.ParseInt(high, 10, 32)
		if !ok || !open || err != nil || err2 != nil || len(lows) == maxDimensions {
			return nil, nil, false
		}
		lows, highs, head = append(lows, int(l)), append(highs, int(h)), after
	}
	a.s = strings.TrimLeft(rest, pgSpace)
	return lows, highs, true
}

// level reads one pair of braces at a depth.
func (a *arrayParser) level(depth int) {
	if depth == maxDimensions || !a.take('{') {
		a.bad = true
		return
	}
	count := 0
	a.blanks()
	if a.take('}') {
		a.bad = a.bad || depth > 0
		a.depth = max(a.depth, depth+1)
		return
	}
	for !a.bad {
		a.blanks()
		if strings.HasPrefix(a.s, "{") {
			a.level(depth + 1)
		} else {
			a.item(depth + 1)
		}
		count++
		a.blanks()
		if a.take(a.delim) {
			continue
		}
		if !a.take('}') {
			a.bad = true
		}
		break
	}
	if a.lens[depth] == 0 {
		a.lens[depth] = count
	}
	a.bad = a.bad || a.lens[depth] != count
}

func (a *arrayParser) take(c byte) bool {
	if a.s == "" || a.s[0] != c {
		return false
	}
	a.s = a.s[1:]
	return true
}

func (a *arrayParser) blanks() { a.s = strings.TrimLeft(a.s, pgSpace) }

// item reads an element; all must lie at the same depth.
func (a *arrayParser) item(depth int) {
	if a.depth == 0 {
		a.depth = depth
	}
	if a.bad = a.bad || a.depth != depth; a.bad {
		return
	}
	var b []byte
	quoted := a.take('"')
	i, keep := 0, 0
	for ; i < len(a.s); i++ {
		c := a.s[i]
		if c == '\\' {
			if i++; i == len(a.s) {
				break
			}
			b = append(b, a.s[i])
			keep = len(b)
			continue
		}
		if quoted && c == '"' || !quoted && (c == a.delim || c == '}') {
			break
		}
		if !quoted && (c == '{' || c == '"') {
			a.bad = true
			return
		}
		b = append(b, c)
		if quoted || strings.IndexByte(pgSpace, c) < 0 {
			keep = len(b)
		}
	}
	if i == len(a.s) || !quoted && keep == 0 {
		a.bad = true
		return
	}
	escaped := !quoted && strings.IndexByte(a.s[:i], '\\') >= 0
	if a.s = a.s[i:]; quoted {
		a.s = a.s[1:]
	}
	value := string(b[:keep])
	a.items = append(a.items, arrayItem{value, !quoted && !escaped && strings.EqualFold(value, "null")})
}
