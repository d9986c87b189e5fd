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
	if s.disk == nil || len(st.changedKeys)+len(st.changedAliases)+len(st.changedGrants) == 0 {
		return nil
	}
	var b store.Batch
	for k := range st.changedKeys {
		now := st.keys[k.name]
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
	for id := range st.changedGrants {
		if err := stageGrant(&b, id, st.grants[id]); err != nil {
			return err
		}
	}
	if err := s.disk.Commit(context.Background(), &b); err != nil {
		return &awsapi.Error{Code: "KMSInternalException", Message: "The keys could not be stored: " + err.Error(), Status: http.StatusInternalServerError}
	}
	clear(st.changedKeys)
	clear(st.changedAliases)
	clear(st.changedGrants)
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

type savedGrant struct {
	Seq               int
	Secret            []byte
	KeyName, Name     string
	Grantee, Retiring string
	Operations        []string
	Constraints       grantConstraints
	Created           time.Time
}

func stageGrant(b *store.Batch, id string, g *grant) error {
	key := store.Name(store.KindGrant, id)
	if g == nil {
		b.Delete(key)
		return nil
	}
	value, err := json.Marshal(savedGrant{g.seq, g.secret, g.key.name, g.name, g.grantee, g.retiring, g.operations, g.constraints, g.created})
	if err != nil {
		return fmt.Errorf("save grant %s: %w", id, err)
	}
	b.Set(key, value)
	return nil
}

func (s *Server) restoreGrant(id string, value []byte) error {
	var g savedGrant
	if err := json.Unmarshal(value, &g); err != nil {
		return err
	}
	k := s.store.keys[g.KeyName]
	if k == nil {
		return errors.New("it is on a key that is not there")
	}
	s.store.grants[id] = &grant{seq: g.Seq, id: id, secret: g.Secret, key: k, name: g.Name, grantee: g.Grantee, retiring: g.Retiring,
		operations: g.Operations, constraints: g.Constraints, created: g.Created}
	s.store.seq = max(s.store.seq, g.Seq)
	return nil
}

// load reads the state of the store.
func (s *Server) load() error {
	if err := s.each(store.KindKey, s.restoreKey); err != nil {
		return err
	}
	for _, k := range s.store.keys { // when all are there
		if k.primary != nil {
			primary := s.store.keys[k.primary.name]
			if primary == nil {
				return s.disk.Damaged(store.Name(store.KindKey, k.name), errors.New("it is a replica of a key that is not there"))
			}
			k.primary = primary
		}
	}
	if err := s.each(store.KindGrant, s.restoreGrant); err != nil {
		return err
	}
	return s.each(store.KindAlias, func(name string, value []byte) error {
		var saved savedAlias
		if err := json.Unmarshal(value, &saved); err != nil {
			return err
		}
		k := s.store.keys[saved.KeyID]
		if k == nil {
			return errors.New("it is of a key that is not there")
		}
		s.store.aliases[name] = &alias{name: name, key: k, created: saved.Created, updated: saved.Updated}
		return nil
	})
}

func (s *Server) each(kind store.Kind, f func(name string, value []byte) error) error {
	var bad error
	prefix := store.Key(kind)
	err := s.disk.Scan(prefix, store.After(prefix), func(key, value []byte) bool {
		if bad = f(string(key[1:]), value); bad != nil {
			bad = s.disk.Damaged(key, bad)
		}
		return bad == nil
	})
	return errors.Join(err, bad)
}
