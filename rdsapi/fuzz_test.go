package rdsapi

import (
	"log/slog"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/awsapi"
)

// FuzzActions gives every action any form: the answer is never a failure of the
// server's. Run it with -fuzzminimizetime 1x: coverage varies with random ids, and
// minimizing would take nearly all the time.
func FuzzActions(f *testing.F) {
	f.Add("DBClusterIdentifier=my-cluster&DBInstanceIdentifier=i&SkipFinalSnapshot=true")
	f.Add("ResourceArn=" + clusterARN + "&Mode=sync&KmsKeyId=" + keyID + "&AuditPolicyState=locked")
	f.Add("DBClusterIdentifier=x&Engine=aurora-postgresql&MasterUsername=a&MasterUserPassword=b&EngineVersion=9.6&Port=1150&Tags.Tag.1.Key=k")
	f.Add("DBInstanceIdentifier=j&DBInstanceClass=db.t3.medium&Engine=aurora-postgresql&DBClusterIdentifier=my-cluster")
	f.Add("SourceType=db-cluster&SourceIdentifier=my-cluster&StartTime=2020-01-01&EndTime=9999-01-01&Duration=5&MaxRecords=20&Marker=eA")
	f.Add("Filters.Filter.1.Name=engine&Filters.Filter.1.Values.Value.1=x&ResourceName=" + clusterARN)
	f.Add("SubscriptionName=s&SnsTopicArn=arn:aws:sns:us-east-1:000000000000:das&SourceType=db-cluster&SourceIds.SourceId.1=my-cluster&EventCategories.EventCategory.1=failure&SourceIdentifier=my-cluster")
	f.Add("ResourceIdentifier=" + clusterARN + "&ApplyAction=configure-activity-stream&OptInType=undo-opt-in&DBClusterIdentifier=my-cluster&PreferredMaintenanceWindow=sun:05:00-sun:05:30")
	f.Add("DBClusterIdentifier=my-cluster&DBClusterSnapshotIdentifier=s&SourceDBClusterSnapshotIdentifier=s&TargetDBClusterSnapshotIdentifier=t&AttributeName=restore&ValuesToAdd.AttributeValue.1=all&FinalDBSnapshotIdentifier=f")
	f.Add("DBClusterParameterGroupName=g&DBParameterGroupName=g&DBParameterGroupFamily=aurora-postgresql15&Description=d&Parameters.Parameter.1.ParameterName=work_mem&Parameters.Parameter.1.ParameterValue=64&Parameters.Parameter.1.ApplyMethod=immediate")
	f.Add("DBSubnetGroupName=g&DBSubnetGroupDescription=d&SubnetIds.SubnetIdentifier.1=subnet-1&SubnetIds.SubnetIdentifier.2=subnet-2&RoleArn=arn:aws:iam::000000000000:role/r&DBClusterIdentifier=my-cluster")
	f.Add("DBClusterIdentifier=my-cluster&DBInstanceIdentifier=i&TargetDBInstanceIdentifier=i&EngineVersion=16&AllowMajorVersionUpgrade=true&ApplyImmediately=true&PreferredBackupWindow=23:45-00:15&PreferredMaintenanceWindow=sat:23:50-sun:00:20")
	f.Fuzz(func(t *testing.T, form string) {
		s, err := New(Config{Keys: keys{}, Topics: map[string]string{"das": "http://127.0.0.1:1/"}, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateCluster(t.Context(), ClusterOptions{ID: "my-cluster", Instances: []string{"i"}}); err != nil {
			t.Fatal(err)
		}
		h := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{s}, Logger: slog.New(slog.DiscardHandler)})
		for _, action := range slices.Sorted(maps.Keys(s.operations)) {
			r := httptest.NewRequest("POST", "/?Action="+url.QueryEscape(action)+"&Version=2014-10-31", strings.NewReader(form))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("%s: %d %s", action, w.Code, w.Body)
			}
		}
	})
}
