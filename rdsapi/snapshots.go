package rdsapi

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/das-local/das-local/internal/awsapi"
)

// snapshot is a DB cluster snapshot: what the cluster was like. It holds no data,
// so nothing can be restored from it. The server's lock guards it.
type snapshot struct {
	id, arn string
	wire    snapshotShape // without tags
	tags    map[string]string
	restore []string // accounts that may restore it: the attribute "restore"
}

type snapshotShape struct {
	AvailabilityZones                []string `member:"AvailabilityZone"`
	DBClusterSnapshotIdentifier      string
	DBClusterIdentifier              string
	SnapshotCreateTime               time.Time
	Engine                           string
	EngineMode                       string
	AllocatedStorage                 int
	Status                           string
	Port                             int
	VpcId                            string
	ClusterCreateTime                time.Time
	MasterUsername                   string
	EngineVersion                    string
	LicenseModel                     string
	SnapshotType                     string
	PercentProgress                  int
	StorageEncrypted                 bool
	StorageEncryptionType            string
	BackupRetentionPeriod            *int
	PreferredBackupWindow            string
	KmsKeyId                         string
	DBClusterSnapshotArn             string
	SourceDBClusterSnapshotArn       string
	IAMDatabaseAuthenticationEnabled bool
	TagList                          []tag `member:"Tag"`
	StorageType                      string
	DbClusterResourceId              string
	DBSystemId                       string
}

// maxSnapshots is RDS's quota of manual snapshots.
const maxSnapshots = 100

func snapshotNotFound(id string) error {
	return notFound("DBClusterSnapshotNotFoundFault", "DBClusterSnapshot %s not found.", id)
}

func (p *snapshot) shape(status string) snapshotShape {
	w := p.wire
	w.Status, w.TagList = status, tagList(p.tags)
	return w
}

type createSnapshotInput struct {
	DBClusterSnapshotIdentifier string
	DBClusterIdentifier         string
	Tags                        []tag `member:"Tag"`
}

type snapshotOutput struct{ DBClusterSnapshot snapshotShape }

// createDBClusterSnapshot makes a snapshot, available at once; the answer says
// creating, as RDS's does.
func (s *Server) createDBClusterSnapshot(_ context.Context, in *createSnapshotInput) (*snapshotOutput, error) {
	if err := required("DBClusterSnapshotIdentifier", in.DBClusterSnapshotIdentifier, "DBClusterIdentifier", in.DBClusterIdentifier); err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.availableCluster(in.DBClusterIdentifier)
	if err != nil {
		return nil, err
	}
	p, err := s.newSnapshot(c, in.DBClusterSnapshotIdentifier, "DBClusterSnapshotIdentifier")
	if err != nil {
		return nil, err
	}
	p.tags = c.snapshotTags()
	maps.Copy(p.tags, tags)
	s.addSnapshot(p)
	return &snapshotOutput{p.shape(statusCreating)}, nil
}

// newSnapshotID checks that a snapshot of this identifier can be made. The lock is held.
func (s *Server) newSnapshotID(id, parameter string) (string, error) {
	id, err := newIdentifier(id, parameter)
	switch {
	case err != nil:
		return "", err
	case s.snapshots[id] != nil:
		return "", awsapi.Errorf("DBClusterSnapshotAlreadyExistsFault", "Cannot create the snapshot because a snapshot with the identifier %s already exists.", id)
	case len(s.snapshots) >= maxSnapshots:
		return "", awsapi.Errorf("SnapshotQuotaExceeded", "Cannot create more than %d manual snapshots", maxSnapshots)
	}
	return id, nil
}

// newSnapshot makes a snapshot that is not in the state yet. The lock is held.
func (s *Server) newSnapshot(c *cluster, id, parameter string) (*snapshot, error) {
	id, err := s.newSnapshotID(id, parameter)
	if err != nil {
		return nil, err
	}
	w := s.shape(c)
	retention := w.BackupRetentionPeriod
	return &snapshot{id: id, arn: s.arn("cluster-snapshot", id), tags: make(map[string]string), wire: snapshotShape{
		AvailabilityZones: w.AvailabilityZones, DBClusterSnapshotIdentifier: id, DBClusterIdentifier: c.id,
		SnapshotCreateTime: s.cfg.Clock.Now().UTC(), Engine: engine, EngineMode: w.EngineMode, AllocatedStorage: w.AllocatedStorage,
		Port: w.Port, VpcId: vpcID, ClusterCreateTime: c.created, MasterUsername: w.MasterUsername, EngineVersion: w.EngineVersion,
		LicenseModel: "postgresql-license", SnapshotType: "manual", PercentProgress: 100, StorageEncrypted: w.StorageEncrypted,
		StorageEncryptionType: w.StorageEncryptionType, BackupRetentionPeriod: &retention, PreferredBackupWindow: w.PreferredBackupWindow,
		KmsKeyId: w.KmsKeyId, DBClusterSnapshotArn: s.arn("cluster-snapshot", id), StorageType: w.StorageType,
		IAMDatabaseAuthenticationEnabled: w.IAMDatabaseAuthenticationEnabled, DbClusterResourceId: c.resourceID, DBSystemId: w.DBSystemId,
	}}, nil
}

// addSnapshot keeps a snapshot. The lock is held.
func (s *Server) addSnapshot(p *snapshot) {
	s.snapshots[p.id] = p
	s.snapshotEvent(p, event{id: "RDS-EVENT-0074", category: "backup", message: "Creating manual cluster snapshot"})
	s.snapshotEvent(p, event{id: "RDS-EVENT-0075", category: "backup", message: "Manual cluster snapshot created"})
}

