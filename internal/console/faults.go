package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Faults injects faults, and takes them back.
type Faults interface {
	// Kinds are what can go wrong.
	Kinds() []FaultKind
	// List is all faults, the oldest first.
	List() []Fault
	// Add injects one, given by the fields of the form: kind, operations, caller,
	// probability, count, duration, delay, share, error, advance, stream. Those that
	// are empty are not in it. The error says what is allowed.
	Add(ctx context.Context, fields map[string]string) error
	// Clear ends a fault; 0 ends all.
	Clear(id int) error
}

// FaultKind is one thing that can go wrong.
type FaultKind struct {
	Name, What   string   // What is a phrase: "a call is refused"
	Takes, Needs []string // fields of the form that may, and must, be given beside the kind
}

// Fault is one that was injected.
type Fault struct {
	ID           int
	Kind, Detail string
	Hits         int
	Began, Ended time.Time // the latter zero while it acts
	Why          string    // it has ended
}

// Active says whether the fault acts.
func (f Fault) Active() bool { return f.Ended.IsZero() }

// faultFields are the fields of the form that injects one.
var faultFields = []string{"kind", "operations", "caller", "probability", "count", "duration", "delay", "share", "error", "advance", "stream"}

var errNoFaults = errors.New("this das-local injects no faults")

// faults is the page of faults.
func (c *Console) faults(w http.ResponseWriter, r *http.Request) {
	if c.cfg.Faults == nil {
		c.fail(w, http.StatusNotFound, "No faults", errNoFaults.Error())
		return
	}
	c.render(w, "faults", "Faults", map[string]any{"Faults": c.cfg.Faults.List(), "Kinds": c.cfg.Faults.Kinds()})
}

func addFault(c *Console, ctx context.Context, form url.Values) (string, error) {
	if c.cfg.Faults == nil {
		return "", errNoFaults
	}
	fields := map[string]string{}
	for _, name := range faultFields {
		if v := form.Get(name); v != "" {
			fields[name] = v
		}
	}
	return fmt.Sprintf("Fault %s is injected.", form.Get("kind")), c.cfg.Faults.Add(ctx, fields)
}

func clearFault(c *Console, _ context.Context, form url.Values) (string, error) {
	if c.cfg.Faults == nil {
		return "", errNoFaults
	}
	id, err := strconv.Atoi(form.Get("id"))
	if err != nil {
		return "", fmt.Errorf("a fault is given by its number, not by %q", form.Get("id"))
	}
	if id == 0 {
		return "All faults are cleared.", c.cfg.Faults.Clear(0)
	}
	return fmt.Sprintf("Fault %d is cleared.", id), c.cfg.Faults.Clear(id)
}
