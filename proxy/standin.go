package proxy

import (
	"math/rand/v2"
	"sync/atomic"
)

// pidMax is above the process ids of all systems that run PostgreSQL: Linux, which has the
// largest, gives out those below 2^22 (pid_max, proc(5)).
const pidMax = 1 << 22

// standIns gives process ids to sessions whose own is not known: a server that refuses a
// session sends no BackendKeyData. They follow each other from a random one on, so that
// no two sessions of an instance, and hardly two of a cluster, share one in a second, and
// none has that of a real backend.
type standIns struct{ last atomic.Uint32 }

// MakeUpPID gives a process id that no session of the instance has, for an event that
// is no session's.
func (p *Proxy) MakeUpPID() int32 { return p.standIns.next() }

func (s *standIns) init() { s.last.Store(rand.Uint32()) }

func (s *standIns) next() int32 {
	const room = 1<<31 - pidMax
	return int32(pidMax + s.last.Add(1)%room)
}
