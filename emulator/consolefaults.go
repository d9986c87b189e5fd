package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/console"
	"github.com/das-local/das-local/internal/faults"
)

// formFaults are the faults as the console's form and table have them.
type formFaults struct{ Faults }

// Kinds implements console.Faults.
func (f formFaults) Kinds() []console.FaultKind {
	var list []console.FaultKind
	for _, name := range faults.Kinds() {
		k := faults.Kind(name)
		list = append(list, console.FaultKind{Name: name, What: k.What(), Takes: k.Takes(), Needs: k.Needs()})
	}
	return list
}

// List implements console.Faults.
func (f formFaults) List() []console.Fault {
	var list []console.Fault
	for _, s := range f.Faults.List() {
		list = append(list, console.Fault{ID: s.ID, Kind: string(s.Kind), Detail: detail(s.Rule), Hits: s.Hits, Began: s.Began, Ended: s.Ended, Why: s.Why})
	}
	return list
}

// detail is all that a fault says beside its kind.
func detail(f Fault) string {
	parts := []string{strings.Join(f.Operations, ", ")}
	for _, one := range []struct {
		name  string
		value any
		said  bool
	}{
		{"caller", f.Caller, f.Caller != ""}, {"probability", f.Probability, f.Probability != 0 && f.Probability != 1}, {"count", f.Count, f.Count != 0},
		{"duration", f.Duration, f.Duration != 0}, {"delay", f.Delay, f.Delay != 0}, {"share", f.Share, f.Share != 0}, {"error", f.Error, f.Error != ""},
		{"advance", f.Advance, f.Advance != 0}, {"stream", f.Stream, f.Stream != ""},
	} {
		if one.said {
			parts = append(parts, fmt.Sprintf("%s %v", one.name, one.value))
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}

// Add implements console.Faults. The fields become the JSON that /_das/faults takes, so
// that both refuse the same.
func (f formFaults) Add(ctx context.Context, fields map[string]string) error {
	said := map[string]any{}
	for name, v := range fields {
		switch name {
		case "operations":
			said[name] = strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })
		case "probability", "count", "share":
			said[name] = json.Number(v)
		default:
			said[name] = v
		}
	}
	body, err := json.Marshal(said)
	if err != nil { // by a number that is none
		return fmt.Errorf("probability, count and share are numbers: %w", err)
	}
	rule, err := faults.Parse(body)
	if err != nil {
		return err
	}
	_, err = f.Faults.Add(ctx, rule)
	return err
}
