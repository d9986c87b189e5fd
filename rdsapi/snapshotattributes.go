package rdsapi

import (
	"context"
	"regexp"
	"slices"

	"github.com/das-local/das-local/internal/awsapi"
)

type snapshotAttribute struct {
	AttributeName   string
	AttributeValues []string `member:"AttributeValue"`
}

type snapshotAttributes struct {
	DBClusterSnapshotIdentifier string
	DBClusterSnapshotAttributes []snapshotAttribute `member:"DBClusterSnapshotAttribute"`
}

type snapshotAttributesOutput struct {
	DBClusterSnapshotAttributesResult snapshotAttributes
}

// attributes are those of a snapshot: restore is the only one there is.
func (p *snapshot) attributes() *snapshotAttributesOutput {
	return &snapshotAttributesOutput{snapshotAttributes{p.id, []snapshotAttribute{{"restore", append([]string{}, p.restore...)}}}}
}

func (s *Server) describeDBClusterSnapshotAttributes(_ context.Context, in *snapshotIDInput) (*snapshotAttributesOutput, error) {
	if err := required("DBClusterSnapshotIdentifier", in.DBClusterSnapshotIdentifier); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findSnapshot(in.DBClusterSnapshotIdentifier)
	if err != nil {
		return nil, err
	}
	return p.attributes(), nil
}

type modifySnapshotAttributeInput struct {
	DBClusterSnapshotIdentifier string
	AttributeName               string
	ValuesToAdd                 []string `member:"AttributeValue"`
	ValuesToRemove              []string `member:"AttributeValue"`
}

// maxShared is RDS's limit of accounts that one manual snapshot is shared with.
const maxShared = 20

var isAccount = regexp.MustCompile(`^(\d{12}|all)$`).MatchString

func (s *Server) modifyDBClusterSnapshotAttribute(_ context.Context, in *modifySnapshotAttributeInput) (*snapshotAttributesOutput, error) {
	if err := required("DBClusterSnapshotIdentifier", in.DBClusterSnapshotIdentifier, "AttributeName", in.AttributeName); err != nil {
		return nil, err
	}
	if in.AttributeName != "restore" {
		return nil, invalidValue("Invalid snapshot attribute: %s. Valid value: restore", in.AttributeName)
	}
	for _, v := range in.ValuesToAdd {
		if !isAccount(v) {
			return nil, invalidValue("Invalid account %s: an AWS account id of 12 digits, or all.", v)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findSnapshot(in.DBClusterSnapshotIdentifier)
	if err != nil {
		return nil, err
	}
	values := append(slices.Clone(p.restore), in.ValuesToAdd...)
	slices.Sort(values)
	values = slices.DeleteFunc(slices.Compact(values), func(v string) bool { return slices.Contains(in.ValuesToRemove, v) })
	switch {
	case len(values) > maxShared:
		return nil, awsapi.Errorf("SharedSnapshotQuotaExceeded", "A manual snapshot can be shared with %d AWS accounts at most.", maxShared)
	case p.wire.StorageEncrypted && slices.Contains(values, "all"):
		return nil, awsapi.Errorf("InvalidDBClusterSnapshotStateFault", "Encrypted snapshots can't be shared as public.")
	}
	p.restore = values
	return p.attributes(), nil
}
