package activity

import "math"

// UnknownOutcome is the exitCode of a statement that was sent to the server, or was
// about to be, and of which no answer is known: PostgreSQL's SQLSTATE
// transaction_resolution_unknown. The service has nothing like it.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const UnknownOutcome = "08007"

// An Intent is what is known of a message before the server gets it, in case that its
// answer is never seen: the events of its statements, of unknown outcome.
type Intent struct {
	Number uint64 // from 1, and no other message's of the instance
	Events []Event
}

// Settled says how far the statements of a message are answered. In an event of an
// intent it says from when on that event is not needed; in any other, what is answered
// once the event is durable. The zero value is about no message.
type Settled struct {
	Intent   uint64
	Answered uint32 // statements; AllAnswered: the intent is done
	Steps    bool   // statements of the message may have been settled one by one
}

// AllAnswered is more statements than a message has.
const AllAnswered = math.MaxUint32

// Settle adds s to a list, in which the last word on each message counts.
func Settle(list []Settled, s Settled) []Settled {
	if s.Intent == 0 {
		return list
	}
	if n := len(list); n > 0 && list[n-1].Intent == s.Intent {
		list[n-1].Answered = max(list[n-1].Answered, s.Answered)
		list[n-1].Steps = list[n-1].Steps || s.Steps
		return list
	}
	return append(list, s)
}
