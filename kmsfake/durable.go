package kmsfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/store"
)

// saving answers only when what an operation has changed is on disk: a blob of
// key material that is not, say, could never be decrypted again. After an error
// the change is still there, and the next operation tries to save it.
func (s *Server) saving(o awsapi.Operation) awsapi.Operation {
	return func(ctx context.Context, r *awsapi.Request, decode func(any) error) (any, error) {
		out, err := o(ctx, r, decode)
		if err != nil {
			return nil, err
		}
		return out, s.flush()
	}
}

// flush is save for callers without the lock.
func (s *Server) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.save()
}

// save stores what has changed. The lock is held.
func (s *Server) save() error {
	st := &s.store
	if s.disk == nil || len(st.changedKeys)+len(st.changedAliases) == 0 {
		return nil
	}
	var b store.Batch
	for k := range st.changedKeys {
		now := st.keys[k.id]
		if now != nil && now != k {
			continue // deleted, and made again with its id
		}
		if err := k.stage(&b, now == nil); err != nil {
			return err
		}
	}
	for name := range st.changedAliases {
		if err := stageAlias(&b, name, st.aliases[name]); err != nil {
			return err
		}
	}
	if err := s.disk.Commit(context.Background(), &b); err != nil {
		return &awsapi.Error{Code: "KMSInternalException", Message: "The keys could not be stored: " + err.Error(), Status: http.StatusInternalServerError}
	}
	clear(st.changedKeys)
	clear(st.changedAliases)
	return nil
}

// savedKey is a key as it is in the store. Of a deleted one the materials stay,
// without their secrets: their blobs can be told from garbage.
type savedKey struct {
	Seq                        int
	Spec, Usage                string
	AWSManaged, Deleted        bool
	State, Description, Policy string
	Created, Deletion          time.Time
	Window                     int
	Tags                       map[string]string
	Rotation                   int
	NextRotation               time.Time
	Materials                  []savedMaterial
}

type savedMaterial struct {
	ID     string
	Tag    []byte
	Secret []byte `json:",omitempty"`
}

func (k *key) stage(b *store.Batch, deleted bool) error {
	saved := savedKey{Seq: k.seq, Spec: k.spec, Usage: k.usage, AWSManaged: k.awsManaged, Deleted: deleted,
		State: k.state, Description: k.description, Policy: k.policy, Created: k.created, Deletion: k.deletion,
		Window: k.window, Tags: k.tags, Rotation: k.rotation, NextRotation: k.nextRotation}
	for _, m := range k.materials {
		one := savedMaterial{ID: m.id, Tag: m.tag[:]}
		if !m.gone {
			one.Secret = m.secret[:]
		}
		saved.Materials = append(saved.Materials, one)
	}
	value, err := json.Marshal(saved)
	if err != nil {
		return fmt.Errorf("save key %s: %w", k.id, err)
	}
	b.Set(store.Name(store.KindKey, k.id), value)
	return nil
}

type savedAlias struct {
	KeyID            string
	Created, Updated time.Time
}

func stageAlias(b *store.Batch, name string, a *alias) error {
	key := store.Name(store.KindAlias, name)
	if a == nil {
		b.Delete(key)
		return nil
	}
	value, err := json.Marshal(savedAlias{a.key.id, a.created, a.updated})
	if err != nil {
		return fmt.Errorf("save alias %s: %w", name, err)
	}
	b.Set(key, value)
	return nil
}

// load reads the state of the store.
func (s *Server) load() error {
	if err := s.each(store.KindKey, s.restoreKey); err != nil {
		return err
	}
	return s.each(store.KindAlias, func(name string, value []byte) error {
		var saved savedAlias
		if err := json.Unmarshal(value, &saved); err != nil {
			return err
		}
		k := s.store.keys[saved.KeyID]
		if k == nil {
			return fmt.Errorf("alias %s is of a key that is not there", name)
		}
		s.store.aliases[name] = &alias{name: name, key: k, created: saved.Created, updated: saved.Updated}
		return nil
	})
}

func (s *Server) each(kind store.Kind, f func(name string, value []byte) error) error {
	var bad error
	prefix := store.Key(kind)
	err := s.disk.Scan(prefix, store.After(prefix), func(key, value []byte) bool {
		bad = f(string(key[1:]), value)
		return bad == nil
	})
	return errors.Join(err, bad)
}

func (s *Server) restoreKey(id string, value []byte) error {
	var saved savedKey
	if err := json.Unmarshal(value, &saved); err != nil {
		return err
	}
	k := &key{seq: saved.Seq, id: id, arn: s.arn("key/" + id), spec: saved.Spec, usage: saved.Usage, awsManaged: saved.AWSManaged,
		state: saved.State, description: saved.Description, policy: saved.Policy, created: saved.Created, deletion: saved.Deletion,
		window: saved.Window, tags: saved.Tags, rotation: saved.Rotation, nextRotation: saved.NextRotation}
	for _, one := range saved.Materials {
		if len(one.Tag) != len(blobTag{}) || len(one.Secret) != 0 && len(one.Secret) != 32 {
			return fmt.Errorf("the material of key %s is damaged", id)
		}
		m := &material{key: k, id: one.ID, tag: blobTag(one.Tag), gone: one.Secret == nil}
		copy(m.secret[:], one.Secret)
		clear(one.Secret)
		k.materials = append(k.materials, m)
		s.store.tags[m.tag] = m
	}
	s.store.seq = max(s.store.seq, k.seq)
	if saved.Deleted {
		return nil
	}
	s.store.keys[id] = k
	if k.state == statePendingDeletion {
		s.store.pending[k] = struct{}{}
	}
	return nil
}
