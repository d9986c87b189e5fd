package emulator

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"sync"
)

// Prefixes of resource ids.
const (
	clusterPrefix  = "cluster-"
	instancePrefix = "db-"
)

// givenIDs are resource ids that were chosen.
type givenIDs struct {
	mu      sync.Mutex // guards the rest
	next    map[string]string
	derived int // clusters that were made besides the first one
}

// give makes id the next one with that prefix; "" makes none.
func (g *givenIDs) give(prefix, id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == nil {
		g.next = map[string]string{}
	}
	g.next[prefix] = id
}

// newResourceID is rdsapi's source of resource ids. Clusters that are made after one
// with a given id have ids that follow from it, so that all processes that make the
// same clusters agree; what a data directory has been used for is no other process's.
func (e *Emulator) newResourceID(prefix string) string {
	g := &e.ids
	g.mu.Lock()
	defer g.mu.Unlock()
	if id := g.next[prefix]; id != "" {
		g.next[prefix] = ""
		return id
	}
	if prefix != clusterPrefix || e.opts.ClusterResourceID == "" || e.used.starts > 1 {
		return resourceID(e.rand, prefix)
	}
	g.derived++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", e.opts.ClusterResourceID, g.derived))
	return prefix + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])
}
