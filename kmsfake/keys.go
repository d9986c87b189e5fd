package kmsfake

import (
	"encoding/base64"

	"github.com/das-local/das-local/internal/awsapi"
)

// Tags on CreateKey that choose the id and the secret, as other emulators have
// them. They are not kept.
const (
	tagCustomID       = "_custom_id_"
	tagCustomMaterial = "_custom_key_material_"
)

// keySpecs are the specs that the API knows, by the usage they are for; those
// but the symmetric one are metadata only.
func keySpecs() map[string][]string {
	both := []string{usageEncrypt, "SIGN_VERIFY"}
	sign := []string{"SIGN_VERIFY", "KEY_AGREEMENT"}
	mac := []string{"GENERATE_VERIFY_MAC"}
	return map[string][]string{specSymmetric: {usageEncrypt},
		"RSA_2048": both, "RSA_3072": both, "RSA_4096": both,
		"ECC_NIST_P256": sign, "ECC_NIST_P384": sign, "ECC_NIST_P521": sign, "ECC_SECG_P256K1": {"SIGN_VERIFY"},
		"HMAC_224": mac, "HMAC_256": mac, "HMAC_384": mac, "HMAC_512": mac}
}

type keyInput struct{ KeyId *string }

func (in *keyInput) check() error {
	var v awsapi.Validation
	keyID(&v, "keyId", in.KeyId)
	return v.Err()
}

type keyMetadata struct {
	AWSAccountId                string
	KeyId                       string
	Arn                         string
	CreationDate                awsapi.Time
	Enabled                     bool
	Description                 string
	KeyUsage                    string
	KeyState                    string
	DeletionDate                *awsapi.Time `json:",omitempty"`
	Origin                      string
	KeyManager                  string
	CustomerMasterKeySpec       string
	KeySpec                     string
	EncryptionAlgorithms        []string `json:",omitempty"`
	MultiRegion                 bool
	PendingDeletionWindowInDays int    `json:",omitempty"`
	CurrentKeyMaterialId        string `json:",omitempty"`
}

type keyOutput struct{ KeyMetadata keyMetadata }

func (s *Server) metadata(k *key) keyMetadata {
	m := keyMetadata{AWSAccountId: s.account, KeyId: k.id, Arn: k.arn, CreationDate: awsapi.Time{Time: k.created},
		Enabled: k.state == stateEnabled, Description: k.description, KeyUsage: k.usage, KeyState: k.state,
		Origin: "AWS_KMS", KeyManager: "CUSTOMER", CustomerMasterKeySpec: k.spec, KeySpec: k.spec}
	if k.awsManaged {
		m.KeyManager = "AWS"
	}
	if k.state == statePendingDeletion {
		m.DeletionDate = &awsapi.Time{Time: k.deletion}
	}
	switch {
	case k.symmetric():
		m.EncryptionAlgorithms = []string{specSymmetric}
		m.CurrentKeyMaterialId = k.materials[len(k.materials)-1].id
	case k.usage == usageEncrypt:
		m.EncryptionAlgorithms = []string{"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"}
	}
	return m
}

type createKeyInput struct {
	Policy                *string
	Description           *string
	KeyUsage              *string
	CustomerMasterKeySpec *string
	KeySpec               *string
	Origin                *string
	MultiRegion           bool
	Tags                  []tag
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
	o := KeyOptions{ID: tags[tagCustomID]}
	if text, ok := tags[tagCustomMaterial]; ok {
		o.Material, err = base64.StdEncoding.DecodeString(text)
		if err != nil || o.Material == nil {
			return nil, validation("The tag %s is not base64.", tagCustomMaterial)
		}
	}
	delete(tags, tagCustomID)
	delete(tags, tagCustomMaterial)
	if in.Description != nil {
		o.Description = *in.Description
	}
	k, err := s.newKey(o)
	if err != nil {
		return nil, err
	}
	k.tags, k.spec, k.usage = tags, spec, usage
	if in.Policy != nil {
		k.policy = *in.Policy
	}
	if spec != specSymmetric {
		k.materials = nil
	}
	defer s.lock()()
	if s.store.keys[k.id] != nil {
		return nil, keyExists(k.arn)
	}
	s.store.add(k)
	return &keyOutput{s.metadata(k)}, nil
}

func (in *createKeyInput) check() (spec, usage string, err error) {
	var v awsapi.Validation
	v.String("description", in.Description, awsapi.Strings{Max: 8192})
	v.String("policy", in.Policy, awsapi.Strings{Min: 1, Max: 131072})
	if err := v.Err(); err != nil {
		return "", "", err
	}
	if in.Policy != nil {
		if err := checkPolicy(*in.Policy); err != nil {
			return "", "", err
		}
	}
	switch {
	case in.MultiRegion:
		return "", "", unsupported("Multi-Region keys are not emulated.")
	case in.Origin != nil && *in.Origin != "AWS_KMS":
		return "", "", unsupported("Keys of origin " + *in.Origin + " are not emulated.")
	case in.KeySpec != nil && in.CustomerMasterKeySpec != nil:
		return "", "", validation("You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.")
	}
	spec = specSymmetric
	for _, given := range []*string{in.KeySpec, in.CustomerMasterKeySpec} {
		if given != nil {
			spec = *given
		}
	}
	usages, ok := keySpecs()[spec]
	if !ok {
		v.Fail("keySpec", spec, "satisfy enum value set: [RSA_2048, ECC_NIST_P384, HMAC_512, SYMMETRIC_DEFAULT, HMAC_256, HMAC_224, ECC_NIST_P256, HMAC_384, RSA_3072, ECC_SECG_P256K1, RSA_4096, ECC_NIST_P521]")
		return "", "", v.Err()
	}
	usage = usageEncrypt
	if in.KeyUsage != nil {
		usage = *in.KeyUsage
	} else if spec != specSymmetric {
		return "", "", validation("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
	}
	for _, u := range usages {
		if u == usage {
			return spec, usage, nil
		}
	}
	return "", "", validation("KeyUsage %s is not compatible with KeySpec %s", usage, spec)
}

func (s *Server) describeKey(in *keyInput) (*keyOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
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
	limit, err := in.check(1000, 100)
	if err != nil {
		return nil, err
	}
	after, err := in.afterNumber()
	if err != nil {
		return nil, err
	}
	defer s.lock()()
	keys := s.store.listKeys(after)
	out := &listKeysOutput{Keys: []keyListEntry{}}
	for i, k := range keys {
		if i == limit {
			out.more(markerOf(keys[i-1].seq))
			break
		}
		out.Keys = append(out.Keys, keyListEntry{k.id, k.arn})
	}
	return out, nil
}

type descriptionInput struct {
	KeyId       *string
	Description *string
}

func (s *Server) updateKeyDescription(in *descriptionInput) (*none, error) {
	var v awsapi.Validation
	keyID(&v, "keyId", in.KeyId)
	v.Required("description", in.Description != nil)
	v.String("description", in.Description, awsapi.Strings{Max: 8192})
	if err := v.Err(); err != nil {
		return nil, err
	}
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
