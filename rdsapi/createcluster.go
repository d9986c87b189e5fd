package rdsapi

import (
	"context"
	"maps"
	"slices"
	"strings"
)

type createDBClusterInput struct {
	AvailabilityZones                  []string `member:"AvailabilityZone"`
	BackupRetentionPeriod              *int
	CharacterSetName                   string
	DatabaseName                       string
	DBClusterIdentifier                string
	DBClusterParameterGroupName        string
	VpcSecurityGroupIds                []string `member:"VpcSecurityGroupId"`
	DBSubnetGroupName                  string
	Engine                             string
	EngineVersion                      string
	Port                               *int
	MasterUsername                     string
	MasterUserPassword                 *string
	OptionGroupName                    string
	PreferredBackupWindow              string
	PreferredMaintenanceWindow         string
	ReplicationSourceIdentifier        string
	Tags                               []tag `member:"Tag"`
	StorageEncrypted                   *bool
	KmsKeyId                           string
	EnableIAMDatabaseAuthentication    bool
	BacktrackWindow                    int64
	EnableCloudwatchLogsExports        []string
	EngineMode                         string
	ScalingConfiguration               *struct{}
	RdsCustomClusterConfiguration      *struct{}
	DBClusterInstanceClass             string
	AllocatedStorage                   *int
	StorageType                        string
	Iops                               *int
	PubliclyAccessible                 *bool
	AutoMinorVersionUpgrade            *bool
	DeletionProtection                 bool
	GlobalClusterIdentifier            string
	EnableHttpEndpoint                 bool
	CopyTagsToSnapshot                 bool
	Domain                             string
	EnableGlobalWriteForwarding        *bool
	NetworkType                        string
	ServerlessV2ScalingConfiguration   *scalingConfiguration
	MonitoringInterval                 *int
	MonitoringRoleArn                  string
	DatabaseInsightsMode               string
	EnablePerformanceInsights          *bool
	PerformanceInsightsKMSKeyId        string
	PerformanceInsightsRetentionPeriod *int
	EnableLimitlessDatabase            *bool
	ClusterScalabilityType             string
	DBSystemId                         string
	ManageMasterUserPassword           bool
	EnableLocalWriteForwarding         *bool
	MasterUserSecretKmsKeyId           string
	CACertificateIdentifier            string
	EngineLifecycleSupport             string
	WithExpressConfiguration           *bool
}

type clusterOutput struct{ DBCluster dbCluster }

// createDBCluster makes a cluster, available at once; the answer says creating,
// as RDS's does.
func (s *Server) createDBCluster(ctx context.Context, in *createDBClusterInput) (*clusterOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	return s.makeCluster(ctx, in)
}

// makeCluster is createDBCluster without the rules for what is the upstream's here:
// names and passwords.
func (s *Server) makeCluster(ctx context.Context, in *createDBClusterInput) (*clusterOutput, error) {
	c, err := s.newCluster(ctx, in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.addCluster(c, in.DBClusterParameterGroupName); err != nil {
		return nil, err
	}
	w := s.shape(c)
	w.Status = statusCreating
	return &clusterOutput{w}, nil
}

// newCluster makes a cluster that is not in the state yet.
func (s *Server) newCluster(ctx context.Context, in *createDBClusterInput) (*cluster, error) {
	id, err := newIdentifier(in.DBClusterIdentifier, "DBClusterIdentifier")
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	version := s.cfg.EngineVersion
	if in.EngineVersion != "" {
		if version, err = s.wholeVersion(in.EngineVersion); err != nil {
			return nil, err
		}
	}
	zones, err := s.clusterZones(in.AvailabilityZones)
	if err != nil {
		return nil, err
	}
	c := &cluster{id: id, arn: s.arn("cluster", id), resourceID: s.cfg.NewResourceID("cluster-"),
		created: s.cfg.Clock.Now().UTC(), status: statusAvailable, tags: tags, stream: stream{status: streamStopped}}
	c.wire = dbCluster{AvailabilityZones: zones, CharacterSetName: in.CharacterSetName, EngineVersion: version, EngineMode: in.EngineMode, DatabaseName: in.DatabaseName,
		DBSubnetGroup: strings.ToLower(in.DBSubnetGroupName), VpcSecurityGroups: securityGroups(in.VpcSecurityGroupIds), MasterUsername: in.MasterUsername,
		PreferredBackupWindow: in.PreferredBackupWindow, PreferredMaintenanceWindow: strings.ToLower(in.PreferredMaintenanceWindow),
		StorageType: in.StorageType, IAMDatabaseAuthenticationEnabled: in.EnableIAMDatabaseAuthentication,
		EnabledCloudwatchLogsExports: in.EnableCloudwatchLogsExports, DeletionProtection: in.DeletionProtection,
		HttpEndpointEnabled: in.EnableHttpEndpoint, CopyTagsToSnapshot: in.CopyTagsToSnapshot,
		NetworkType: in.NetworkType, EngineLifecycleSupport: in.EngineLifecycleSupport, DBSystemId: in.DBSystemId,
		ServerlessV2ScalingConfiguration: in.ServerlessV2ScalingConfiguration, MonitoringInterval: in.MonitoringInterval,
		MonitoringRoleArn: in.MonitoringRoleArn, DatabaseInsightsMode: in.DatabaseInsightsMode, ClusterScalabilityType: in.ClusterScalabilityType,
		PerformanceInsightsRetentionPeriod: in.PerformanceInsightsRetentionPeriod, PerformanceInsightsEnabled: in.EnablePerformanceInsights,
		AutoMinorVersionUpgrade: true, BackupRetentionPeriod: 1, Port: 5432}
	set(&c.wire.BackupRetentionPeriod, in.BackupRetentionPeriod)
	set(&c.wire.Port, in.Port)
	set(&c.wire.AutoMinorVersionUpgrade, in.AutoMinorVersionUpgrade)
	if is(in.EnableLocalWriteForwarding) {
		c.wire.LocalWriteForwardingStatus = "enabled"
	}
	if in.CACertificateIdentifier != "" {
		c.wire.CertificateDetails = &certificateDetails{in.CACertificateIdentifier, validTill(in.CACertificateIdentifier)}
	}
	clusterDefaults(&c.wire)
	return c, s.clusterKeys(ctx, c, in)
}

// clusterZones are the three zones of a cluster: RDS adds to those that are given.
func (s *Server) clusterZones(given []string) ([]string, error) {
	all := s.zones()
	for _, z := range given {
		if !slices.Contains(all, z) {
			return nil, invalidValue("Invalid availability zone: %s. Those of the Region are %s.", z, strings.Join(all, ", "))
		}
	}
	return all, nil
}

// addCluster refuses what is taken or not there. The lock is held.
func (s *Server) addCluster(c *cluster, parameterGroup string) error {
	if s.clusters[c.id] != nil {
		return clusterExists()
	}
	if _, err := s.findSubnetGroup(c.wire.DBSubnetGroup); err != nil {
		return err
	}
	group, err := s.usableGroup(clusterGroup, parameterGroup, c.wire.EngineVersion)
	if err != nil {
		return err
	}
	c.wire.DBClusterParameterGroup = group
	s.clusters[c.id] = c
	s.clusterEvent(c, event{id: "RDS-EVENT-0170", category: "creation", message: "DB cluster created"})
	return nil
}

// snapshotTags are the tags of a cluster that its snapshot takes over.
func (c *cluster) snapshotTags() map[string]string {
	if !c.wire.CopyTagsToSnapshot {
		return make(map[string]string)
	}
	return maps.Clone(c.tags)
}
