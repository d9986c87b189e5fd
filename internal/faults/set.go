package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of a set: rules that act at a time, and ended ones that are still listed.
const (
	maxActive = 100
	maxEnded  = 100
)

// Why a rule has ended.
const (
	Expired = "its time is over"
	Counted = "its count is reached"
	Cleared = "cleared"
	Done    = "it has happened"
)

// State is a rule in a set.
type State struct {
	Rule
	ID    int // from 1
	Hits  int
	Began time.Time
	Ends  time.Time // zero: when it is cleared, or its count is reached
	Ended time.Time // zero: it acts
	Why   string    // it has ended
}

// wireState is a state as JSON.
type wireState struct {
	ID    int    `json:"id"`
	State string `json:"state"`
	wire
	Hits  int       `json:"hits"`
	Began time.Time `json:"began"`
	Ends  time.Time `json:"ends,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	Why   string    `json:"why,omitempty"`
}

// MarshalJSON is the rule with what has become of it.
func (s State) MarshalJSON() ([]byte, error) {
	w := wireState{s.ID, "active", s.wire(), s.Hits, s.Began, s.Ends, s.Ended, s.Why}
	if !s.Ended.IsZero() {
		w.State = "ended"
	}
	return json.Marshal(w)
}

// UnmarshalJSON is the opposite. Members that it does not know are ignored.
func (s *State) UnmarshalJSON(b []byte) error {
	var w wireState
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	r, err := w.rule()
	*s = State{r, w.ID, w.Hits, w.Began, w.Ends, w.Ended, w.Why}
	return err
}

// Set is the rules of one emulator. It is safe for concurrent use.
type Set struct {
	cfg    Config
	active atomic.Int32 // how many rules act: the way past is one load

	mu    sync.Mutex // guards the rest
	last  int
	rules []*rule // by number; some have ended
	ended []State // not told yet
}

// Config is what a set needs; all of it is required.
type Config struct {
	Seed  uint64           // of the dice
	Now   func() time.Time // the time that rules expire by
	Ended func(State)      // is told of each rule that ends, and may call the set
}

type rule struct {
	State
	dice    *rand.Rand
	cleared context.Context // ends when the rule is cleared
	clear   context.CancelFunc
}

// New makes an empty set.
func New(cfg Config) *Set { return &Set{cfg: cfg} }

// unlock lets go of mu and tells of the rules that have ended.
func (s *Set) unlock() {
	ended := s.ended
	s.ended = nil
	s.mu.Unlock()
	for _, one := range ended {
		s.cfg.Ended(one)
	}
}

// ErrTooMany refuses a rule of a set that is full.
var ErrTooMany = fmt.Errorf("%d faults are active; clear some first", maxActive)

// Add adds a rule that was checked.
func (s *Set) Add(r Rule) (State, error) {
	s.mu.Lock()
	defer s.unlock()
	now := s.cfg.Now()
	if s.active.Load() >= maxActive {
		return State{}, ErrTooMany
	}
	s.last++
	one := &rule{State: State{Rule: r, ID: s.last, Began: now}, dice: rand.New(rand.NewPCG(s.cfg.Seed, uint64(s.last)))}
	one.cleared, one.clear = context.WithCancel(context.Background())
	if r.Duration > 0 && !r.Kind.Once() {
		one.Ends = now.Add(r.Duration)
	}
	s.rules = append(s.rules, one)
	s.active.Add(1)
	return one.State, nil
}

// Happened counts the one hit of a rule that happens when it is added, which ends it
// unless it is to last: then its time begins.
func (s *Set) Happened(id int) State {
	s.mu.Lock()
	defer s.unlock()
	r := s.find(id)
	if r == nil {
		return State{}
	}
	if r.Hits++; r.Duration > 0 {
		r.Ends = s.cfg.Now().Add(r.Duration)
	} else {
		s.end(r, Done)
	}
	return r.State
}

// Drop forgets a rule that could not happen, and tells nobody.
func (s *Set) Drop(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = slices.DeleteFunc(s.rules, func(r *rule) bool {
		if r.ID != id || !r.Ended.IsZero() {
			return false
		}
		r.clear()
		s.active.Add(-1)
		return true
	})
}

// List is all rules, in the order in which they were added.
func (s *Set) List() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]State, 0, len(s.rules))
	for _, r := range s.rules {
		one := r.State
		one.Operations = slices.Clone(r.Operations)
		list = append(list, one)
	}
	return list
}

// ErrNoFault answers who names a rule that there is not.
var ErrNoFault = errors.New("there is no such fault")

// Clear ends a rule and forgets it; 0 means all. Calls that it delays go on.
func (s *Set) Clear(id int) error {
	s.mu.Lock()
	defer s.unlock()
	if id != 0 && s.find(id) == nil {
		return fmt.Errorf("%w: %d", ErrNoFault, id)
	}
	s.rules = slices.DeleteFunc(s.rules, func(r *rule) bool {
		if id != 0 && r.ID != id {
			return false
		}
		if r.Ended.IsZero() {
			s.end(r, Cleared)
		}
		r.clear()
		return true
	})
	return nil
}

// Expire ends the rules whose time is over.
func (s *Set) Expire() {
	s.mu.Lock()
	defer s.unlock()
	now := s.cfg.Now()
	for _, r := range slices.Clone(s.rules) {
		if r.due(now) {
			s.end(r, Expired)
		}
	}
}

// Next is when a rule expires next; ok is false if none will.
func (s *Set) Next() (at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		if r.Ended.IsZero() && !r.Ends.IsZero() && (!ok || r.Ends.Before(at)) {
			at, ok = r.Ends, true
		}
	}
	return at, ok
}

// due reports whether a rule acts no more at a time, though nobody has ended it yet.
func (r *rule) due(now time.Time) bool {
	return r.Ended.IsZero() && !r.Ends.IsZero() && !now.Before(r.Ends)
}

func (s *Set) find(id int) *rule {
	for _, r := range s.rules {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// end ends a rule, and forgets the oldest of those that have ended if they are many.
// mu is held.
func (s *Set) end(r *rule, why string) {
	r.Ended, r.Why = s.cfg.Now(), why
	s.ended = append(s.ended, r.State)
	s.active.Add(-1)
	if why == Cleared || len(s.rules)-int(s.active.Load()) <= maxEnded {
		return
	}
	oldest := slices.IndexFunc(s.rules, func(r *rule) bool { return !r.Ended.IsZero() })
	s.rules[oldest].clear()
	s.rules = slices.Delete(s.rules, oldest, oldest+1)
}
