package kmsfake

import (
	"slices"
	"strings"
	"time"
)

// The states of a key that can be reached here.
const (
	stateEnabled         = "Enabled"
	stateDisabled        = "Disabled"
	statePendingDeletion = "PendingDeletion"
)

// Key specs and usages.
const (
	specSymmetric = "SYMMETRIC_DEFAULT"
	usageEncrypt  = "ENCRYPT_DECRYPT"
)

// key is one KMS key. The server's lock guards every field but id, arn, spec,
// usage and awsManaged, which never change.
type key struct {
	seq         int // order of creation; what markers hold
	id, arn     string
	spec, usage string
	awsManaged  bool

	state       string
	description string
	policy      string
	created     time.Time
	deletion    time.Time // when PendingDeletion ends
	window      int       // days of PendingDeletion
	tags        map[string]string

	rotation     int // period in days; 0: off
	nextRotation time.Time
	materials    []*material // the last one encrypts, all decrypt
}

func (k *key) symmetric() bool { return k.spec == specSymmetric }

// alias is a name for a key.
type alias struct {
	name             string
	key              *key
	created, updated time.Time
}

// state is all there is; the server's lock guards it.
type state struct {
	seq     int
	keys    map[string]*key // by id
	aliases map[string]*alias
	tags    map[blobTag]*material // what may have sealed a blob
	pending map[*key]struct{}     // keys in PendingDeletion

	// What the disk does not have yet.
	changedKeys    map[*key]struct{}
	changedAliases map[string]struct{}
}

func newState() state {
	return state{keys: make(map[string]*key), aliases: make(map[string]*alias),
		tags: make(map[blobTag]*material), pending: make(map[*key]struct{}),
		changedKeys: make(map[*key]struct{}), changedAliases: make(map[string]struct{})}
}

func (st *state) add(k *key) {
	st.seq++
	k.seq = st.seq
	st.keys[k.id] = k
	st.changed(k)
	for _, m := range k.materials {
		st.tags[m.tag] = m
	}
}

// expire deletes the keys whose window has passed. The material is destroyed;
// its tag stays, so that a blob of a deleted key can be told from garbage.
func (st *state) expire(now time.Time) {
	for k := range st.pending {
		if now.Before(k.deletion) {
			continue
		}
		delete(st.pending, k)
		delete(st.keys, k.id)
		st.changed(k)
		for name, a := range st.aliases {
			if a.key == k {
				st.deleteAlias(name)
			}
		}
		for _, m := range k.materials {
			m.destroy()
		}
	}
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

// changed notes that a key was made, changed or deleted.
func (st *state) changed(k *key) { st.changedKeys[k] = struct{}{} }

// listKeys returns the keys after seq, oldest first.
func (st *state) listKeys(after int) []*key {
	var list []*key
	for _, k := range st.keys {
		if k.seq > after {
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
