package kmsfake

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/das-local/das-local/internal/store"
)

// savedKey is a key as it is in the store. Of a deleted one the materials stay,
// without their secrets: their blobs can be told from garbage.
type savedKey struct {
	Seq                        int
	Spec, Usage                string
	Origin                     string `json:",omitempty"` // empty: AWS_KMS
	Primary                    string `json:",omitempty"` // the name of a replica's primary key
	Given                      bool   `json:",omitempty"`
	MultiRegion                bool   `json:",omitempty"`
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
	ID          string
	Tag         []byte
	Secret      []byte    `json:",omitempty"`
	Incoming    bool      `json:",omitempty"`
	Rotated     time.Time `json:",omitzero"`
	Rotation    string    `json:",omitempty"`
	Description string    `json:",omitempty"`
	ValidTo     time.Time `json:",omitzero"`
}

func (k *key) stage(b *store.Batch, deleted bool) error {
	saved := savedKey{Seq: k.seq, Spec: k.spec, Usage: k.usage, Origin: k.origin, MultiRegion: k.multiRegion,
		Given: k.given, AWSManaged: k.awsManaged, Deleted: deleted,
		State: k.state, Description: k.description, Policy: k.policy, Created: k.created, Deletion: k.deletion,
		Window: k.window, Tags: k.tags, Rotation: k.rotation, NextRotation: k.nextRotation}
	if k.primary != nil {
		saved.Primary = k.primary.name
	}
	for _, m := range k.imported() {
		saved.Materials = append(saved.Materials, savedMaterial{ID: m.id, Tag: m.tag[:], Secret: m.secret,
			Rotated: m.rotated, Rotation: m.rotation, Description: m.description, ValidTo: m.validTo, Incoming: m == k.incoming})
	}
	value, err := json.Marshal(saved)
	if err != nil {
		return fmt.Errorf("save key %s: %w", k.id, err)
	}
	b.Set(store.Name(store.KindKey, k.name), value)
	return nil
}

func (s *Server) restoreKey(name string, value []byte) error {
	var saved savedKey
	if err := json.Unmarshal(value, &saved); err != nil {
		return err
	}
	id, region := name, s.region
	if r, rest, ok := strings.Cut(name, "/"); ok {
		id, region = rest, r
	}
	k := s.bareKey(id, region)
	k.seq, k.spec, k.usage, k.origin, k.multiRegion = saved.Seq, saved.Spec, saved.Usage, saved.Origin, saved.MultiRegion
	k.awsManaged, k.state, k.description, k.policy = saved.AWSManaged, saved.State, saved.Description, saved.Policy
	k.created, k.deletion, k.window, k.tags = saved.Created, saved.Deletion, saved.Window, saved.Tags
	k.given, k.rotation, k.nextRotation = saved.Given, saved.Rotation, saved.NextRotation
	if k.origin == "" {
		k.origin = originKMS
	}
	if saved.Primary != "" {
		k.primary = &key{name: saved.Primary} // until all keys are read
	}
	for _, one := range saved.Materials {
		if err := s.restoreMaterial(k, one); err != nil {
			return fmt.Errorf("its material: %w", err)
		}
	}
	s.store.seq = max(s.store.seq, k.seq)
	if saved.Deleted {
		return nil
	}
	if len(k.materials) == 0 && k.origin == originKMS && k.primary == nil { // stored before such keys could be used
		if err := s.firstMaterial(k); err != nil {
			return err
		}
	}
	s.store.keys[name] = k
	if k.state == statePendingDeletion {
		s.store.pending[k] = struct{}{}
	}
	s.store.watch(k)
	return nil
}

func (s *Server) restoreMaterial(k *key, one savedMaterial) error {
	if len(one.Tag) != len(blobTag{}) {
		return fmt.Errorf("a tag of %d bytes", len(one.Tag))
	}
	m := &material{key: k, id: one.ID, tag: blobTag(one.Tag), secret: one.Secret,
		rotated: one.Rotated, rotation: one.Rotation, description: one.Description, validTo: one.ValidTo}
	if m.secret != nil {
		spec := keySpecs[k.spec]
		if spec == nil {
			return fmt.Errorf("key spec %s is not known", k.spec)
		}
		var err error
		if m.private, err = spec.parseSecret(m.secret); err != nil {
			return err
		}
	}
	if s.store.tags[m.tag] = m; one.Incoming {
		k.incoming = m
	} else {
		k.materials = append(k.materials, m)
	}
	return nil
}

func (s *Server) firstMaterial(k *key) error {
	spec := servedSpec(k.spec)
	if spec == nil {
		k.state = stateUnavailable
		return nil
	}
	secret, err := s.newSecret(spec)
	if err != nil {
		return err
	}
	defer clear(secret)
	m, err := newMaterial(k, secret)
	if err != nil {
		return err
	}
	k.materials = []*material{m}
	s.store.tags[m.tag] = m
	s.store.changed(k)
	return nil
}
