package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// format is a --format flag: the form in which a command prints its results. All
// commands that print some have it, and mean the same by it.
type format struct {
	value   string
	allowed []string
}

// The forms.
const (
	formatJSON  = "json"  // one object a line
	formatText  = "text"  // lines to read
	formatTable = "table" // aligned columns
)

const formatHelp = "json (one object a line), text (lines to read) or table (aligned columns)"

// formatFlag defines --format on fs. One command has a form of its own besides.
func formatFlag(fs flagSet, def string, more ...string) *format {
	f := &format{def, append([]string{formatJSON, formatText, formatTable}, more...)}
	usage := formatHelp
	if len(more) > 0 {
		usage = strings.Join(more, ", ") + ", " + usage
	}
	fs.Var(f, "format", "`FORMAT` of what is printed: "+usage)
	return f
}

// String implements flag.Value.
func (f *format) String() string { return f.value }

// Set implements flag.Value. It refuses what is no form.
func (f *format) Set(s string) error {
	if !slices.Contains(f.allowed, s) {
		last := len(f.allowed) - 1
		return fmt.Errorf("it must be %s or %s", strings.Join(f.allowed[:last], ", "), f.allowed[last])
	}
	f.value = s
	return nil
}

// shape is what one kind of result looks like in each form.
type shape[T any] struct {
	json    func(T) ([]byte, error)      // nil: what encoding/json makes of it
	text    func(painter, T) string      // lines, without the last line's end
	columns []column                     // of the table
	rows    func(v T, add func(...cell)) // adds the table's rows of a result
}

// column is one of a table. A width cuts the cells to it, but for the last column's,
// and has each row printed when it comes; of 0, columns are as wide as their widest
// cell, and the table is printed at the end.
type column struct {
	name  string
	width int
}

// columns are columns as wide as what is in them.
func columns(names ...string) (list []column) {
	for _, n := range names {
		list = append(list, column{name: n})
	}
	return list
}

// cell is one of a table.
type cell struct{ text, colour string }

// cells are cells without colour.
func cells(texts ...string) (list []cell) {
	for _, t := range texts {
		list = append(list, cell{text: t})
	}
	return list
}

// results prints results in the form that was asked for.
type results[T any] struct {
	shape[T]
	form   string
	w      io.Writer
	paint  painter
	rows   [][]cell // of the table, not printed yet
	headed bool     // the table's head was printed
}

// newResults prints to w; colours says where w leads to in the end.
func newResults[T any](s shape[T], f *format, w, leadsTo io.Writer) *results[T] {
	return &results[T]{shape: s, form: f.value, w: w, paint: painterFor(leadsTo)}
}

// printAll prints results that are all there.
func printAll[T any](s shape[T], f *format, w io.Writer, all ...T) error {
	r := newResults(s, f, w, w)
	for _, v := range all {
		if err := r.print(v); err != nil {
			return err
		}
	}
	return r.end()
}

// print prints one result.
func (r *results[T]) print(v T) error {
	switch r.form {
	case formatJSON:
		return r.printJSON(v)
	case formatText:
		_, err := fmt.Fprintf(r.w, "%s\n", r.text(r.paint, v))
		return err
	}
	r.shape.rows(v, func(row ...cell) { r.rows = append(r.rows, row) })
	if r.columns[0].width == 0 {
		return nil
	}
	return r.flush()
}

// end prints what is left: a table whose columns had to wait for it.
func (r *results[T]) end() error {
	if r.form != formatTable {
		return nil
	}
	return r.flush()
}

func (r *results[T]) printJSON(v T) error {
	if r.json != nil {
		b, err := r.json(v)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(r.w, "%s\n", b)
		return err
	}
	enc := json.NewEncoder(r.w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// flush prints the table's rows, and before the first its head.
func (r *results[T]) flush() error {
	if !r.headed {
		head := make([]cell, len(r.columns))
		for i, c := range r.columns {
			head[i].text = c.name
		}
		r.rows = slices.Insert(r.rows, 0, head)
		r.headed = true
	}
	var b bytes.Buffer
	widths := r.widths()
	for _, row := range r.rows {
		for i, c := range row {
			text := clean(c.text)
			if i == len(row)-1 {
				b.WriteString(r.paint(c.colour, text))
				break
			}
			text = cut(text, widths[i])
			b.WriteString(r.paint(c.colour, text))
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+2))
		}
		b.WriteByte('\n')
	}
	r.rows = nil
	_, err := r.w.Write(b.Bytes())
	return err
}

func (r *results[T]) widths() []int {
	widths := make([]int, len(r.columns))
	for i, c := range r.columns {
		if widths[i] = c.width; c.width > 0 {
			continue
		}
		for _, row := range r.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(clean(row[i].text)))
		}
	}
	return widths
}

// cut is s in at most n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// clean is s without control characters: what others have written is not trusted to
// write to a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// orDash is s, or "-" for nothing.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
