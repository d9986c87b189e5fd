package console

import (
	"cmp"
	"context"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// engine is the one that das-local emulates.
const engine = "aurora-postgresql"

// class is the instance class of what the console creates: one that can have
// activity streams.
const class = "db.r6g.large"

// optional is a member of a call that is left out if the field is empty.
func optional(form url.Values, name string) *string {
	if v := form.Get(name); v != "" {
		return &v
	}
	return nil
}

func startStream(c *Console, ctx context.Context, form url.Values) (string, error) {
	now := form.Get("when") != "schedule"
	_, err := c.rds.StartActivityStream(ctx, &rds.StartActivityStreamInput{ResourceArn: aws.String(form.Get("cluster")), KmsKeyId: aws.String(form.Get("key")),
		Mode: types.ActivityStreamMode(form.Get("mode")), ApplyImmediately: &now})
	if !now {
		return "The activity stream starts with the next reboot or maintenance window.", err
	}
	return "The activity stream is starting; the instances restart.", err
}

func stopStream(c *Console, ctx context.Context, form url.Values) (string, error) {
	now := form.Get("when") != "schedule"
	_, err := c.rds.StopActivityStream(ctx, &rds.StopActivityStreamInput{ResourceArn: aws.String(form.Get("cluster")), ApplyImmediately: &now})
	if !now {
		return "The activity stream stops with the next reboot or maintenance window.", err
	}
	return "The activity stream is stopping; the instances restart.", err
}

func createCluster(c *Console, ctx context.Context, form url.Values) (string, error) {
	id := form.Get("id")
	_, err := c.rds.CreateDBCluster(ctx, &rds.CreateDBClusterInput{DBClusterIdentifier: &id, Engine: aws.String(engine), EngineVersion: optional(form, "version"),
		MasterUsername: aws.String("postgres"), ManageMasterUserPassword: aws.Bool(true)})
	if err != nil {
		return "", err
	}
	if form.Get("instance") == "" {
		return fmt.Sprintf("Cluster %s is created. It has no instance yet.", id), nil
	}
	form.Set("cluster", id)
	form.Set("id", cmp.Or(form.Get("instance-id"), id+"-instance-1"))
	if _, err := createInstance(c, ctx, form); err != nil {
		return "", fmt.Errorf("the cluster is created, its instance is not: %s", cause(err))
	}
	return fmt.Sprintf("Cluster %s and its writer %s are created.", id, form.Get("id")), nil
}

func deleteCluster(c *Console, ctx context.Context, form url.Values) (string, error) {
	_, err := c.rds.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String(form.Get("id")), SkipFinalSnapshot: aws.Bool(true)})
	return "The cluster is being deleted.", err
}

func startCluster(c *Console, ctx context.Context, form url.Values) (string, error) {
	_, err := c.rds.StartDBCluster(ctx, &rds.StartDBClusterInput{DBClusterIdentifier: aws.String(form.Get("id"))})
	return "The cluster is starting.", err
}

func stopCluster(c *Console, ctx context.Context, form url.Values) (string, error) {
	_, err := c.rds.StopDBCluster(ctx, &rds.StopDBClusterInput{DBClusterIdentifier: aws.String(form.Get("id"))})
	return "The cluster is stopping.", err
}

func createInstance(c *Console, ctx context.Context, form url.Values) (string, error) {
	id := form.Get("id")
	_, err := c.rds.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: &id, DBClusterIdentifier: aws.String(form.Get("cluster")),
		DBInstanceClass: aws.String(class), Engine: aws.String(engine)})
	return fmt.Sprintf("Instance %s is created.", id), err
}

func deleteInstance(c *Console, ctx context.Context, form url.Values) (string, error) {
	_, err := c.rds.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String(form.Get("id")), SkipFinalSnapshot: aws.Bool(true)})
	return "The instance is being deleted.", err
}

func startInstance(c *Console, ctx context.Context, form url.Values) (string, error) {
	_, err := c.rds.StartDBInstance(ctx, &rds.StartDBInstanceInput{DBInstanceIdentifier: aws.String(form.Get("id"))})
	return "The instance is starting.", err
}

func rebootInstance(c *Console, ctx context.Context, form url.Values) (string, error) {
	_, err := c.rds.RebootDBInstance(ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String(form.Get("id"))})
	return "The instance is rebooting.", err
}
