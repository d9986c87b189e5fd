package kmsfake

import "github.com/das-local/das-local/internal/awsapi"

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
	ValidTo                     *awsapi.Time `json:",omitempty"`
	Origin                      string
	ExpirationModel             string `json:",omitempty"`
	KeyManager                  string
	CustomerMasterKeySpec       string
	KeySpec                     string
	EncryptionAlgorithms        []string `json:",omitempty"`
	SigningAlgorithms           []string `json:",omitempty"`
	KeyAgreementAlgorithms      []string `json:",omitempty"`
	MacAlgorithms               []string `json:",omitempty"`
	MultiRegion                 bool
	MultiRegionConfiguration    *regionConfiguration `json:",omitempty"`
	PendingDeletionWindowInDays int                  `json:",omitempty"`
	CurrentKeyMaterialId        string               `json:",omitempty"`
}

type keyOutput struct{ KeyMetadata keyMetadata }

type regionConfiguration struct {
	MultiRegionKeyType string
	PrimaryKey         regionKey
	ReplicaKeys        []regionKey
}

type regionKey struct{ Arn, Region string }

// metadata is what DescribeKey shows. The lock is held.
func (s *Server) metadata(k *key) keyMetadata {
	m := keyMetadata{AWSAccountId: s.account, KeyId: k.id, Arn: k.arn, CreationDate: awsapi.Time{Time: k.created},
		Enabled: k.state == stateEnabled, Description: k.description, KeyUsage: k.usage, KeyState: k.state,
		Origin: k.origin, KeyManager: "CUSTOMER", CustomerMasterKeySpec: k.spec, KeySpec: k.spec, MultiRegion: k.multiRegion}
	if k.awsManaged {
		m.KeyManager = "AWS"
	}
	switch k.state {
	case statePendingDeletion:
		m.DeletionDate = &awsapi.Time{Time: k.deletion}
	case statePendingReplicas:
		m.PendingDeletionWindowInDays = k.window
	}
	algorithms := keySpecs[k.spec].algorithms[k.usage]
	switch k.usage {
	case usageEncrypt:
		m.EncryptionAlgorithms = algorithms
	case usageSign:
		m.SigningAlgorithms = algorithms
	case usageAgree:
		m.KeyAgreementAlgorithms = algorithms
	case usageMAC:
		m.MacAlgorithms = algorithms
	}
	if c := k.current(); c != nil && !c.gone() {
		if k.symmetric() {
			m.CurrentKeyMaterialId = c.id
		}
		if k.origin == originExternal {
			m.ExpirationModel, m.ValidTo = c.expiration()
		}
	}
	if k.multiRegion {
		m.MultiRegionConfiguration = s.regions(k)
	}
	return m
}

func (s *Server) regions(k *key) *regionConfiguration {
	primary := k.source()
	c := &regionConfiguration{MultiRegionKeyType: "PRIMARY", PrimaryKey: regionKey{primary.arn, primary.region}, ReplicaKeys: []regionKey{}}
	if k != primary {
		c.MultiRegionKeyType = "REPLICA"
	}
	for _, r := range s.store.replicas(primary) {
		c.ReplicaKeys = append(c.ReplicaKeys, regionKey{r.arn, r.region})
	}
	return c
}

const (
	modelExpires = "KEY_MATERIAL_EXPIRES"
	modelStays   = "KEY_MATERIAL_DOES_NOT_EXPIRE"
)

// expiration is imported material's model and date.
func (m *material) expiration() (model string, validTo *awsapi.Time) {
	if m.validTo.IsZero() {
		return modelStays, nil
	}
	return modelExpires, &awsapi.Time{Time: m.validTo}
}
