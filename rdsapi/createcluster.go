package rdsapi

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
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

// check refuses what is wrong whatever the state is.
func (in *createDBClusterInput) check() error {
	if err := required("DBClusterIdentifier", in.DBClusterIdentifier, "Engine", in.Engine); err != nil {
		return err
	}
	if in.Engine != engine {
		return invalidValue("Invalid DB engine: %s. This is an emulator of %s.", in.Engine, engine)
	}
	if err := in.checkElsewhere(); err != nil {
		return err
	}
	if err := checkNames(in.MasterUsername, in.DatabaseName); err != nil {
		return err
	}
	switch {
	case in.MasterUserPassword == nil && !in.ManageMasterUserPassword:
		return invalidValue("The parameter MasterUserPassword must be provided and must not be blank.")
	case in.MasterUserPassword != nil && in.ManageMasterUserPassword:
		return invalidCombination("You can't specify MasterUserPassword when ManageMasterUserPassword is true.")
	case in.MasterUserSecretKmsKeyId != "" && !in.ManageMasterUserPassword:
		return invalidCombination("MasterUserSecretKmsKeyId can only be specified when ManageMasterUserPassword is true.")
	case in.KmsKeyId != "" && in.StorageEncrypted != nil && !*in.StorageEncrypted:
		return invalidCombination("KmsKeyId can only be specified when StorageEncrypted is true.")
	}
	if err := checkPassword(in.MasterUserPassword); err != nil {
		return err
	}
	if err := in.checkUnsupported(); err != nil {
		return err
	}
	return in.checkSettings()
}

// checkElsewhere refuses to use what is not there.
func (in *createDBClusterInput) checkElsewhere() error {
	switch {
	case in.GlobalClusterIdentifier != "":
		return notFound("GlobalClusterNotFoundFault", "Global cluster %s not found", in.GlobalClusterIdentifier)
	case in.ReplicationSourceIdentifier != "":
		return notFound("DBClusterNotFoundFault", "DBCluster %s not found.", in.ReplicationSourceIdentifier)
	case in.Domain != "":
		return notFound("DomainNotFoundFault", "Domain %s not found. There are no directories here.", in.Domain)
	case !isOptionGroup(in.OptionGroupName):
		return noOptionGroup(in.OptionGroupName)
	}
	return nil
}

// checkUnsupported refuses what Aurora PostgreSQL, or this cluster, cannot have.
func (in *createDBClusterInput) checkUnsupported() error {
	const multiAZ = " can only be specified for Multi-AZ DB clusters, not for " + engine + "."
	return refuse(
		refused{in.EngineMode != "" && in.EngineMode != "provisioned", "The engine mode " + in.EngineMode + " you requested is currently unavailable."},
		refused{in.ScalingConfiguration != nil, "ScalingConfiguration can only be specified with the engine mode serverless."},
		refused{in.BacktrackWindow != 0, "Backtrack is not supported for the engine " + engine + "."},
		refused{in.RdsCustomClusterConfiguration != nil, "RdsCustomClusterConfiguration can't be specified for the engine " + engine + "."},
		refused{in.DBClusterInstanceClass != "", "DBClusterInstanceClass" + multiAZ},
		refused{in.AllocatedStorage != nil && *in.AllocatedStorage > 1, "AllocatedStorage" + multiAZ},
		refused{in.Iops != nil && *in.Iops != 0, "Iops" + multiAZ},
		refused{is(in.PubliclyAccessible), "PubliclyAccessible" + multiAZ},
		refused{is(in.EnableGlobalWriteForwarding), "EnableGlobalWriteForwarding can only be specified for a DB cluster of a global database."},
		refused{is(in.EnableLimitlessDatabase) || in.ClusterScalabilityType == "limitless", "Aurora Limitless Database is not emulated."},
		refused{is(in.WithExpressConfiguration), "The express configuration is not emulated: make the DB instance by CreateDBInstance."},
	)
}

