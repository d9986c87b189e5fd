package faults

import (
	"context"
	"time"
)

// Call is one call of an AWS operation.
type Call struct {
	Service, Operation string
	Own                bool // das-local makes it itself
}

// Pause is a delay of a call.
type Pause struct {
	For     time.Duration
	Cleared context.Context // ends when the pause is to end early
}

// Verdict is what becomes of a call. The zero value is that nothing does.
type Verdict struct {
	Pauses []Pause // in order, before anything else
	Answer *Answer // what it is answered with; nil: as it would be
	Stored bool    // it is carried out all the same before it is answered so
}

// Decide asks the rules about a call, in the order of their numbers. The first that
// answers it decides; those behind are not asked.
func (s *Set) Decide(c Call) (v Verdict) {
	if s.active.Load() == 0 {
		return v
	}
	s.mu.Lock()
	defer s.unlock()
	for _, r := range s.acting() {
		if !r.matches(c) || r.inPart(c) || !r.hit() {
			continue
		}
		s.count(r)
		switch r.Kind {
		case Delay, SlowConsumer:
			v.Pauses = append(v.Pauses, Pause{r.Delay, r.cleared})
			continue
		}
		v.Answer, v.Stored = r.answer(c), r.Kind == Duplicate
		break
	}
	return v
}

// RefuseRecords tells which of the n records of one PutRecords call of a client are
// refused: an error code for each, "" if it is stored. nil: none is refused.
func (s *Set) RefuseRecords(n int) (codes []string) {
	if s.active.Load() == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.unlock()
	call := Call{Service: "kinesis", Operation: "PutRecords"}
	for _, r := range s.acting() {
		if r.Share == 0 || !r.matches(call) || !r.hit() {
			continue
		}
		refused := false
		for i := range n {
			if r.dice.Float64() >= r.Share {
				continue
			}
			if codes == nil {
				codes = make([]string, n)
			}
			if refused = true; codes[i] == "" {
				codes[i] = throttleCode(call)
				if r.Kind == Failure {
					codes[i] = "InternalFailure"
				}
			}
		}
		if refused {
			s.count(r)
		}
	}
	return codes
}

// Redeliver tells whether the page that a client has just read comes again.
func (s *Set) Redeliver() bool {
	if s.active.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.unlock()
	for _, r := range s.acting() {
		if r.Kind == Duplicate && r.matches(Call{Service: "kinesis", Operation: "GetRecords"}) && r.hit() {
			s.count(r)
			return true
		}
	}
	return false
}

// Disk tells which kind of fault, "" for none, hits an operation on a file: "create",
// "write", "sync" or "read".
func (s *Set) Disk(operation string) Kind {
	if s.active.Load() == 0 {
		return ""
	}
	s.mu.Lock()
	defer s.unlock()
	for _, r := range s.acting() {
		if r.Kind.OnDisk() && matchesAny(r.Operations, "disk", operation) && r.hit() {
			s.count(r)
			return r.Kind
		}
	}
	return ""
}

// acting are the rules that may hit something. mu is held.
func (s *Set) acting() []*rule {
	now := s.cfg.Now()
	list := make([]*rule, 0, len(s.rules))
	for _, r := range s.rules {
		if r.Ended.IsZero() && !r.due(now) && !r.Kind.Once() {
			list = append(list, r)
		}
	}
	return list
}

// matches reports whether a rule is about a call.
func (r *rule) matches(c Call) bool {
	switch r.Caller {
	case Own:
		if !c.Own {
			return false
		}
	case External:
		if c.Own {
			return false
		}
	}
	return !r.Kind.OnDisk() && matchesAny(r.Operations, c.Service, c.Operation)
}

// inPart reports whether a rule hits single records of a call, or what it answers:
// RefuseRecords and Redeliver are asked then. das-local's own calls are hit as a
// whole.
func (r *rule) inPart(c Call) bool {
	return r.Share > 0 && !c.Own || r.Kind == Duplicate && c.Operation == "GetRecords"
}

// hit throws the rule's dice.
func (r *rule) hit() bool { return r.Probability >= 1 || r.dice.Float64() < r.Probability }

// count counts a hit, which may be the last. mu is held.
func (s *Set) count(r *rule) {
	if r.Hits++; r.Count != 0 && r.Hits >= r.Count {
		s.end(r, Counted)
	}
}
