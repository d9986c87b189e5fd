package kmsfake

import (
	"slices"
	"strings"
	"time"
)

// The states of a key that can be reached here. Creating is only shown, by
// ReplicateKey.
const (
	stateEnabled         = "Enabled"
	stateDisabled        = "Disabled"
	stateCreating        = "Creating"
	statePendingDeletion = "PendingDeletion"
	statePendingReplicas = "PendingReplicaDeletion"
	statePendingImport   = "PendingImport"
	stateUnavailable     = "Unavailable"
)

// Where key material comes from.
const (
	originKMS      = "AWS_KMS"
	originExternal = "EXTERNAL"
)

// key is one KMS key. The fields of the first group never change; the server's
// lock guards the others.
type key struct {
	seq                 int    // order of creation; what markers hold
	name                string // id, or REGION/id of a replica elsewhere
	id, arn, region     string
	spec, usage, origin string
	awsManaged          bool
	multiRegion         bool
	given               bool // the material was chosen by the user

	state       string
	description string
	policy      string
	created     time.Time
	deletion    time.Time // when PendingDeletion ends
	window      int       // days of PendingDeletion
	tags        map[string]string
	lastUse     lastUse

	// A replica has its primary's rotation and materials.
	primary      *key
	rotation     int // period in days; 0: off
	nextRotation time.Time
	materials    []*material // the last one encrypts, all decrypt
	incoming     *material   // imported, and to be rotated to; nil: none
}

func (k *key) symmetric() bool { return k.spec == specSymmetric }

// source is the key that the material belongs to: the primary of a replica.
func (k *key) source() *key {
	if k.primary != nil {
		return k.primary
	}
	return k
}

// current is the material that encrypts, nil before the first import.
func (k *key) current() *material {
	m := k.source().materials
	if len(m) == 0 {
		return nil
	}
	return m[len(m)-1]
}

// alias is a name for a key.
type alias struct {
	name             string
	key              *key
	created, updated time.Time
}

// state is all there is; the server's lock guards it.
type state struct {
	seq      int
	keys     map[string]*key // by name
	aliases  map[string]*alias
	grants   map[string]*grant     // by id
	tags     map[blobTag]*material // what may have sealed a blob
	pending  map[*key]struct{}     // keys in PendingDeletion
	expiring map[*key]struct{}     // keys with imported material that expires

	// What the disk does not have yet.
	changedKeys    map[*key]struct{}
	changedAliases map[string]struct{}
	changedGrants  map[string]struct{}
}

func newState() state {
	return state{keys: make(map[string]*key), aliases: make(map[string]*alias), grants: make(map[string]*grant),
		tags: make(map[blobTag]*material), pending: make(map[*key]struct{}), expiring: make(map[*key]struct{}),
		changedKeys: make(map[*key]struct{}), changedAliases: make(map[string]struct{}), changedGrants: make(map[string]struct{})}
}

func (st *state) add(k *key) {
	st.seq++
	k.seq = st.seq
	st.keys[k.name] = k
	st.changed(k)
	for _, m := range k.materials {
		st.tags[m.tag] = m
	}
}

// expire brings the state up to the clock: it deletes the keys whose window has
// passed, and imported material that has expired.
func (st *state) expire(now time.Time) {
	for again := true; again; { // a deleted replica may free its primary, whose window then begins
		again = false
		for k := range st.pending {
			if !now.Before(k.deletion) {
				st.remove(k)
				again = true
			}
		}
	}
	for k := range st.expiring {
		for _, m := range k.imported() {
			if m.expires() && !now.Before(m.validTo) {
				st.destroyImported(k, m)
			}
		}
	}
}

// remove deletes a key with its aliases and grants. Its material is destroyed,
// but the tags stay, so that a blob of a deleted key can be told from garbage.
func (st *state) remove(k *key) {
	delete(st.pending, k)
	delete(st.expiring, k)
	delete(st.keys, k.name)
	st.changed(k)
	for name, a := range st.aliases {
		if a.key == k {
			st.deleteAlias(name)
		}
	}
	for id, g := range st.grants {
		if g.key == k {
			st.deleteGrant(id)
		}
	}
	for _, m := range k.imported() {
		m.destroy()
	}
	if p := k.primary; p != nil && p.state == statePendingReplicas && len(st.replicas(p)) == 0 {
		st.schedule(p, k.deletion)
	}
}

// schedule begins the window after which a key is deleted.
func (st *state) schedule(k *key, from time.Time) {
	k.state, k.deletion = statePendingDeletion, from.Add(time.Duration(k.window)*24*time.Hour)
	st.pending[k] = struct{}{}
	st.changed(k)
}

// imported are all materials of a key, in order.
func (k *key) imported() []*material {
	if k.incoming != nil {
		return append(slices.Clone(k.materials), k.incoming)
	}
	return k.materials
}

// whole reports whether no material of a key is missing.
func (k *key) whole() bool {
	return len(k.source().materials) > 0 && !slices.ContainsFunc(k.source().materials, (*material).gone)
}

// destroyImported takes a key a material. Without the one that was to be rotated to
// it works as before.
func (st *state) destroyImported(k *key, m *material) {
	m.destroy()
	st.changed(k)
	if m == k.incoming {
		k.incoming = nil
	} else if k.state == stateEnabled || k.state == stateDisabled {
		k.state = statePendingImport
	}
	st.watch(k)
}

// watch has expire look at a key as long as a material of it expires.
func (st *state) watch(k *key) {
	if delete(st.expiring, k); slices.ContainsFunc(k.imported(), (*material).expires) {
		st.expiring[k] = struct{}{}
	}
}

// replicas are a primary key's, oldest first.
func (st *state) replicas(k *key) []*key {
	if !k.multiRegion {
		return nil
	}
	return st.listKeys(func(r *key) bool { return r.primary == k })
}

func (st *state) setAlias(name string, k *key, now time.Time) {
	st.changedAliases[name] = struct{}{}
	if a := st.aliases[name]; a != nil {
		a.key, a.updated = k, now
		return
	}
	st.aliases[name] = &alias{name: name, key: k, created: now, updated: now}
}

func (st *state) deleteAlias(name string) {
	delete(st.aliases, name)
	st.changedAliases[name] = struct{}{}
}

func (st *state) deleteGrant(id string) {
	delete(st.grants, id)
	st.changedGrants[id] = struct{}{}
}

// changed notes that a key was made, changed or deleted.
func (st *state) changed(k *key) { st.changedKeys[k] = struct{}{} }

// listKeys returns some keys, oldest first.
func (st *state) listKeys(wanted func(*key) bool) []*key {
	var list []*key
	for _, k := range st.keys {
		if wanted(k) {
			list = append(list, k)
		}
	}
	slices.SortFunc(list, func(a, b *key) int { return a.seq - b.seq })
	return list
}

// listAliases returns the aliases whose name sorts after the given one, of one
// key or (nil) of all.
func (st *state) listAliases(after string, of *key) []*alias {
	var list []*alias
	for _, a := range st.aliases {
		if a.name > after && (of == nil || a.key == of) {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b *alias) int { return strings.Compare(a.name, b.name) })
	return list
}
