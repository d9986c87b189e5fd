package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// clusterView is a cluster as the pages show it.
type clusterView struct {
	ID, ARN, ResourceID, Engine, Version, Status string
	Endpoint                                     string
	Port                                         int32
	Created                                      time.Time
	StreamStatus, StreamMode, StreamName, KeyID  string
	Protected                                    bool
	Pending                                      []string // what waits for a reboot or the maintenance window
	Window                                       string
	Instances                                    []instanceView
}

// Stoppable says whether the stream can be stopped: it runs, or comes up.
func (c clusterView) Stoppable() bool { return c.StreamStatus != "stopped" }

type instanceView struct {
	ID, Role, Class, Status, Endpoint, Version string
	Port                                       int32
}

// Down says whether the instance refuses sessions until it is started.
func (i instanceView) Down() bool { return i.Status == "stopped" }

// readClusters describes all clusters with their instances.
func (c *Console) readClusters(ctx context.Context) ([]clusterView, error) {
	instances := map[string]types.DBInstance{}
	pages := rds.NewDescribeDBInstancesPaginator(c.rds, &rds.DescribeDBInstancesInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, i := range out.DBInstances {
			instances[aws.ToString(i.DBInstanceIdentifier)] = i
		}
	}
	waiting, err := c.waiting(ctx)
	if err != nil {
		return nil, err
	}
	var list []clusterView
	clusters := rds.NewDescribeDBClustersPaginator(c.rds, &rds.DescribeDBClustersInput{})
	for clusters.HasMorePages() {
		out, err := clusters.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for i := range out.DBClusters {
			v := viewCluster(&out.DBClusters[i], instances)
			v.Pending = waiting[v.ARN]
			list = append(list, v)
		}
	}
	return list, nil
}

// waiting lists what waits for a reboot or the maintenance window, by ARN.
func (c *Console) waiting(ctx context.Context) (map[string][]string, error) {
	actions := map[string][]string{}
	pages := rds.NewDescribePendingMaintenanceActionsPaginator(c.rds, &rds.DescribePendingMaintenanceActionsInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, resource := range out.PendingMaintenanceActions {
			arn := aws.ToString(resource.ResourceIdentifier)
			for _, a := range resource.PendingMaintenanceActionDetails {
				actions[arn] = append(actions[arn], cmp.Or(aws.ToString(a.Description), aws.ToString(a.Action)))
			}
		}
	}
	return actions, nil
}

func viewCluster(d *types.DBCluster, instances map[string]types.DBInstance) clusterView {
	v := clusterView{ID: aws.ToString(d.DBClusterIdentifier), ARN: aws.ToString(d.DBClusterArn), ResourceID: aws.ToString(d.DbClusterResourceId),
		Engine: aws.ToString(d.Engine), Version: aws.ToString(d.EngineVersion), Status: aws.ToString(d.Status), Endpoint: aws.ToString(d.Endpoint),
		Port: aws.ToInt32(d.Port), Created: aws.ToTime(d.ClusterCreateTime), StreamStatus: cmp.Or(string(d.ActivityStreamStatus), "stopped"),
		StreamMode: string(d.ActivityStreamMode), StreamName: aws.ToString(d.ActivityStreamKinesisStreamName), KeyID: aws.ToString(d.ActivityStreamKmsKeyId),
		Protected: aws.ToBool(d.DeletionProtection), Window: aws.ToString(d.PreferredMaintenanceWindow)}
	for _, m := range d.DBClusterMembers {
		i := instances[aws.ToString(m.DBInstanceIdentifier)]
		view := instanceView{ID: aws.ToString(m.DBInstanceIdentifier), Role: "Reader", Class: aws.ToString(i.DBInstanceClass),
			Status: aws.ToString(i.DBInstanceStatus), Version: aws.ToString(i.EngineVersion)}
		if aws.ToBool(m.IsClusterWriter) {
			view.Role = "Writer"
		}
		if i.Endpoint != nil {
			view.Endpoint, view.Port = aws.ToString(i.Endpoint.Address), aws.ToInt32(i.Endpoint.Port)
		}
		v.Instances = append(v.Instances, view)
	}
	slices.SortStableFunc(v.Instances, func(a, b instanceView) int {
		return cmp.Or(-strings.Compare(a.Role, b.Role), strings.Compare(a.ID, b.ID))
	})
	return v
}

// databases is the first page.
func (c *Console) databases(w http.ResponseWriter, r *http.Request) {
	clusters, err := c.readClusters(r.Context())
	if err != nil {
		c.failed(w, "The clusters cannot be described", err)
		return
	}
	keys, err := c.readKeys(r.Context())
	if err != nil {
		c.failed(w, "The keys cannot be listed", err)
		return
	}
	c.render(w, "databases", "Databases", map[string]any{"Clusters": clusters, "Keys": usable(keys)})
}

// cluster is the page of one cluster, with a tab of its configuration.
func (c *Console) cluster(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	clusters, err := c.readClusters(r.Context())
	if err != nil {
		c.failed(w, "The clusters cannot be described", err)
		return
	}
	at := slices.IndexFunc(clusters, func(one clusterView) bool { return one.ID == q.Get("id") })
	if at < 0 {
		c.fail(w, http.StatusNotFound, "There is no such cluster", visible(shorten(q.Get("id"))))
		return
	}
	keys, err := c.readKeys(r.Context())
	if err != nil {
		c.failed(w, "The keys cannot be listed", err)
		return
	}
	one := clusters[at]
	data := map[string]any{"Cluster": one, "Keys": usable(keys), "Tab": cmp.Or(q.Get("tab"), "configuration"),
		"Tabs": []struct{ ID, Name, URL string }{{"configuration", "Configuration", clusterURL(one.ID, "configuration")},
			{"instances", "Instances", clusterURL(one.ID, "instances")}, {"events", "Events", clusterURL(one.ID, "events")}}}
	if q.Get("tab") == "events" {
		out, err := c.rds.DescribeEvents(r.Context(), &rds.DescribeEventsInput{SourceIdentifier: &one.ID, SourceType: types.SourceTypeDbCluster, Duration: aws.Int32(eventMinutes)})
		if err != nil {
			c.failed(w, "The cluster's events cannot be described", err)
			return
		}
		data["Events"] = viewEvents(out.Events)
	}
	for _, k := range keys {
		if k.ID == one.KeyID || k.ARN == one.KeyID {
			data["Key"] = k
		}
	}
	c.render(w, "cluster", one.ID, data)
}

func clusterURL(id, tab string) string {
	return Prefix + "/cluster?" + url.Values{"id": {id}, "tab": {tab}}.Encode()
}
