package rdsapi

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// TestShapes checks that every member we read or write is one that the AWS SDK
// knows: a misspelt one would be ignored in silence.
func TestShapes(t *testing.T) {
	for _, pair := range []struct{ ours, theirs any }{
		{dbCluster{}, types.DBCluster{}}, {dbClusterMember{}, types.DBClusterMember{}},
		{securityGroup{}, types.VpcSecurityGroupMembership{}}, {scalingConfiguration{}, types.ServerlessV2ScalingConfigurationInfo{}},
		{dbInstance{}, types.DBInstance{}}, {endpoint{}, types.Endpoint{}}, {parameterGroup{}, types.DBParameterGroupStatus{}},
		{subnetGroup{}, types.DBSubnetGroup{}}, {eventShape{}, types.Event{}}, {tag{}, types.Tag{}}, {filter{}, types.Filter{}},
		{engineVersion{}, types.DBEngineVersion{}}, {orderableOption{}, types.OrderableDBInstanceOption{}},
		{availabilityZone{}, types.AvailabilityZone{}}, {pendingResource{}, types.ResourcePendingMaintenanceActions{}},
		{pendingAction{}, types.PendingMaintenanceAction{}}, {logExports{}, types.CloudwatchLogsExportConfiguration{}},

		{createDBClusterInput{}, rds.CreateDBClusterInput{}}, {modifyDBClusterInput{}, rds.ModifyDBClusterInput{}},
		{describeDBClustersInput{}, rds.DescribeDBClustersInput{}}, {describeDBClustersOutput{}, rds.DescribeDBClustersOutput{}},
		{deleteDBClusterInput{}, rds.DeleteDBClusterInput{}}, {clusterOutput{}, rds.CreateDBClusterOutput{}},
		{createDBInstanceInput{}, rds.CreateDBInstanceInput{}}, {modifyDBInstanceInput{}, rds.ModifyDBInstanceInput{}},
		{describeDBInstancesInput{}, rds.DescribeDBInstancesInput{}}, {describeDBInstancesOutput{}, rds.DescribeDBInstancesOutput{}},
		{deleteDBInstanceInput{}, rds.DeleteDBInstanceInput{}}, {rebootDBInstanceInput{}, rds.RebootDBInstanceInput{}},
		{instanceOutput{}, rds.CreateDBInstanceOutput{}},
		{startActivityStreamInput{}, rds.StartActivityStreamInput{}}, {startActivityStreamOutput{}, rds.StartActivityStreamOutput{}},
		{stopActivityStreamInput{}, rds.StopActivityStreamInput{}}, {stopActivityStreamOutput{}, rds.StopActivityStreamOutput{}},
		{modifyActivityStreamInput{}, rds.ModifyActivityStreamInput{}},
		{describeEventsInput{}, rds.DescribeEventsInput{}}, {describeEventsOutput{}, rds.DescribeEventsOutput{}},
		{tagsOutput{}, rds.ListTagsForResourceOutput{}},
		{engineVersionsInput{}, rds.DescribeDBEngineVersionsInput{}}, {engineVersionsOutput{}, rds.DescribeDBEngineVersionsOutput{}},
		{orderableInput{}, rds.DescribeOrderableDBInstanceOptionsInput{}}, {orderableOutput{}, rds.DescribeOrderableDBInstanceOptionsOutput{}},
		{globalClustersInput{}, rds.DescribeGlobalClustersInput{}}, {globalClustersOutput{}, rds.DescribeGlobalClustersOutput{}},
		{maintenanceInput{}, rds.DescribePendingMaintenanceActionsInput{}}, {maintenanceOutput{}, rds.DescribePendingMaintenanceActionsOutput{}},
		{subscriptionInput{}, rds.CreateEventSubscriptionInput{}}, {subscriptionOutput{}, rds.CreateEventSubscriptionOutput{}},
		{subscriptionShape{}, types.EventSubscription{}}, {sourceIDInput{}, rds.AddSourceIdentifierToSubscriptionInput{}},
		{sourceIDInput{}, rds.RemoveSourceIdentifierFromSubscriptionInput{}}, {subscriptionOutput{}, rds.ModifyEventSubscriptionOutput{}},
		{describeSubscriptionsInput{}, rds.DescribeEventSubscriptionsInput{}}, {describeSubscriptionsOutput{}, rds.DescribeEventSubscriptionsOutput{}},
		{eventCategoriesInput{}, rds.DescribeEventCategoriesInput{}}, {eventCategoriesOutput{}, rds.DescribeEventCategoriesOutput{}},
		{categoriesMap{}, types.EventCategoriesMap{}},
		{applyMaintenanceInput{}, rds.ApplyPendingMaintenanceActionInput{}}, {applyMaintenanceOutput{}, rds.ApplyPendingMaintenanceActionOutput{}},
		{clusterIDInput{}, rds.StopDBClusterInput{}}, {clusterIDInput{}, rds.StartDBClusterInput{}}, {clusterOutput{}, rds.StartDBClusterOutput{}},
		{instanceIDInput{}, rds.StopDBInstanceInput{}}, {instanceOutput{}, rds.StartDBInstanceOutput{}},
	} {
		ours, theirs := reflect.TypeOf(pair.ours), reflect.TypeOf(pair.theirs)
		for i := range ours.NumField() {
			if _, ok := theirs.FieldByName(ours.Field(i).Name); !ok {
				t.Errorf("%s has %s, which %s lacks", ours.Name(), ours.Field(i).Name, theirs.Name())
			}
		}
	}
}
