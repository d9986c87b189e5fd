package kmsfake

import (
	"slices"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// The two ways of rotation, as the API has them.
const (
	rotatedByDate   = "AUTOMATIC"
	rotatedByDemand = "ON_DEMAND"
)

// maxOnDemand is how many times a key can be rotated on demand.
const maxOnDemand = 25

// rotateDue gives a key new material once its date has passed; one generation
// for however many periods, and the date moves on to the next in the future.
// Old blobs stay readable. The lock is held.
func (s *Server) rotateDue(of *key) {
	k, now := of.source(), s.now()
	if k.rotation == 0 || k.nextRotation.After(now) || k.dying() {
		return
	}
	secret, err := s.random(32)
	if err != nil {
		return // the next use tries again
	}
	if s.rotate(k, secret, k.nextRotation, rotatedByDate) != nil {
		return
	}
	for !k.nextRotation.After(now) {
		k.nextRotation = k.nextRotation.AddDate(0, 0, k.rotation)
	}
}

// rotate gives a symmetric key another material. The lock is held.
func (s *Server) rotate(k *key, secret []byte, when time.Time, how string) error {
	defer clear(secret)
	m, err := newMaterial(k, secret)
	if err != nil {
		return err
	}
	m.rotated, m.rotation = when, how
	k.materials = append(k.materials, m)
	s.store.tags[m.tag] = m
	s.store.changed(k)
	return nil
}

// rotateToIncoming makes the imported material that waits for it the current one.
func (k *key) rotateToIncoming(now time.Time) error {
	m := k.incoming
	if m == nil {
		return awsapi.Errorf("KMSInvalidStateException", "%s has no key material that it could be rotated to.", k.arn)
	}
	m.rotated, m.rotation = now, rotatedByDemand
	k.materials, k.incoming = append(k.materials, m), nil
	return nil
}

type rotationInput struct {
	KeyId                *string
	RotationPeriodInDays *int32
}

func (s *Server) enableKeyRotation(in *rotationInput) (*none, error) {
	defer s.lock()()
	k, err := s.rotatable(*in.KeyId, "EnableKeyRotation")
	if err != nil {
		return nil, err
	}
	if k.origin != originKMS {
		return nil, wrongOrigin(k)
	}
	k.rotation = 365
	if in.RotationPeriodInDays != nil {
		k.rotation = int(*in.RotationPeriodInDays)
	}
	k.nextRotation = s.now().AddDate(0, 0, k.rotation)
	return nil, nil
}

func (s *Server) disableKeyRotation(in *keyInput) (*none, error) {
	defer s.lock()()
	k, err := s.rotatable(*in.KeyId, "DisableKeyRotation")
	if err != nil {
		return nil, err
	}
	k.rotation, k.nextRotation = 0, time.Time{}
	return nil, nil
}

// rotateKeyOnDemand leaves the schedule of rotation as it is.
func (s *Server) rotateKeyOnDemand(in *keyInput) (*keyIDOutput, error) {
	secret, err := s.random(32)
	if err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.rotatable(*in.KeyId, "RotateKeyOnDemand")
	switch {
	case err != nil:
		return nil, err
	case !k.whole():
		return nil, wrongState(k)
	}
	n := 0
	for _, m := range k.materials {
		if m.rotation == rotatedByDemand {
			n++
		}
	}
	if n >= maxOnDemand {
		return nil, limitExceeded("The on-demand rotations limit has been reached for %s: %d are allowed.", k.arn, maxOnDemand)
	}
	if k.origin == originExternal {
		err = k.rotateToIncoming(s.now())
	} else {
		err = s.rotate(k, secret, s.now(), rotatedByDemand)
	}
	if err != nil {
		return nil, err
	}
	return &keyIDOutput{k.arn}, nil
}

func (s *Server) rotatable(id, operation string) (*key, error) {
	k, err := s.alive(id, operation)
	switch {
	case err != nil:
		return nil, err
	case k.state == stateDisabled:
		return nil, disabled(k.arn)
	case !k.symmetric():
		return nil, unsupported("%s is of key spec %s, which is not rotated.", k.arn, k.spec)
	case k.primary != nil:
		return nil, unsupported("%s is a replica: it is rotated with its primary key.", k.arn)
	}
	return k, nil
}

type rotationOutput struct {
	KeyId                string
	KeyRotationEnabled   bool
	RotationPeriodInDays int          `json:",omitempty"`
	NextRotationDate     *awsapi.Time `json:",omitempty"`
}

func (s *Server) getKeyRotationStatus(in *keyInput) (*rotationOutput, error) {
	defer s.lock()()
	k, err := s.rotating(*in.KeyId)
	if err != nil {
		return nil, err
	}
	out := &rotationOutput{KeyId: k.arn}
	if from := k.source(); from.rotation > 0 && !k.dying() {
		out.KeyRotationEnabled, out.RotationPeriodInDays = true, from.rotation
		out.NextRotationDate = &awsapi.Time{Time: from.nextRotation}
	}
	return out, nil
}

// rotating finds a key of the kind that is rotated.
func (s *Server) rotating(id string) (*key, error) {
	k, err := s.resolveKey(id)
	if err == nil && !k.symmetric() {
		err = unsupported("%s is of key spec %s, which is not rotated.", k.arn, k.spec)
	}
	return k, err
}

type listRotationsInput struct {
	KeyId              *string
	IncludeKeyMaterial *string
	pageInput
}

type rotationEntry struct {
	KeyId                  string
	KeyMaterialId          string
	KeyMaterialDescription string       `json:",omitempty"`
	ImportState            string       `json:",omitempty"`
	KeyMaterialState       string       `json:",omitempty"`
	ExpirationModel        string       `json:",omitempty"`
	ValidTo                *awsapi.Time `json:",omitempty"`
	RotationDate           *awsapi.Time `json:",omitempty"`
	RotationType           string       `json:",omitempty"`
}

type listRotationsOutput struct {
	Rotations []rotationEntry
	pageOutput
}

// listKeyRotations lists the rotations, oldest first; with ALL_KEY_MATERIAL also
// the material that the key began with.
func (s *Server) listKeyRotations(in *listRotationsInput) (*listRotationsOutput, error) {
	limit, after, err := in.byNumber(1000, 100)
	if err != nil {
		return nil, err
	}
	defer s.lock()()
	k, err := s.rotating(*in.KeyId)
	if err != nil {
		return nil, err
	}
	imported := k.source().imported()
	list := imported[min(after, len(imported)):]
	if text(in.IncludeKeyMaterial) != "ALL_KEY_MATERIAL" {
		list = slices.DeleteFunc(slices.Clone(list), func(m *material) bool { return m.rotated.IsZero() })
	}
	out := &listRotationsOutput{Rotations: []rotationEntry{}}
	for _, m := range first(limit, list, &out.pageOutput, func(m *material) string { return markerOf(slices.Index(imported, m) + 1) }) {
		out.Rotations = append(out.Rotations, m.entry(k))
	}
	return out, nil
}

func (m *material) entry(k *key) rotationEntry {
	e := rotationEntry{KeyId: k.id, KeyMaterialId: m.id, KeyMaterialState: "NON_CURRENT", KeyMaterialDescription: m.description, RotationType: m.rotation}
	switch m {
	case k.current():
		e.KeyMaterialState = "CURRENT"
	case k.source().incoming:
		e.KeyMaterialState = "PENDING_ROTATION"
	}
	if !m.rotated.IsZero() {
		e.RotationDate = &awsapi.Time{Time: m.rotated}
	}
	if k.origin == originExternal {
		e.ImportState = "PENDING_IMPORT"
		if !m.gone() {
			e.ImportState = "IMPORTED"
			e.ExpirationModel, e.ValidTo = m.expiration()
		}
	}
	return e
}