func (in *createDBClusterInput) checkSettings() error {
	if n := in.BackupRetentionPeriod; n != nil {
		if err := checkRetention(*n); err != nil {
			return err
		}
	}
	if in.Port != nil {
		if err := checkPort(*in.Port); err != nil {
			return err
		}
	}
	if in.CACertificateIdentifier != "" {
		if checkAuthority(in.CACertificateIdentifier) != nil {
			return invalidValue("Invalid CA certificate identifier: %s", in.CACertificateIdentifier)
		}
	}
	for _, err := range []error{
		checkWindows(in.PreferredBackupWindow, in.PreferredMaintenanceWindow),
		checkMonitoring(in.MonitoringInterval, in.MonitoringRoleArn, in.PerformanceInsightsRetentionPeriod, in.DatabaseInsightsMode),
		checkLogs(in.EnableCloudwatchLogsExports),
		checkScaling(in.ServerlessV2ScalingConfiguration),
		oneOfValues("StorageType", in.StorageType, "aurora", "aurora-iopt1"),
		oneOfValues("NetworkType", in.NetworkType, "IPV4", "DUAL"),
		oneOfValues("ClusterScalabilityType", in.ClusterScalabilityType, "standard", "limitless"),
		oneOfValues("EngineLifecycleSupport", in.EngineLifecycleSupport, "open-source-rds-extended-support", "open-source-rds-extended-support-disabled"),
	} {
		if err != nil {
			return err
		}
	}
	return nil
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

// clusterKeys finds the KMS keys of a new cluster.
func (s *Server) clusterKeys(ctx context.Context, c *cluster, in *createDBClusterInput) (err error) {
	w := &c.wire
	if w.KmsKeyId, err = s.storageKey(ctx, in.KmsKeyId, is(in.StorageEncrypted)); err != nil {
		return err
	}
	w.StorageEncrypted = w.KmsKeyId != ""
	if in.ManageMasterUserPassword {
		if err := s.manageSecret(ctx, c, in.MasterUserSecretKmsKeyId); err != nil {
			return err
		}
	}
	if is(in.EnablePerformanceInsights) {
		if w.PerformanceInsightsRetentionPeriod == nil {
			week := 7
			w.PerformanceInsightsRetentionPeriod = &week
		}
		w.PerformanceInsightsKMSKeyId, err = s.insightsKey(ctx, in.PerformanceInsightsKMSKeyId)
	}
	return err
}

// manageSecret shows the secret in which RDS would keep the master user's password.
// It does not exist: there is no Secrets Manager here.
func (s *Server) manageSecret(ctx context.Context, c *cluster, key string) error {
	arn, err := s.storageKey(ctx, key, key != "")
	if err != nil {
		return err
	}
	id := uuid.NewString()
	c.wire.MasterUserSecret = &masterUserSecret{"arn:aws:secretsmanager:" + s.cfg.Region + ":" + s.cfg.AccountID + ":secret:rds!cluster-" + id + "-" + id[:6], "active", arn}
	return nil
}

// insightsKey is the key of Performance Insights: the one given must be there, the
// default one may be missing.
func (s *Server) insightsKey(ctx context.Context, id string) (string, error) {
	arn, err := s.storageKey(ctx, id, true)
	if id == "" {
		return arn, nil
	}
	return arn, err
}

// storageKey is the ARN of a key that would encrypt something: the one given, or
// the default key if it is wanted, or none.
func (s *Server) storageKey(ctx context.Context, id string, wanted bool) (string, error) {
	switch {
	case id == "" && !wanted:
		return "", nil
	case id == "":
		id = "alias/aws/rds"
	}
	key, err := s.cfg.Keys.ResolveKey(ctx, id)
	if err != nil || !key.Enabled || !key.Symmetric {
		return "", keyNotAccessible(id)
	}
	return key.ARN, nil
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
