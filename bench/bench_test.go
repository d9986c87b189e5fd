package main

import (
	"os"
	"strings"
	"testing"
)

func TestCells(t *testing.T) {
	for filter, want := range map[string]int{"": 18, "select": 9, "prepared": 6, "select/prepared/8": 1, "select/simple/1,tpcb": 10, "nothing": 0} {
		if got := cells(filter); len(got) != want {
			t.Errorf("%q chooses %v, want %d cells", filter, got, want)
		}
	}
}

func TestMedianOfRatios(t *testing.T) {
	r := result{cell: cell{"select", "simple", 8}}
	for _, v := range []float64{10, 30, 20} {
		var round [targetCount]sample
		round[direct], round[bouncer] = sample{tps: 100}, sample{tps: 50, transactions: 100, cpu: 0.1}
		round[das] = sample{tps: v, transactions: 1000, cpu: v / 100}
		r.rounds = append(r.rounds, round)
	}
	if r.ratio(das, bouncer) != 0.4 || r.tps(das) != 20 || r.cpu(das) != 2 || r.cpu(bouncer) != 10 {
		t.Errorf("ratio %v, TPS %v, CPU %v and %v", r.ratio(das, bouncer), r.tps(das), r.cpu(das), r.cpu(bouncer))
	}
	var out strings.Builder
	printHead(&out)
	r.print(&out)
	if want := "| select/simple/8 | 100 | 0.50 | 0.20 | 0.40 | 10.00 | 2.00 |\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("prints %q", out.String())
	}
}

func TestCPUSeconds(t *testing.T) {
	if s, err := cpuSeconds(os.Getpid()); err != nil || s < 0 {
		t.Errorf("%v %v", s, err)
	}
}
