package access

import (
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

// rdsInput has the members that decide about access.
type rdsInput struct {
	ResourceArn, ResourceName, ResourceIdentifier string

	DBClusterIdentifier, DBInstanceIdentifier             string
	SourceDBClusterIdentifier, SourceDBInstanceIdentifier string
	DBClusterParameterGroupName, DBParameterGroupName     string
	DBSubnetGroupName, OptionGroupName, SubscriptionName  string
	DBClusterSnapshotIdentifier, DBSnapshotIdentifier     string
	SourceDBClusterSnapshotIdentifier, SnapshotIdentifier string
	TargetDBClusterSnapshotIdentifier                     string
	SourceDBClusterParameterGroupIdentifier               string
	TargetDBClusterParameterGroupIdentifier               string
	SourceDBParameterGroupIdentifier                      string
	TargetDBParameterGroupIdentifier                      string
	GlobalClusterIdentifier, DBClusterEndpointIdentifier  string
	FinalDBSnapshotIdentifier                             string
	Engine, DatabaseName, DBName                          string
	DBInstanceClass, DBClusterInstanceClass               string
	StorageEncrypted, MultiAZ, Iops, AllocatedStorage     string
	ManageMasterUserPassword                              string
	Tags                                                  []struct{ Key, Value string } `member:"Tag"`
	TagKeys                                               []string
}

// rdsResources says which resources an action is about. "cluster" is a resource that
// every call has, and if the call names none, all of that type; "cluster-pg?" one
// that counts only if it is named. A name in capitals is a member that has an ARN.
// An action that is not here is about "*".
var rdsResources = map[string]string{
	"StartActivityStream":  "ResourceArn",
	"StopActivityStream":   "ResourceArn",
	"ModifyActivityStream": "ResourceArn",

	"CreateDBCluster":    "cluster cluster-pg? subgrp? og? global-cluster?",
	"ModifyDBCluster":    "cluster cluster-pg? og? pg?",
	"DescribeDBClusters": "cluster",
	"DeleteDBCluster":    "cluster final-snapshot?",
	"RebootDBCluster":    "cluster",
	"StartDBCluster":     "cluster",
	"StopDBCluster":      "cluster",
	"FailoverDBCluster":  "cluster",
	"BacktrackDBCluster": "cluster",

	"AddRoleToDBCluster":             "cluster",
	"RemoveRoleFromDBCluster":        "cluster",
	"EnableHttpEndpoint":             "ResourceArn",
	"DisableHttpEndpoint":            "ResourceArn",
	"ModifyCurrentDBClusterCapacity": "cluster",
	"PromoteReadReplicaDBCluster":    "cluster",

	"CreateDBClusterEndpoint":    "cluster cluster-endpoint",
	"ModifyDBClusterEndpoint":    "cluster-endpoint",
	"DeleteDBClusterEndpoint":    "cluster-endpoint",
	"DescribeDBClusterEndpoints": "cluster cluster-endpoint?",

	"CreateDBInstance":                     "db cluster? og? pg? subgrp?",
	"CreateDBInstanceReadReplica":          "db source-db? og? pg? subgrp?",
	"ModifyDBInstance":                     "db og? pg? subgrp?",
	"DescribeDBInstances":                  "db",
	"DeleteDBInstance":                     "db",
	"RebootDBInstance":                     "db",
	"StartDBInstance":                      "db",
	"StopDBInstance":                       "db snapshot?",
	"AddRoleToDBInstance":                  "db",
	"RemoveRoleFromDBInstance":             "db",
	"DescribeDBLogFiles":                   "db",
	"DownloadDBLogFilePortion":             "db",
	"DescribeValidDBInstanceModifications": "db",
	"PromoteReadReplica":                   "db",

	"CreateDBClusterSnapshot":             "cluster cluster-snapshot",
	"CopyDBClusterSnapshot":               "source-cluster-snapshot target-cluster-snapshot",
	"DeleteDBClusterSnapshot":             "cluster-snapshot",
	"DescribeDBClusterSnapshots":          "cluster-snapshot cluster?",
	"DescribeDBClusterSnapshotAttributes": "cluster-snapshot",
	"ModifyDBClusterSnapshotAttribute":    "cluster-snapshot",
	"RestoreDBClusterFromSnapshot":        "cluster restored? cluster-pg? og? subgrp?",
	"RestoreDBClusterToPointInTime":       "cluster source-cluster cluster-pg? og? subgrp?",
	"CreateDBSnapshot":                    "db snapshot",
	"DeleteDBSnapshot":                    "snapshot",
	"DescribeDBSnapshots":                 "snapshot db?",
	"ModifyDBSnapshot":                    "snapshot og?",

	"CreateDBClusterParameterGroup":    "cluster-pg",
	"CopyDBClusterParameterGroup":      "source-cluster-pg target-cluster-pg",
	"ModifyDBClusterParameterGroup":    "cluster-pg",
	"ResetDBClusterParameterGroup":     "cluster-pg",
	"DeleteDBClusterParameterGroup":    "cluster-pg",
	"DescribeDBClusterParameterGroups": "cluster-pg",
	"DescribeDBClusterParameters":      "cluster-pg",
	"CreateDBParameterGroup":           "pg",
	"CopyDBParameterGroup":             "source-pg target-pg",
	"ModifyDBParameterGroup":           "pg",
	"ResetDBParameterGroup":            "pg",
	"DeleteDBParameterGroup":           "pg",
	"DescribeDBParameterGroups":        "pg",
	"DescribeDBParameters":             "pg",

	"CreateDBSubnetGroup":    "subgrp",
	"ModifyDBSubnetGroup":    "subgrp",
	"DeleteDBSubnetGroup":    "subgrp",
	"DescribeDBSubnetGroups": "subgrp",
	"CreateOptionGroup":      "og",
	"ModifyOptionGroup":      "og",
	"DeleteOptionGroup":      "og",
	"DescribeOptionGroups":   "og",

	"CreateGlobalCluster":     "global-cluster source-cluster?",
	"ModifyGlobalCluster":     "global-cluster",
	"DeleteGlobalCluster":     "global-cluster",
	"DescribeGlobalClusters":  "global-cluster",
	"FailoverGlobalCluster":   "global-cluster",
	"RemoveFromGlobalCluster": "global-cluster cluster",

	"CreateEventSubscription":                "es",
	"ModifyEventSubscription":                "es",
	"DeleteEventSubscription":                "es",
	"DescribeEventSubscriptions":             "es",
	"AddSourceIdentifierToSubscription":      "es",
	"RemoveSourceIdentifierFromSubscription": "es",

	"AddTagsToResource":      "ResourceName",
	"RemoveTagsFromResource": "ResourceName",
	"ListTagsForResource":    "ResourceName",

	"ApplyPendingMaintenanceAction":     "ResourceIdentifier",
	"DescribePendingMaintenanceActions": "ResourceIdentifier",
}

// names finds what a call calls a resource, and the type that its ARN has.
func (in *rdsInput) names(kind string) (given, arnType string) {
	switch kind {
	case "ResourceArn":
		return in.ResourceArn, "*"
	case "ResourceName":
		return in.ResourceName, "*"
	case "ResourceIdentifier":
		return in.ResourceIdentifier, "*"
	case "cluster":
		return in.DBClusterIdentifier, kind
	case "source-cluster":
		return in.SourceDBClusterIdentifier, "cluster"
	case "db":
		return in.DBInstanceIdentifier, kind
	case "source-db":
		return in.SourceDBInstanceIdentifier, "db"
	case "cluster-pg":
		return in.DBClusterParameterGroupName, kind
	case "source-cluster-pg":
		return in.SourceDBClusterParameterGroupIdentifier, "cluster-pg"
	case "target-cluster-pg":
		return in.TargetDBClusterParameterGroupIdentifier, "cluster-pg"
	case "pg":
		return in.DBParameterGroupName, kind
	case "source-pg":
		return in.SourceDBParameterGroupIdentifier, "pg"
	case "target-pg":
		return in.TargetDBParameterGroupIdentifier, "pg"
	case "subgrp":
		return in.DBSubnetGroupName, kind
	case "og":
		return in.OptionGroupName, kind
	case "es":
		return in.SubscriptionName, kind
	case "global-cluster":
		return in.GlobalClusterIdentifier, kind
	case "cluster-endpoint":
		return in.DBClusterEndpointIdentifier, kind
	case "cluster-snapshot":
		return in.DBClusterSnapshotIdentifier, kind
	case "source-cluster-snapshot":
		return in.SourceDBClusterSnapshotIdentifier, "cluster-snapshot"
	case "target-cluster-snapshot":
		return in.TargetDBClusterSnapshotIdentifier, "cluster-snapshot"
	case "restored":
		return in.SnapshotIdentifier, "cluster-snapshot"
	case "final-snapshot":
		return in.FinalDBSnapshotIdentifier, "cluster-snapshot"
	case "snapshot":
		return in.DBSnapshotIdentifier, kind
	}
	return "", kind
}

func (g *Guard) rdsNeeds(operation string, decode func(any) error) ([]need, error) {
	action := "rds:" + operation
	kinds, ok := rdsResources[operation]
	if !ok {
		return []need{{action: action, resource: "*"}}, nil
	}
	var in rdsInput
	if err := decode(&in); err != nil {
		return nil, err
	}
	var list []need
	for kind := range strings.FieldsSeq(kinds) {
		kind, optional := strings.CutSuffix(kind, "?")
		given, arnType := in.names(kind)
		if given == "" && optional {
			continue
		}
		arn := g.rdsARN(arnType, given)
		list = append(list, need{action: action, resource: arn, context: g.rdsContext(&in, arnType, arn)})
	}
	return list, nil
}

// rdsARN makes an ARN of an identifier, which may be one. RDS's identifiers have no
// case, and ARNs have them in lower case.
func (g *Guard) rdsARN(kind, given string) string {
	switch {
	case given == "" && kind == "*":
		return "*"
	case given == "":
		given = "*"
	case strings.HasPrefix(given, "arn:"):
		a, err := awsapi.ParseARN(given)
		if err != nil {
			return given
		}
		a.Resource = strings.ToLower(a.Resource)
		return a.String()
	}
	resource := kind + ":" + strings.ToLower(given)
	if kind == "global-cluster" { // has no Region
		a := awsapi.ARN{Service: "rds", AccountID: g.cfg.AccountID, Resource: resource}
		return a.String()
	}
	return g.arn("rds", resource)
}
