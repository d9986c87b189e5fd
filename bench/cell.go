package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// cell is one kind of load.
type cell struct {
	script  string // "select" or "tpcb"
	mode    string // pgbench's -M
	clients int
}

func (c cell) String() string { return fmt.Sprintf("%s/%s/%d", c.script, c.mode, c.clients) }

// args are pgbench's for this load.
func (c cell) args() []string {
	args := []string{"-n", "-M", c.mode, "-c", strconv.Itoa(c.clients), "-j", strconv.Itoa(min(c.clients, 2))}
	if c.script == "select" {
		args = append(args, "-S")
	}
	return args
}

// statements is how many statements one transaction sends.
func (c cell) statements() int {
	if c.script == "select" {
		return 1
	}
	return 7 // BEGIN, three UPDATE, SELECT, INSERT, END
}

// cells lists every load whose name has one of the comma-separated texts in it;
// no text is all.
func cells(filter string) []cell {
	var list []cell
	for _, script := range []string{"select", "tpcb"} {
		for _, mode := range []string{"simple", "extended", "prepared"} {
			for _, clients := range []int{1, 8, 32} {
				list = append(list, cell{script, mode, clients})
			}
		}
	}
	wanted := strings.Split(filter, ",")
	return slices.DeleteFunc(list, func(c cell) bool {
		return !slices.ContainsFunc(wanted, func(w string) bool {
			return w == c.String() || !strings.Contains(w, "/") && strings.Contains(c.String(), w)
		})
	})
}