func (s *Server) snapshotEvent(p *snapshot, e event) {
	e.source, e.sourceID, e.arn, e.tags = sourceSnapshot, p.id, p.arn, maps.Clone(p.tags)
	s.addEvent(e)
}

// findSnapshot finds a snapshot by identifier or ARN. The lock is held.
func (s *Server) findSnapshot(given string) (*snapshot, error) {
	id, err := s.identifier(given, "cluster-snapshot", "DBClusterSnapshotIdentifier")
	if err != nil {
		return nil, err
	}
	if p := s.snapshots[id]; p != nil {
		return p, nil
	}
	return nil, snapshotNotFound(given)
}

type describeSnapshotsInput struct {
	DBClusterIdentifier         string
	DBClusterSnapshotIdentifier string
	DbClusterResourceId         string
	SnapshotType                string
	IncludeShared               bool
	IncludePublic               bool
	Filters                     []filter `member:"Filter"`
	MaxRecords                  *int
	Marker                      *string
}

type describeSnapshotsOutput struct {
	Marker             string
	DBClusterSnapshots []snapshotShape `member:"DBClusterSnapshot"`
}

func (s *Server) describeDBClusterSnapshots(_ context.Context, in *describeSnapshotsInput) (*describeSnapshotsOutput, error) {
	if in.SnapshotType != "" && !slices.Contains([]string{"automated", "manual", "shared", "public", "awsbackup"}, in.SnapshotType) {
		return nil, invalidValue("Invalid snapshot type: %s. Valid values: automated, manual, shared, public, awsbackup", in.SnapshotType)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list, err := named(sortedValues(s.snapshots), in.DBClusterSnapshotIdentifier, s.findSnapshot)
	if err != nil {
		return nil, err
	}
	of, err := s.identifier(in.DBClusterIdentifier, "cluster", "DBClusterIdentifier")
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(p *snapshot) bool {
		return of != "" && p.wire.DBClusterIdentifier != of || in.DbClusterResourceId != "" && p.wire.DbClusterResourceId != in.DbClusterResourceId ||
			in.SnapshotType != "" && in.SnapshotType != p.wire.SnapshotType
	})
	list, marker, err := s.selectSnapshots(list, in)
	if err != nil {
		return nil, err
	}
	out := &describeSnapshotsOutput{Marker: marker, DBClusterSnapshots: []snapshotShape{}}
	for _, p := range list {
		out.DBClusterSnapshots = append(out.DBClusterSnapshots, p.shape(statusAvailable))
	}
	return out, nil
}

func (s *Server) selectSnapshots(list []*snapshot, in *describeSnapshotsInput) ([]*snapshot, string, error) {
	return selected(list, in.Filters, paging{in.MaxRecords, in.Marker}, func(p *snapshot) string { return p.id }, map[string]func(*snapshot) []string{
		"db-cluster-id": func(p *snapshot) []string {
			return []string{p.wire.DBClusterIdentifier, s.arn("cluster", p.wire.DBClusterIdentifier)}
		},
		"db-cluster-snapshot-id": func(p *snapshot) []string { return []string{p.id, p.arn} },
		"snapshot-type":          func(p *snapshot) []string { return []string{p.wire.SnapshotType} },
		"engine":                 func(*snapshot) []string { return []string{engine} },
	})
}

type snapshotIDInput struct{ DBClusterSnapshotIdentifier string }

func (s *Server) deleteDBClusterSnapshot(_ context.Context, in *snapshotIDInput) (*snapshotOutput, error) {
	if err := required("DBClusterSnapshotIdentifier", in.DBClusterSnapshotIdentifier); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findSnapshot(in.DBClusterSnapshotIdentifier)
	if err != nil {
		return nil, err
	}
	delete(s.snapshots, p.id)
	return &snapshotOutput{p.shape("deleted")}, nil
}

type copySnapshotInput struct {
	SourceDBClusterSnapshotIdentifier string
	TargetDBClusterSnapshotIdentifier string
	KmsKeyId                          string
	CopyTags                          bool
	Tags                              []tag `member:"Tag"`
}

func (s *Server) copyDBClusterSnapshot(ctx context.Context, in *copySnapshotInput) (*snapshotOutput, error) {
	if err := required("SourceDBClusterSnapshotIdentifier", in.SourceDBClusterSnapshotIdentifier,
		"TargetDBClusterSnapshotIdentifier", in.TargetDBClusterSnapshotIdentifier); err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	key, err := s.storageKey(ctx, in.KmsKeyId, in.KmsKeyId != "")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from, err := s.findSnapshot(in.SourceDBClusterSnapshotIdentifier)
	if err != nil {
		return nil, err
	}
	id, err := s.newSnapshotID(in.TargetDBClusterSnapshotIdentifier, "TargetDBClusterSnapshotIdentifier")
	switch {
	case err != nil:
		return nil, err
	case key != "" && !from.wire.StorageEncrypted:
		return nil, invalidCombination("You can't specify KmsKeyId when copying the unencrypted DB cluster snapshot %s.", from.id)
	}
	p := &snapshot{id: id, arn: s.arn("cluster-snapshot", id), wire: from.wire, tags: make(map[string]string)}
	p.wire.DBClusterSnapshotIdentifier, p.wire.DBClusterSnapshotArn, p.wire.SourceDBClusterSnapshotArn = id, p.arn, from.arn
	p.wire.SnapshotCreateTime = s.cfg.Clock.Now().UTC()
	if key != "" {
		p.wire.KmsKeyId = key
	}
	if in.CopyTags {
		p.tags = maps.Clone(from.tags)
	}
	maps.Copy(p.tags, tags)
	s.addSnapshot(p)
	return &snapshotOutput{p.shape(statusCreating)}, nil
}
