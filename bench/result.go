package main

import (
	"fmt"
	"io"
	"slices"
)

// Targets by their place in a round.
const (
	direct = iota
	bouncer
	das
	targetCount
)

// result is a cell with its rounds.
type result struct {
	cell
	rounds [][targetCount]sample
}

// median of a figure over the rounds.
func (r result) median(figure func([targetCount]sample) float64) float64 {
	var values []float64
	for _, round := range r.rounds {
		values = append(values, figure(round))
	}
	slices.Sort(values)
	n := len(values)
	if n == 0 {
		return 0
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}

func (r result) tps(target int) float64 {
	return r.median(func(s [targetCount]sample) float64 { return s[target].tps })
}

// ratio of the throughput of two targets, formed inside each round.
func (r result) ratio(a, b int) float64 {
	return r.median(func(s [targetCount]sample) float64 { return s[a].tps / s[b].tps })
}

// cpu is the CPU time in seconds for 10,000 transactions.
func (r result) cpu(target int) float64 {
	return r.median(func(s [targetCount]sample) float64 {
		return s[target].cpu * 10_000 / float64(max(1, s[target].transactions))
	})
}

func printHead(w io.Writer) {
	fmt.Fprintln(w, "| cell | direct TPS | pgbouncer ÷ direct | das-local ÷ direct | das-local ÷ pgbouncer | CPU s / 10,000: pgbouncer | das-local |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|")
}

func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "| %s | %.0f | %.2f | %.2f | %.2f | %.2f | %.2f |\n", r.cell,
		r.tps(direct), r.ratio(bouncer, direct), r.ratio(das, direct), r.ratio(das, bouncer), r.cpu(bouncer), r.cpu(das))
}
