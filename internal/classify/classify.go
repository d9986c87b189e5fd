package classify

import (
	"sync"
	"unicode/utf8"

	pg_query "github.com/pganalyze/pg_query_go/v6"
)

// Texts longer than this are classified each time; others are remembered.
const maxCachedText = 16 << 10

const defaultCacheBytes = 16 << 20

// Config sets up a Classifier. The zero value works.
type Config struct {
	// CacheBytes bounds what is remembered of texts; 0 means 16 MiB.
	CacheBytes int
}

// A Classifier reads SQL texts. It is safe for concurrent use.
type Classifier struct {
	texts  *cache // by the text itself
	shapes *cache // by shape
	bufs   sync.Pool
}

// New makes a Classifier.
func New(cfg Config) (*Classifier, error) {
	if cfg.CacheBytes <= 0 {
		cfg.CacheBytes = defaultCacheBytes
	}
	c := &Classifier{texts: newCache(cfg.CacheBytes / 2), shapes: newCache(cfg.CacheBytes / 2)}
	c.bufs.New = func() any { b := make([]byte, 0, 1024); return &b }
	return c, nil
}

// Classify says what a text says. It never fails: what cannot be parsed is
// classified by its first keywords.
func (c *Classifier) Classify(text string) Result {
	short := len(text) <= maxCachedText
	if short {
		if v, ok := c.texts.get(text); ok {
			return Result{Statements: v}
		}
	}
	if r, ok := c.byShape(text); ok {
		return r
	}
	v := read(text)
	if short {
		c.texts.put(text, v)
	}
	return Result{Statements: v}
}

// byShape answers for the statements whose literals do not matter.
func (c *Classifier) byShape(text string) (Result, bool) {
	buf, _ := c.bufs.Get().(*[]byte)
	defer c.bufs.Put(buf)
	sh, ok := makeShape(text, *buf)
	if cap(sh.key) <= maxCachedText {
		*buf = sh.key
	}
	if !ok {
		return Result{}, false
	}
	v, ok := c.shapes.getBytes(sh.key)
	if !ok {
		key := string(sh.key)
		if !mayParse(key) {
			return Result{}, false
		}
		if v, ok = parse(key); !ok || len(v) != 1 {
			return Result{}, false
		}
		v[0].Key = key
		if len(key) <= maxCachedText {
			c.shapes.put(key, v)
		}
	}
	return Result{Statements: v, single: true, from: sh.from, to: sh.to}, true
}

// read classifies a text without caches.
func read(text string) []Statement {
	if mayParse(text) {
		if v, ok := parse(text); ok {
			return v
		}
	}
	return scan(text)
}

// parse reads a text by its tree. The caller has asked mayParse.
func parse(text string) (out []Statement, ok bool) {
	// A tree of a shape nobody thought of must not end the session.
	defer func() {
		if recover() != nil {
			out, ok = nil, false
		}
	}()
	tree, err := pg_query.Parse(validUTF8(withoutComments(text)))
	if err != nil {
		return nil, false
	}
	out = make([]Statement, 0, len(tree.Stmts))
	for _, raw := range tree.Stmts {
		from := int(raw.StmtLocation)
		to := len(text)
		if raw.StmtLen > 0 {
			to = from + int(raw.StmtLen)
		}
		if from < 0 || from > to || to > len(text) {
			return nil, false
		}
		s := statement(text[from:to], raw.Stmt)
		s.from, s.to = trim(text, from, to)
		s.Text = ""
		out = append(out, *s)
	}
	return out, true
}

// trim takes blanks and comments off both ends of a range.
func trim(text string, from, to int) (int, int) {
	lex := lexer{s: text[:to], pos: from}
	first := lex.next()
	if first.kind == tokEOF {
		return from, from
	}
	end := first.to
	for t := lex.next(); t.kind != tokEOF; t = lex.next() {
		end = t.to
	}
	return first.from, end
}

// validUTF8 replaces what is not UTF-8, byte for byte, so that offsets hold.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	b := []byte(s)
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			b[i] = '_'
		}
		i += max(n, 1)
	}
	return string(b)
}
