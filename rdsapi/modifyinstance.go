package rdsapi

import (
	"context"
	"strings"
)

type modifyDBInstanceInput struct {
	DBInstanceIdentifier               string
	AllocatedStorage                   *int
	DBInstanceClass                    *string
	DBSubnetGroupName                  string
	VpcSecurityGroupIds                []string `member:"VpcSecurityGroupId"`
	ApplyImmediately                   bool
	MasterUserPassword                 *string
	DBParameterGroupName               *string
	BackupRetentionPeriod              *int
	PreferredBackupWindow              string
	PreferredMaintenanceWindow         *string
	MultiAZ                            *bool
	EngineVersion                      string
	AutoMinorVersionUpgrade            *bool
	Iops                               *int
	OptionGroupName                    string
	NewDBInstanceIdentifier            *string
	StorageType                        string
	CACertificateIdentifier            *string
	Domain                             string
	CopyTagsToSnapshot                 *bool
	MonitoringInterval                 *int
	MonitoringRoleArn                  *string
	DBPortNumber                       *int
	PubliclyAccessible                 *bool
	PromotionTier                      *int
	EnableIAMDatabaseAuthentication    *bool
	DatabaseInsightsMode               *string
	EnablePerformanceInsights          *bool
	PerformanceInsightsKMSKeyId        string
	PerformanceInsightsRetentionPeriod *int
	CloudwatchLogsExportConfiguration  *logExports
	DeletionProtection                 *bool
	NetworkType                        *string
	ManageMasterUserPassword           *bool
	RotateMasterUserPassword           *bool
}

// modifyDBInstance changes at once; a new identifier, another class and another
// certificate authority wait for the maintenance window unless ApplyImmediately is
// given.
func (s *Server) modifyDBInstance(ctx context.Context, in *modifyDBInstanceInput) (*instanceOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	insightsKey, err := s.insightsKey(ctx, in.EnablePerformanceInsights, in.PerformanceInsightsKMSKeyId)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.findInstance(in.DBInstanceIdentifier, "DBInstanceIdentifier")
	if err != nil {
		return nil, err
	}
	if i.status != statusAvailable {
		return nil, instanceState("Instance %s is not in the available state: it is %s.", i.id, i.status)
	}
	deferred, err := s.checkModifyInstance(i, in)
	if err != nil {
		return nil, err
	}
	in.apply(&i.wire, insightsKey)
	if in.DBParameterGroupName != nil {
		s.modifyInstanceGroup(i, strings.ToLower(*in.DBParameterGroupName))
	}
	i.deferred = deferred
	switch {
	case in.ApplyImmediately:
		s.applyDeferredInstance(i)
	case deferred != nil:
		deferred.due = nextWindow(i.wire.PreferredMaintenanceWindow, s.cfg.Clock.Now())
		s.wakeRun()
	}
	return &instanceOutput{s.instanceShape(i)}, nil
}

// check refuses what is wrong whatever the state is, and what is the cluster's.
func (in *modifyDBInstanceInput) check() error {
	if err := required("DBInstanceIdentifier", in.DBInstanceIdentifier); err != nil {
		return err
	}
	switch {
	case in.DBInstanceClass != nil && !isClass(*in.DBInstanceClass):
		return invalidValue("Invalid DB Instance class: %s", *in.DBInstanceClass)
	case !isOptionGroup(in.OptionGroupName):
		return noOptionGroup(in.OptionGroupName)
	case in.Domain != "":
		return notFound("DomainNotFoundFault", "Domain %s not found. There are no directories here.", in.Domain)
	}
	const of = "The specified DB Instance is a member of a DB Cluster. Modify the "
	const end = " for the DB Cluster using the ModifyDBCluster API"
	if err := refuse(
		refused{in.AllocatedStorage != nil && *in.AllocatedStorage > 1 || in.Iops != nil && *in.Iops > 0 || in.StorageType != "", of + "storage" + end},
		refused{in.DBSubnetGroupName != "", "The DB subnet group of a member of a DB cluster can't be modified."},
		refused{len(in.VpcSecurityGroupIds) > 0, of + "VPC security groups" + end},
		refused{in.MasterUserPassword != nil || is(in.ManageMasterUserPassword) || is(in.RotateMasterUserPassword), of + "master user password" + end},
		refused{in.BackupRetentionPeriod != nil, of + "backup retention period" + end},
		refused{in.PreferredBackupWindow != "", of + "backup window" + end},
		refused{in.EngineVersion != "", of + "DB engine version" + end},
		refused{in.DBPortNumber != nil, of + "database port" + end},
		refused{in.EnableIAMDatabaseAuthentication != nil, of + "IAM database authentication" + end},
		refused{in.CloudwatchLogsExportConfiguration != nil, of + "CloudWatch Logs exports" + end},
		refused{is(in.MultiAZ), "MultiAZ can't be specified for the engine " + engine + ": add DB instances to the DB cluster."},
	); err != nil {
		return err
	}
	if in.CACertificateIdentifier != nil {
		if err := checkAuthority(*in.CACertificateIdentifier); err != nil {
			return err
		}
	}
	if w := in.PreferredMaintenanceWindow; w != nil {
		if err := notBlank("PreferredMaintenanceWindow", w); err != nil {
			return err
		}
		if err := checkWindow(*w); err != nil {
			return err
		}
	}
	return checkTier(in.PromotionTier)
}

