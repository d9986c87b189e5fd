package rdsapi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

type createDBInstanceInput struct {
	DBName                             string
	DBInstanceIdentifier               string
	AllocatedStorage                   *int
	DBInstanceClass                    string
	Engine                             string
	MasterUsername                     string
	MasterUserPassword                 *string
	VpcSecurityGroupIds                []string `member:"VpcSecurityGroupId"`
	AvailabilityZone                   string
	DBSubnetGroupName                  string
	PreferredMaintenanceWindow         string
	DBParameterGroupName               string
	BackupRetentionPeriod              *int
	PreferredBackupWindow              string
	Port                               *int
	MultiAZ                            *bool
	EngineVersion                      string
	AutoMinorVersionUpgrade            *bool
	LicenseModel                       string
	Iops                               *int
	OptionGroupName                    string
	PubliclyAccessible                 bool
	Tags                               []tag `member:"Tag"`
	DBClusterIdentifier                string
	StorageType                        string
	StorageEncrypted                   *bool
	KmsKeyId                           string
	Domain                             string
	CopyTagsToSnapshot                 bool
	MonitoringInterval                 *int
	MonitoringRoleArn                  string
	PromotionTier                      *int
	EnableIAMDatabaseAuthentication    *bool
	DatabaseInsightsMode               string
	EnablePerformanceInsights          *bool
	PerformanceInsightsKMSKeyId        string
	PerformanceInsightsRetentionPeriod *int
	EnableCloudwatchLogsExports        []string
	DeletionProtection                 bool
	NetworkType                        string
	CustomIamInstanceProfile           string
	CACertificateIdentifier            string
	ManageMasterUserPassword           *bool
	EngineLifecycleSupport             string
}

type instanceOutput struct{ DBInstance dbInstance }

