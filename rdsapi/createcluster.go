package rdsapi

import "context"

type createDBClusterInput struct {
	DBClusterIdentifier              string
	Engine                           string
	EngineVersion                    string
	EngineMode                       string
	DatabaseName                     string
	DBClusterParameterGroupName      string
	DBSubnetGroupName                string
	VpcSecurityGroupIds              []string `member:"VpcSecurityGroupId"`
	Port                             int
	MasterUsername                   string
	MasterUserPassword               *string
	ManageMasterUserPassword         bool
	BackupRetentionPeriod            int
	PreferredBackupWindow            string
	PreferredMaintenanceWindow       string
	Tags                             []tag `member:"Tag"`
	StorageEncrypted                 bool
	KmsKeyId                         string
	StorageType                      string
	EnableIAMDatabaseAuthentication  bool
	EnableCloudwatchLogsExports      []string
	DeletionProtection               bool
	EnableHttpEndpoint               bool
	CopyTagsToSnapshot               bool
	NetworkType                      string
	EngineLifecycleSupport           string
	GlobalClusterIdentifier          string
	ReplicationSourceIdentifier      string
	ServerlessV2ScalingConfiguration *scalingConfiguration
	MonitoringInterval               *int
	EnablePerformanceInsights        *bool
}

type clusterOutput struct{ DBCluster dbCluster }

// createDBCluster makes a cluster, available at once; the answer says creating,
// as RDS's does.
func (s *Server) createDBCluster(ctx context.Context, in *createDBClusterInput) (*clusterOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	c, err := s.newCluster(ctx, in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.addCluster(c); err != nil {
		return nil, err
	}
	w := s.shape(c)
	w.Status = statusCreating
	return &clusterOutput{w}, nil
}

func (in *createDBClusterInput) check() error {
	switch {
	case in.DBClusterIdentifier == "":
		return missing("DBClusterIdentifier")
	case in.Engine == "":
		return missing("Engine")
	case in.Engine != engine:
		return invalidValue("Invalid DB engine: %s. This is an emulator of %s.", in.Engine, engine)
	case in.GlobalClusterIdentifier != "":
		return notFound("GlobalClusterNotFoundFault", "Global cluster %s not found", in.GlobalClusterIdentifier)
	case in.ReplicationSourceIdentifier != "":
		return notFound("DBClusterNotFoundFault", "DBCluster %s not found.", in.ReplicationSourceIdentifier)
	case in.MasterUsername == "":
		return invalidValue("The parameter MasterUsername must be provided and must not be blank.")
	case in.MasterUserPassword == nil && !in.ManageMasterUserPassword:
		return invalidValue("The parameter MasterUserPassword must be provided and must not be blank.")
	case in.MasterUserPassword != nil && in.ManageMasterUserPassword:
		return invalidCombination("You can't specify MasterUserPassword when ManageMasterUserPassword is true.")
	case in.BackupRetentionPeriod < 0 || in.BackupRetentionPeriod > 35:
		return invalidValue("Invalid backup retention period: %d. Must be between 1 and 35.", in.BackupRetentionPeriod)
	case in.Port != 0 && (in.Port < 1150 || in.Port > 65535):
		return invalidValue("Invalid port: %d. Must be between 1150 and 65535.", in.Port)
	}
	return checkWindow(in.PreferredMaintenanceWindow)
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
	version := in.EngineVersion
	if version == "" {
		version = s.cfg.EngineVersion
	} else if err := checkVersion(version); err != nil {
		return nil, err
	}
	keyARN, err := s.storageKey(ctx, in)
	if err != nil {
		return nil, err
	}
	c := &cluster{id: id, arn: s.arn("cluster", id), resourceID: s.cfg.NewResourceID("cluster-"),
		created: s.cfg.Clock.Now().UTC(), status: statusAvailable, tags: tags, stream: stream{status: streamStopped}}
	c.wire = dbCluster{EngineVersion: version, EngineMode: in.EngineMode, DatabaseName: in.DatabaseName,
		DBClusterParameterGroup: in.DBClusterParameterGroupName, DBSubnetGroup: in.DBSubnetGroupName,
		VpcSecurityGroups: securityGroups(in.VpcSecurityGroupIds), Port: in.Port, MasterUsername: in.MasterUsername,
		BackupRetentionPeriod: in.BackupRetentionPeriod, PreferredBackupWindow: in.PreferredBackupWindow,
		PreferredMaintenanceWindow: in.PreferredMaintenanceWindow, StorageEncrypted: keyARN != "", KmsKeyId: keyARN,
		StorageType: in.StorageType, IAMDatabaseAuthenticationEnabled: in.EnableIAMDatabaseAuthentication,
		EnabledCloudwatchLogsExports: in.EnableCloudwatchLogsExports, DeletionProtection: in.DeletionProtection,
		HttpEndpointEnabled: in.EnableHttpEndpoint, CopyTagsToSnapshot: in.CopyTagsToSnapshot,
		NetworkType: in.NetworkType, EngineLifecycleSupport: in.EngineLifecycleSupport,
		ServerlessV2ScalingConfiguration: in.ServerlessV2ScalingConfiguration,
		MonitoringInterval:               in.MonitoringInterval, PerformanceInsightsEnabled: in.EnablePerformanceInsights}
	clusterDefaults(&c.wire)
	return c, nil
}

// storageKey is the ARN of the key that would encrypt the storage: the one
// given, or the default key, or none.
func (s *Server) storageKey(ctx context.Context, in *createDBClusterInput) (string, error) {
	id := in.KmsKeyId
	switch {
	case id == "" && !in.StorageEncrypted:
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

// addCluster refuses an identifier that is taken. The lock is held.
func (s *Server) addCluster(c *cluster) error {
	if s.clusters[c.id] != nil {
		return clusterExists()
	}
	s.clusters[c.id] = c
	s.clusterEvent(c, event{id: "RDS-EVENT-0170", category: "creation", message: "DB cluster created"})
	return nil
}
