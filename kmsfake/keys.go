package kmsfake

import (
	"encoding/base64"
	"slices"

	"github.com/das-local/das-local/internal/awsapi"
)

// Tags on CreateKey that choose the id and the secret, as other emulators have
// them. They are not kept.
const (
	tagCustomID       = "_custom_id_"
	tagCustomMaterial = "_custom_key_material_"
)

type createKeyInput struct {
	Policy                         *string
	Description                    *string
	KeyUsage                       *string
	CustomerMasterKeySpec          *string
	KeySpec                        *string
	Origin                         *string
	CustomKeyStoreId               *string
	BypassPolicyLockoutSafetyCheck bool
	Tags                           []tagInput
	MultiRegion                    bool
	XksKeyId                       *string
}

func (s *Server) opCreateKey(in *createKeyInput) (*keyOutput, error) {
	spec, usage, err := in.check()
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	o := keyOptions{KeyOptions: KeyOptions{ID: tags[tagCustomID], Description: text(in.Description)},
		spec: spec, usage: usage, origin: originKMS, multiRegion: in.MultiRegion, policy: text(in.Policy)}
	if in.Origin != nil {
		o.origin = *in.Origin
	}
	if o.policy != "" {
		if err := s.checkPolicy(o.policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
			return nil, err
		}
	}
	if text, ok := tags[tagCustomMaterial]; ok {
		o.Material, err = base64.StdEncoding.DecodeString(text)
		if err != nil || o.Material == nil {
			return nil, validation("The tag %s is not base64.", tagCustomMaterial)
		}
	}
	delete(tags, tagCustomID)
	delete(tags, tagCustomMaterial)
	k, err := s.newKey(o)
	if err != nil {
		return nil, err
	}
	k.tags = tags
	defer s.lock()()
	if s.store.keys[k.name] != nil {
		return nil, keyExists(k.arn)
	}
	s.store.add(k)
	return &keyOutput{s.metadata(k)}, nil
}

func (in *createKeyInput) check() (spec, usage string, err error) {
	switch {
	case in.CustomKeyStoreId != nil:
		return "", "", noKeyStore(*in.CustomKeyStoreId)
	case in.XksKeyId != nil || text(in.Origin) == "EXTERNAL_KEY_STORE" || text(in.Origin) == "AWS_CLOUDHSM":
		return "", "", validation("You must specify a CustomKeyStoreId for a key of a custom key store.")
	case in.KeySpec != nil && in.CustomerMasterKeySpec != nil:
		return "", "", validation("You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.")
	}
	spec = specSymmetric
	for _, given := range []*string{in.KeySpec, in.CustomerMasterKeySpec} {
		if given != nil {
			spec = *given
		}
	}
	known := servedSpec(spec)
	if known == nil {
		return "", "", unsupported("Keys of spec %s are not emulated.", spec)
	}
	usage = usageEncrypt
	if in.KeyUsage != nil {
		usage = *in.KeyUsage
	} else if spec != specSymmetric {
		return "", "", validation("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
	}
	if !slices.Contains(known.usages, usage) {
		return "", "", validation("KeyUsage %s is not compatible with KeySpec %s", usage, spec)
	}
	return spec, usage, nil
}

type keyInput struct{ KeyId *string }

type describeInput struct {
	KeyId       *string
	GrantTokens []string
}

func (s *Server) describeKey(in *describeInput) (*keyOutput, error) {
	defer s.lock()()
	k, err := s.resolve(*in.KeyId)
	if err != nil {
		return nil, err
	}
	return &keyOutput{s.metadata(k)}, nil
}

type keyListEntry struct{ KeyId, KeyArn string }

type listKeysOutput struct {
	Keys []keyListEntry
	pageOutput
}

func (s *Server) listKeys(in *pageInput) (*listKeysOutput, error) {
	limit, after, err := in.byNumber(1000, 100)
	if err != nil {
		return nil, err
	}
	defer s.lock()()
	keys := s.store.listKeys(func(k *key) bool { return k.seq > after && k.region == s.region })
	out := &listKeysOutput{Keys: []keyListEntry{}}
	for _, k := range first(limit, keys, &out.pageOutput, func(k *key) string { return markerOf(k.seq) }) {
		out.Keys = append(out.Keys, keyListEntry{k.id, k.arn})
	}
	return out, nil
}

type descriptionInput struct {
	KeyId       *string
	Description *string
}

func (s *Server) updateKeyDescription(in *descriptionInput) (*none, error) {
	defer s.lock()()
	k, err := s.alive(*in.KeyId, "UpdateKeyDescription")
	if err != nil {
		return nil, err
	}
	k.description = *in.Description
	return nil, nil
}

func keyExists(arn string) error {
	return awsapi.Errorf("AlreadyExistsException", "Key %s already exists", arn)
}
