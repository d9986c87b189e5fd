package rdsapi

import "context"

type describeDBClustersInput struct {
	DBClusterIdentifier string
	Filters             []filter `member:"Filter"`
	MaxRecords          *int
	Marker              *string
}

type describeDBClustersOutput struct {
	Marker     string
	DBClusters []dbCluster `member:"DBCluster"`
}

func (s *Server) describeDBClusters(_ context.Context, in *describeDBClustersInput) (*describeDBClustersOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := sortedValues(s.clusters)
	if in.DBClusterIdentifier != "" {
		c, err := s.findCluster(in.DBClusterIdentifier, "DBClusterIdentifier")
		if err != nil {
			return nil, err
		}
		list = []*cluster{c}
	}
	list, err := matchFilters(list, in.Filters, map[string]func(*cluster) []string{
		"db-cluster-id":          func(c *cluster) []string { return []string{c.id, c.arn} },
		"db-cluster-resource-id": func(c *cluster) []string { return []string{c.resourceID} },
		"engine":                 func(*cluster) []string { return []string{engine} },
		"clone-group-id":         func(*cluster) []string { return nil },
		"domain":                 func(*cluster) []string { return nil },
	})
	if err != nil {
		return nil, err
	}
	list, marker, err := page(list, paging{in.MaxRecords, in.Marker}, func(c *cluster) string { return c.id })
	if err != nil {
		return nil, err
	}
	out := &describeDBClustersOutput{Marker: marker, DBClusters: []dbCluster{}}
	for _, c := range list {
		out.DBClusters = append(out.DBClusters, s.shape(c))
	}
	return out, nil
}

type modifyDBClusterInput struct {
	DBClusterIdentifier               string
	NewDBClusterIdentifier            *string
	BackupRetentionPeriod             *int
	DBClusterParameterGroupName       *string
	VpcSecurityGroupIds               []string `member:"VpcSecurityGroupId"`
	Port                              *int
	PreferredBackupWindow             *string
	PreferredMaintenanceWindow        *string
	EnableIAMDatabaseAuthentication   *bool
	CloudwatchLogsExportConfiguration *logExports
	EngineVersion                     *string
	AllowMajorVersionUpgrade          bool
	DeletionProtection                *bool
	EnableHttpEndpoint                *bool
	CopyTagsToSnapshot                *bool
	StorageType                       *string
	AutoMinorVersionUpgrade           *bool
	NetworkType                       *string
	ServerlessV2ScalingConfiguration  *scalingConfiguration
	MonitoringInterval                *int
	EnablePerformanceInsights         *bool
}

type logExports struct{ EnableLogTypes, DisableLogTypes []string }

// modifyDBCluster changes at once, with or without ApplyImmediately.
func (s *Server) modifyDBCluster(_ context.Context, in *modifyDBClusterInput) (*clusterOutput, error) {
	if in.DBClusterIdentifier == "" {
		return nil, missing("DBClusterIdentifier")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findCluster(in.DBClusterIdentifier, "DBClusterIdentifier")
	if err != nil {
		return nil, err
	}
	if c.status != statusAvailable {
		return nil, clusterState("DB cluster %s is not in the available state: it is %s.", c.id, c.status)
	}
	newID, err := s.checkModify(c, in)
	if err != nil {
		return nil, err
	}
	in.apply(&c.wire)
	if c.pending != nil && !c.pending.due.IsZero() && in.PreferredMaintenanceWindow != nil {
		c.pending.due = c.nextWindow(s.cfg.Clock.Now())
		s.wakeRun()
	}
	if newID != c.id {
		delete(s.clusters, c.id)
		c.id, c.arn = newID, s.arn("cluster", newID)
		s.clusters[newID] = c
		s.clusterEvent(c, event{id: "RDS-EVENT-0176", category: "configuration change", message: "Renamed cluster to " + newID})
	}
	return &clusterOutput{s.shape(c)}, nil
}

// checkModify returns the identifier that the cluster is to have. The lock is held.
func (s *Server) checkModify(c *cluster, in *modifyDBClusterInput) (string, error) {
	if v := in.EngineVersion; v != nil && *v != c.wire.EngineVersion {
		if err := checkVersion(*v); err != nil {
			return "", err
		}
		major := family(*v) != family(c.wire.EngineVersion)
		switch {
		case major && !in.AllowMajorVersionUpgrade:
			return "", invalidCombination("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
		case major && c.stream.status != streamStopped:
			return "", invalidCombination("Stop the database activity stream of DB cluster %s before a major version upgrade.", c.id)
		}
	}
	if n := in.BackupRetentionPeriod; n != nil && (*n < 1 || *n > 35) {
		return "", invalidValue("Invalid backup retention period: %d. Must be between 1 and 35.", *n)
	}
	if w := in.PreferredMaintenanceWindow; w != nil {
		if *w == "" {
			return "", invalidValue("The parameter PreferredMaintenanceWindow must not be blank.")
		}
		if err := checkWindow(*w); err != nil {
			return "", err
		}
	}
	if in.NewDBClusterIdentifier == nil {
		return c.id, nil
	}
	id, err := newIdentifier(*in.NewDBClusterIdentifier, "NewDBClusterIdentifier")
	if err != nil {
		return "", err
	}
	if other := s.clusters[id]; other != nil && other != c {
		return "", clusterExists()
	}
	return id, nil
}

func (in *modifyDBClusterInput) apply(w *dbCluster) {
	set(&w.BackupRetentionPeriod, in.BackupRetentionPeriod)
	set(&w.DBClusterParameterGroup, in.DBClusterParameterGroupName)
	set(&w.Port, in.Port)
	set(&w.PreferredBackupWindow, in.PreferredBackupWindow)
	set(&w.PreferredMaintenanceWindow, in.PreferredMaintenanceWindow)
	set(&w.IAMDatabaseAuthenticationEnabled, in.EnableIAMDatabaseAuthentication)
	set(&w.EngineVersion, in.EngineVersion)
	set(&w.DeletionProtection, in.DeletionProtection)
	set(&w.HttpEndpointEnabled, in.EnableHttpEndpoint)
	set(&w.CopyTagsToSnapshot, in.CopyTagsToSnapshot)
	set(&w.StorageType, in.StorageType)
	set(&w.AutoMinorVersionUpgrade, in.AutoMinorVersionUpgrade)
	set(&w.NetworkType, in.NetworkType)
	if in.VpcSecurityGroupIds != nil {
		w.VpcSecurityGroups = securityGroups(in.VpcSecurityGroupIds)
	}
	if in.ServerlessV2ScalingConfiguration != nil {
		w.ServerlessV2ScalingConfiguration = in.ServerlessV2ScalingConfiguration
	}
	if in.MonitoringInterval != nil {
		w.MonitoringInterval = in.MonitoringInterval
	}
	if in.EnablePerformanceInsights != nil {
		w.PerformanceInsightsEnabled = in.EnablePerformanceInsights
	}
	if e := in.CloudwatchLogsExportConfiguration; e != nil {
		w.EnabledCloudwatchLogsExports = e.apply(w.EnabledCloudwatchLogsExports)
	}
}

func (e *logExports) apply(on []string) []string {
	all := make(map[string]string)
	for _, l := range append(on[:len(on):len(on)], e.EnableLogTypes...) {
		all[l] = l
	}
	for _, l := range e.DisableLogTypes {
		delete(all, l)
	}
	return sortedValues(all)
}

// set assigns a member that was given.
func set[T any](member, given *T) {
	if given != nil {
		*member = *given
	}
}
