package pgtext

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
)

// lexeme of a tsvector.
type lexeme struct{ word, positions []byte }

// tsvector prints a count, then words with their positions.
func (p *printer) tsvector(dst, b []byte) ([]byte, bool) {
	if len(b) < 4 {
		return dst, false
	}
	n := int64(int32(binary.BigEndian.Uint32(b)))
	if b = b[4:]; n < 0 || 3*n > int64(len(b)) {
		return dst, false
	}
	words := make([]lexeme, 0, n)
	for range n {
		word, rest, ok := bytes.Cut(b, []byte{0})
		if !ok || len(rest) < 2 {
			return dst, false
		}
		size := 2 * int(binary.BigEndian.Uint16(rest))
		if rest = rest[2:]; len(rest) < size {
			return dst, false
		}
		words = append(words, lexeme{word, rest[:size]})
		b = rest[size:]
	}
	slices.SortStableFunc(words, func(a, b lexeme) int { return bytes.Compare(a.word, b.word) })
	for i, w := range words {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = p.quoteLexeme(dst, w.word)
		for k := 0; k < len(w.positions); k += 2 {
			sep := byte(',')
			if k == 0 {
				sep = ':'
			}
			pos := binary.BigEndian.Uint16(w.positions[k:])
			dst = strconv.AppendUint(append(dst, sep), uint64(pos&0x3fff), 10)
			if weight := pos >> 14; weight > 0 {
				dst = append(dst, "DCBA"[weight])
			}
		}
	}
	return dst, len(b) == 0
}

// quoteLexeme prints 'word', with quotes and backslashes doubled.
func (p *printer) quoteLexeme(dst, word []byte) []byte {
	dst = append(dst, '\'')
	for _, c := range []byte(p.decode(word)) {
		if c == '\'' || c == '\\' {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return append(dst, '\'')
}

// Operators of a tsquery.
const (
	tsNot = iota + 1
	tsAnd
	tsOr
	tsPhrase
)

// tsNode is an operand (op 0) or an operator of a tsquery.
type tsNode struct {
	op          byte
	word        []byte
	weight      byte
	prefix      bool
	distance    int
	left, right *tsNode
}

// tsquery prints a count, then operators before their operands, the right one first.
func (p *printer) tsquery(dst, b []byte) ([]byte, bool) {
	if len(b) < 4 {
		return dst, false
	}
	n := int64(int32(binary.BigEndian.Uint32(b)))
	if b = b[4:]; n < 0 || 2*n > int64(len(b)) {
		return dst, false
	}
	if n == 0 {
		return dst, len(b) == 0
	}
	left := n
	root, b, ok := p.tsNode(b, &left)
	if !ok || left != 0 || len(b) != 0 {
		return dst, false
	}
	return p.infix(dst, root, 0, false), true
}

const maxTSDepth = 1000

// tsNode reads one node; left counts the items that may still come.
func (p *printer) tsNode(b []byte, left *int64) (*tsNode, []byte, bool) {
	if *left--; *left < 0 || len(b) < 2 {
		return nil, nil, false
	}
	p.depth++
	defer p.leave()
	if p.depth > maxTSDepth {
		return nil, nil, false
	}
	if b[0] == 1 {
		if len(b) < 4 {
			return nil, nil, false
		}
		word, rest, ok := bytes.Cut(b[3:], []byte{0})
		return &tsNode{word: word, weight: b[1], prefix: b[2] != 0}, rest, ok
	}
	n := &tsNode{op: b[1]}
	if b[0] != 2 || n.op < tsNot || n.op > tsPhrase {
		return nil, nil, false
	}
	if b = b[2:]; n.op == tsPhrase {
		if len(b) < 2 {
			return nil, nil, false
		}
		n.distance = int(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	var ok bool
	if n.right, b, ok = p.tsNode(b, left); !ok || n.op == tsNot {
		return n, b, ok
	}
	n.left, b, ok = p.tsNode(b, left)
	return n, b, ok
}

// infix prints n with parentheses where a stronger operator is around it.
func (p *printer) infix(dst []byte, n *tsNode, outer int, rightOfPhrase bool) []byte {
	if n.op == 0 {
		dst = p.quoteLexeme(dst, n.word)
		if n.prefix || n.weight&15 != 0 {
			dst = append(dst, ':')
		}
		if n.prefix {
			dst = append(dst, '*')
		}
		for i, c := range []byte("ABCD") {
			if n.weight&(8>>i) != 0 {
				dst = append(dst, c)
			}
		}
		return dst
	}
	priority := [...]int{tsNot: 4, tsAnd: 2, tsOr: 1, tsPhrase: 3}[n.op]
	paren := priority < outer || n.op == tsPhrase && rightOfPhrase
	if paren {
		dst = append(dst, "( "...)
	}
	switch n.op {
	case tsNot:
		dst = p.infix(append(dst, '!'), n.right, priority, false)
	default:
		dst = p.infix(dst, n.left, priority, false)
		switch {
		case n.op == tsAnd:
			dst = append(dst, " & "...)
		case n.op == tsOr:
			dst = append(dst, " | "...)
		case n.distance == 1:
			dst = append(dst, " <-> "...)
		default:
			dst = append(strconv.AppendInt(append(dst, " <"...), int64(n.distance), 10), "> "...)
		}
		dst = p.infix(dst, n.right, priority, n.op == tsPhrase)
	}
	if paren {
		dst = append(dst, " )"...)
	}
	return dst
}
