package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
)

// table prints who has read what, and returns an error if it is not the same.
func table(out io.Writer, reference *collector, clients []*collector) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "client\treads by\tevents\tmissing\ttwice\tunknown")
	reference.mu.Lock()
	total, twice := len(reference.counts), 0
	for _, n := range reference.counts {
		if n > 1 {
			twice++
		}
	}
	reference.mu.Unlock()
	fmt.Fprintf(w, "%s\t%s\t%d\t-\t%d\t-\n", reference.name, reference.reads, total, twice)
	bad := 0
	for _, c := range clients {
		d := c.compare(reference)
		c.mu.Lock()
		n := len(c.counts)
		c.mu.Unlock()
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\n", c.name, c.reads, n, d.missing, d.twice, d.unknown)
		if d != (difference{}) {
			bad++
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if bad > 0 || twice > 0 || total == 0 {
		return errors.New("the clients have not all read every event exactly once")
	}
	return nil
}