// createDBInstance starts the instance before it answers; the answer says
// creating, as RDS's does.
func (s *Server) createDBInstance(ctx context.Context, in *createDBInstanceInput) (*instanceOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	insightsKey, err := s.insightsKey(ctx, in.EnablePerformanceInsights, in.PerformanceInsightsKMSKeyId)
	if err != nil {
		return nil, err
	}
	i, err := s.addInstance(in, insightsKey)
	if err != nil {
		return nil, err
	}
	if err := s.startInstance(ctx, i); err != nil {
		s.mu.Lock()
		delete(s.instances, i.id)
		s.mu.Unlock()
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instanceEvent(i, event{id: "RDS-EVENT-0005", category: "creation", message: "DB instance created"})
	w := s.instanceShape(i)
	w.DBInstanceStatus = statusCreating
	return &instanceOutput{w}, nil
}

func (in *createDBInstanceInput) check() error {
	if err := required("DBInstanceIdentifier", in.DBInstanceIdentifier, "DBInstanceClass", in.DBInstanceClass, "Engine", in.Engine); err != nil {
		return err
	}
	switch {
	case in.Engine != engine && in.DBClusterIdentifier != "":
		return invalidCombination("The engine name requested for your DB instance (%s) doesn't match the engine name of your DB cluster (%s).", in.Engine, engine)
	case in.Engine != engine:
		return invalidValue("Invalid DB engine: %s. This is an emulator of %s.", in.Engine, engine)
	case in.DBClusterIdentifier == "":
		return invalidValue("The parameter DBClusterIdentifier must be provided for engine %s.", engine)
	case !isClass(in.DBInstanceClass):
		return invalidValue("Invalid DB Instance class: %s", in.DBInstanceClass)
	case in.LicenseModel != "" && in.LicenseModel != "postgresql-license":
		return invalidCombination("Invalid license model '%s' for engine '%s'. Valid license models are: postgresql-license.", in.LicenseModel, engine)
	case !isOptionGroup(in.OptionGroupName):
		return noOptionGroup(in.OptionGroupName)
	case in.Domain != "":
		return notFound("DomainNotFoundFault", "Domain %s not found. There are no directories here.", in.Domain)
	}
	if err := in.checkCluster(); err != nil {
		return err
	}
	for _, err := range []error{
		checkTier(in.PromotionTier),
		checkWindow(in.PreferredMaintenanceWindow),
		checkMonitoring(in.MonitoringInterval, in.MonitoringRoleArn, in.PerformanceInsightsRetentionPeriod, in.DatabaseInsightsMode),
		oneOfValues("NetworkType", in.NetworkType, "IPV4", "DUAL"),
	} {
		if err != nil {
			return err
		}
	}
	if in.CACertificateIdentifier != "" {
		return checkAuthority(in.CACertificateIdentifier)
	}
	return nil
}

// checkCluster refuses what is the cluster's to have.
func (in *createDBInstanceInput) checkCluster() error {
	const of = "The requested DB Instance will be a member of a DB Cluster. Set "
	return refuse(
		refused{in.MasterUsername != "", of + "master user name for the DB Cluster."},
		refused{in.MasterUserPassword != nil || is(in.ManageMasterUserPassword), of + "master user password for the DB Cluster."},
		refused{in.DBName != "", of + "database name for the DB Cluster."},
		refused{in.AllocatedStorage != nil && *in.AllocatedStorage > 1 || in.Iops != nil && *in.Iops > 0, of + "storage for the DB Cluster."},
		refused{in.BackupRetentionPeriod != nil, of + "backup retention period for the DB Cluster."},
		refused{in.PreferredBackupWindow != "", of + "backup window for the DB Cluster."},
		refused{len(in.VpcSecurityGroupIds) > 0, of + "vpc security group for the DB Cluster."},
		refused{in.KmsKeyId != "" || in.StorageEncrypted != nil, of + "encryption for the DB Cluster."},
		refused{in.Port != nil, of + "database endpoint port for the DB Cluster."},
		refused{is(in.EnableIAMDatabaseAuthentication), of + "IAM database authentication for the DB Cluster."},
		refused{len(in.EnableCloudwatchLogsExports) > 0, of + "CloudWatch Logs exports for the DB Cluster."},
		refused{is(in.MultiAZ), "MultiAZ can't be specified for the engine " + engine + ": add DB instances to the DB cluster."},
	)
}

func checkTier(tier *int) error {
	if tier != nil && (*tier < 0 || *tier > 15) {
		return invalidValue("Invalid promotion tier: %d. Must be between 0 and 15.", *tier)
	}
	return nil
}

// addInstance reserves the identifier: the instance is in the state, creating.
func (s *Server) addInstance(in *createDBInstanceInput, insightsKey string) (*instance, error) {
	id, err := newIdentifier(in.DBInstanceIdentifier, "DBInstanceIdentifier")
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.instances[id] != nil {
		return nil, instanceExists()
	}
	c, err := s.findCluster(in.DBClusterIdentifier, "DBClusterIdentifier")
	if err != nil {
		return nil, err
	}
	group, err := s.checkMembership(c, in)
	if err != nil {
		return nil, err
	}
	s.order++
	i := &instance{id: id, arn: s.arn("db", id), resourceID: s.cfg.NewResourceID("db-"), cluster: c, order: s.order,
		created: s.cfg.Clock.Now().UTC(), status: statusCreating, class: in.DBInstanceClass, tags: tags}
	i.wire = dbInstance{AvailabilityZone: cmp.Or(in.AvailabilityZone, s.nextZone(c)),
		PreferredMaintenanceWindow: strings.ToLower(cmp.Or(in.PreferredMaintenanceWindow, c.wire.PreferredMaintenanceWindow)),
		DBParameterGroups:          []parameterGroup{{group, "in-sync"}},
		PromotionTier:              1, AutoMinorVersionUpgrade: true, PubliclyAccessible: in.PubliclyAccessible,
		CopyTagsToSnapshot: in.CopyTagsToSnapshot, MonitoringRoleArn: in.MonitoringRoleArn, NetworkType: in.NetworkType,
		DatabaseInsightsMode:       cmp.Or(in.DatabaseInsightsMode, c.wire.DatabaseInsightsMode),
		PerformanceInsightsEnabled: is(in.EnablePerformanceInsights), PerformanceInsightsKMSKeyId: insightsKey,
		DeletionProtection: in.DeletionProtection, CustomIamInstanceProfile: in.CustomIamInstanceProfile,
		EngineLifecycleSupport:  in.EngineLifecycleSupport,
		CACertificateIdentifier: cmp.Or(in.CACertificateIdentifier, defaultAuthority)}
	set(&i.wire.PromotionTier, in.PromotionTier)
	set(&i.wire.AutoMinorVersionUpgrade, in.AutoMinorVersionUpgrade)
	set(&i.wire.MonitoringInterval, in.MonitoringInterval)
	if i.wire.PerformanceInsightsEnabled {
		i.wire.PerformanceInsightsRetentionPeriod = retention(in.PerformanceInsightsRetentionPeriod)
	}
	s.instances[id] = i
	return i, nil
}

// retention is how long Performance Insights would keep data: a week by default.
func retention(given *int) *int {
	days := 7
	set(&days, given)
	return &days
}

// checkMembership tells whether a cluster can have such an instance, and with which
// parameter group. The lock is held.
func (s *Server) checkMembership(c *cluster, in *createDBInstanceInput) (group string, err error) {
	subnets, storage := strings.ToLower(in.DBSubnetGroupName), in.StorageType
	switch {
	case c.status != statusAvailable:
		return "", notAvailable(c)
	case in.EngineVersion != "" && !versionMatches(c.wire.EngineVersion, in.EngineVersion):
		return "", invalidCombination("The engine version that you requested for your DB instance (%s) does not match the engine version of your DB cluster (%s).",
			in.EngineVersion, c.wire.EngineVersion)
	case subnets != "" && subnets != c.wire.DBSubnetGroup:
		if _, err := s.findSubnetGroup(subnets); err != nil {
			return "", err
		}
		return "", invalidCombination("The DB subnet group %s of the DB instance isn't that of its DB cluster, which is %s.", subnets, c.wire.DBSubnetGroup)
	case storage != "" && storage != c.wire.StorageType:
		return "", invalidCombination("The storage type %s of the DB instance isn't that of its DB cluster, which is %s.", storage, c.wire.StorageType)
	case in.AvailabilityZone != "" && !slices.Contains(s.zones(), in.AvailabilityZone):
		return "", invalidValue("Invalid availability zone: %s. Those of the Region are %s.", in.AvailabilityZone, strings.Join(s.zones(), ", "))
	case len(s.members(c)) >= maxMembers:
		return "", awsapi.Errorf("InstanceQuotaExceeded", "A DB cluster can have %d DB instances at most.", maxMembers)
	case in.DBInstanceClass == "db.serverless" && c.wire.ServerlessV2ScalingConfiguration == nil:
		return "", invalidCombination("Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance.")
	}
	if err := c.admitsClass(in.DBInstanceClass); err != nil {
		return "", err
	}
	return s.usableGroup(instanceGroup, in.DBParameterGroupName, c.wire.EngineVersion)
}

// maxMembers is a writer and 15 replicas.
const maxMembers = 16

// nextZone spreads the instances of a cluster over the zones. The lock is held.
func (s *Server) nextZone(c *cluster) string {
	zones := s.zones()
	return zones[len(s.members(c))%len(zones)]
}

// startInstance starts what an instance stands for and makes it available.
func (s *Server) startInstance(ctx context.Context, i *instance) error {
	s.mu.Lock()
	identity := i.identity()
	identity.Shut = i.status == statusStopped || i.status == statusStopping
	s.mu.Unlock()
	host, port, err := s.cfg.Instances.StartInstance(ctx, identity)
	if err != nil {
		return fmt.Errorf("start instance %s: %w", identity.ID, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i.host, i.port, i.status = host, port, statusAvailable
	if identity.Shut {
		i.status = statusStopped
		return nil
	}
	if i.cluster.mustNotServe() {
		s.shutDown(i.cluster) // it came too late to be told
	}
	return nil
}
