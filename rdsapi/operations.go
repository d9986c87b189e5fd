package rdsapi

import "github.com/das-local/das-local/internal/awsapi"

func (s *Server) operationTable() map[string]awsapi.Operation {
	return map[string]awsapi.Operation{
		"StartActivityStream":  op(s.startActivityStream),
		"StopActivityStream":   op(s.stopActivityStream),
		"ModifyActivityStream": op(s.modifyActivityStream),

		"CreateDBCluster":            op(s.createDBCluster),
		"ModifyDBCluster":            op(s.modifyDBCluster),
		"DescribeDBClusters":         op(s.describeDBClusters),
		"DescribeDBClusterEndpoints": op(s.describeDBClusterEndpoints),
		"DeleteDBCluster":            op(s.deleteDBCluster),
		"FailoverDBCluster":          op(s.failoverDBCluster),
		"StartDBCluster":             op(s.startDBCluster),
		"StopDBCluster":              op(s.stopDBCluster),
		"AddRoleToDBCluster":         op(s.addRoleToDBCluster),
		"RemoveRoleFromDBCluster":    op(s.removeRoleFromDBCluster),
		"EnableHttpEndpoint":         op(s.enableHTTPEndpoint),
		"DisableHttpEndpoint":        op(s.disableHTTPEndpoint),

		"CreateDBInstance":    op(s.createDBInstance),
		"DescribeDBInstances": op(s.describeDBInstances),
		"ModifyDBInstance":    op(s.modifyDBInstance),
		"DeleteDBInstance":    op(s.deleteDBInstance),
		"RebootDBInstance":    op(s.rebootDBInstance),
		"StartDBInstance":     op(s.startDBInstance),
		"StopDBInstance":      op(s.stopDBInstance),

		"CreateDBClusterSnapshot":             op(s.createDBClusterSnapshot),
		"CopyDBClusterSnapshot":               op(s.copyDBClusterSnapshot),
		"DescribeDBClusterSnapshots":          op(s.describeDBClusterSnapshots),
		"DeleteDBClusterSnapshot":             op(s.deleteDBClusterSnapshot),
		"DescribeDBClusterSnapshotAttributes": op(s.describeDBClusterSnapshotAttributes),
		"ModifyDBClusterSnapshotAttribute":    op(s.modifyDBClusterSnapshotAttribute),
		"CreateDBSnapshot":                    op(s.createDBSnapshot),
		"DescribeDBSnapshots":                 op(s.describeDBSnapshots),

		"CreateDBClusterParameterGroup":          op(s.createDBClusterParameterGroup),
		"DescribeDBClusterParameterGroups":       op(s.describeDBClusterParameterGroups),
		"DescribeDBClusterParameters":            op(s.describeDBClusterParameters),
		"ModifyDBClusterParameterGroup":          op(s.modifyDBClusterParameterGroup),
		"ResetDBClusterParameterGroup":           op(s.resetDBClusterParameterGroup),
		"DeleteDBClusterParameterGroup":          op(s.deleteDBClusterParameterGroup),
		"CreateDBParameterGroup":                 op(s.createDBParameterGroup),
		"DescribeDBParameterGroups":              op(s.describeDBParameterGroups),
		"DescribeDBParameters":                   op(s.describeDBParameters),
		"ModifyDBParameterGroup":                 op(s.modifyDBParameterGroup),
		"ResetDBParameterGroup":                  op(s.resetDBParameterGroup),
		"DeleteDBParameterGroup":                 op(s.deleteDBParameterGroup),
		"DescribeEngineDefaultClusterParameters": op(s.describeEngineDefaults),
		"DescribeEngineDefaultParameters":        op(s.describeEngineDefaults),

		"CreateDBSubnetGroup":    op(s.createDBSubnetGroup),
		"DescribeDBSubnetGroups": op(s.describeDBSubnetGroups),
		"ModifyDBSubnetGroup":    op(s.modifyDBSubnetGroup),
		"DeleteDBSubnetGroup":    op(s.deleteDBSubnetGroup),

		"DescribeEvents":                         op(s.describeEvents),
		"DescribeEventCategories":                op(s.describeEventCategories),
		"CreateEventSubscription":                op(s.createEventSubscription),
		"ModifyEventSubscription":                op(s.modifyEventSubscription),
		"DeleteEventSubscription":                op(s.deleteEventSubscription),
		"DescribeEventSubscriptions":             op(s.describeEventSubscriptions),
		"AddSourceIdentifierToSubscription":      op(s.addSourceIdentifier),
		"RemoveSourceIdentifierFromSubscription": op(s.removeSourceIdentifier),

		"ListTagsForResource":    op(s.listTagsForResource),
		"AddTagsToResource":      op(s.addTagsToResource),
		"RemoveTagsFromResource": op(s.removeTagsFromResource),

		"DescribeAccountAttributes":          op(s.describeAccountAttributes),
		"DescribeCertificates":               op(s.describeCertificates),
		"DescribeDBEngineVersions":           op(s.describeDBEngineVersions),
		"DescribeOrderableDBInstanceOptions": op(s.describeOrderableDBInstanceOptions),
		"DescribeGlobalClusters":             op(s.describeGlobalClusters),
		"DescribePendingMaintenanceActions":  op(s.describePendingMaintenanceActions),
		"ApplyPendingMaintenanceAction":      op(s.applyPendingMaintenanceAction),
	}
}
