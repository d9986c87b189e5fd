package kmsfake

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/das-local/das-local/internal/store"
)

// kept is a key that Reset makes anew.
type kept struct {
	options    keyOptions
	given      bool
	awsManaged bool
	aliases    []string
	tags       map[string]string
}

// Keep notes keys, given as LookupKey takes them, as they are now: Reset goes back to
// them. AWS managed keys are always among them. It is called once.
func (s *Server) Keep(ids ...string) error {
	defer s.lock()()
	all := s.store.listKeys(func(k *key) bool { return k.awsManaged })
	for _, id := range ids {
		k, err := s.resolve(id)
		if err != nil {
			return fmt.Errorf("keep key %s: %w", id, err)
		}
		if !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	for _, k := range all {
		one := kept{given: k.given, awsManaged: k.awsManaged, tags: maps.Clone(k.tags),
			options: keyOptions{KeyOptions: KeyOptions{ID: k.id, Description: k.description},
				spec: k.spec, usage: k.usage, origin: k.origin, multiRegion: k.multiRegion, policy: k.policy}}
		if m := k.source().materials; len(m) > 0 {
			one.options.Material = slices.Clone(m[0].secret)
		}
		for _, a := range s.store.listAliases("", k) {
			one.aliases = append(one.aliases, a.name)
		}
		s.kept = append(s.kept, one)
	}
	return nil
}

// Reset goes back to the keys of Keep: enabled, with the material that they began with,
// their aliases, and without grants. All other keys are gone. Imported material has to
// be imported again.
func (s *Server) Reset(ctx context.Context) error {
	defer s.lock()()
	next, now := newState(), s.now()
	for _, one := range s.kept {
		k, err := s.newKey(one.options)
		if err != nil {
			return fmt.Errorf("make key %s anew: %w", one.options.ID, err)
		}
		k.given, k.awsManaged = one.given, one.awsManaged
		maps.Copy(k.tags, one.tags)
		if k.awsManaged {
			k.rotateYearly()
		}
		next.add(k)
		for _, name := range one.aliases {
			next.setAlias(name, k, now)
		}
	}
	if err := s.replace(ctx, &next); err != nil {
		return fmt.Errorf("store the KMS keys: %w", err)
	}
	clear(next.changedKeys)
	clear(next.changedAliases)
	s.store = next
	clear(s.imports)
	return nil
}

// replace puts a state in the place of all that is stored. The lock is held.
func (s *Server) replace(ctx context.Context, next *state) error {
	if s.disk == nil {
		return nil
	}
	var b store.Batch
	for _, kind := range []store.Kind{store.KindKey, store.KindAlias, store.KindGrant} {
		b.DeleteRange(store.Key(kind), store.After(store.Key(kind)))
	}
	for _, k := range next.keys {
		if err := k.stage(&b, false); err != nil {
			return err
		}
	}
	for name, a := range next.aliases {
		if err := stageAlias(&b, name, a); err != nil {
			return err
		}
	}
	return s.disk.Commit(ctx, &b)
}

// rotateYearly is how AWS managed keys are rotated.
func (k *key) rotateYearly() {
	k.rotation = 365
	k.nextRotation = k.created.AddDate(1, 0, 0)
}