// checkModifyInstance checks a modification against the state, and returns what may
// have to wait, together with what waits already. The lock is held.
func (s *Server) checkModifyInstance(i *instance, in *modifyDBInstanceInput) (*deferredInstance, error) {
	w := i.wire // as it will be
	in.apply(&w, "")
	if err := checkMonitoring(&w.MonitoringInterval, w.MonitoringRoleArn, w.PerformanceInsightsRetentionPeriod, w.DatabaseInsightsMode); err != nil {
		return nil, err
	}
	if g := in.DBParameterGroupName; g != nil {
		if _, err := s.usableGroup(instanceGroup, *g, i.cluster.wire.EngineVersion); err != nil {
			return nil, err
		}
	}
	sum := deferredInstance{}
	if i.deferred != nil {
		sum = *i.deferred
	}
	if class := in.DBInstanceClass; class != nil {
		if err := i.cluster.admitsClass(*class); err != nil {
			return nil, err
		}
		sum.DBInstanceClass = *class
	}
	set(&sum.CACertificateIdentifier, in.CACertificateIdentifier)
	if in.NewDBInstanceIdentifier != nil {
		id, err := newIdentifier(*in.NewDBInstanceIdentifier, "NewDBInstanceIdentifier")
		if err != nil {
			return nil, err
		}
		if other := s.instances[id]; other != nil && other != i {
			return nil, instanceExists()
		}
		sum.DBInstanceIdentifier = id
	}
	if sum.DBInstanceClass == i.class {
		sum.DBInstanceClass = ""
	}
	if sum.DBInstanceIdentifier == i.id {
		sum.DBInstanceIdentifier = ""
	}
	if sum.CACertificateIdentifier == i.wire.CACertificateIdentifier {
		sum.CACertificateIdentifier = ""
	}
	if sum.instancePending == (instancePending{}) {
		return nil, nil
	}
	return &sum, nil
}

// apply changes what is changed at once.
func (in *modifyDBInstanceInput) apply(w *dbInstance, insightsKey string) {
	if in.PreferredMaintenanceWindow != nil {
		w.PreferredMaintenanceWindow = strings.ToLower(*in.PreferredMaintenanceWindow)
	}
	set(&w.PromotionTier, in.PromotionTier)
	set(&w.PubliclyAccessible, in.PubliclyAccessible)
	set(&w.AutoMinorVersionUpgrade, in.AutoMinorVersionUpgrade)
	set(&w.CopyTagsToSnapshot, in.CopyTagsToSnapshot)
	set(&w.MonitoringInterval, in.MonitoringInterval)
	set(&w.MonitoringRoleArn, in.MonitoringRoleArn)
	set(&w.DatabaseInsightsMode, in.DatabaseInsightsMode)
	set(&w.DeletionProtection, in.DeletionProtection)
	set(&w.NetworkType, in.NetworkType)
	if in.PerformanceInsightsRetentionPeriod != nil {
		w.PerformanceInsightsRetentionPeriod = in.PerformanceInsightsRetentionPeriod
	}
	if on := in.EnablePerformanceInsights; on != nil {
		w.PerformanceInsightsEnabled, w.PerformanceInsightsKMSKeyId = *on, insightsKey
		w.PerformanceInsightsRetentionPeriod = nil
		if *on {
			w.PerformanceInsightsRetentionPeriod = retention(in.PerformanceInsightsRetentionPeriod)
		}
	}
}

// modifyInstanceGroup gives an instance another parameter group, which it has when
// it is rebooted. The lock is held.
func (s *Server) modifyInstanceGroup(i *instance, group string) {
	if i.wire.DBParameterGroups[0].DBParameterGroupName == group {
		return
	}
	i.wire.DBParameterGroups = []parameterGroup{{group, "pending-reboot"}}
	s.instanceEvent(i, event{id: "RDS-EVENT-0011", category: "configuration change", message: "Updated to use DBParameterGroup " + group})
}
