package emulator

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/jackc/pgx/v5"
)

// TestFailover is what the sessions of three instances see of a failover: those of
// the old and of the new writer end, those of another replica go on, and the
// cluster's endpoint leads to the new writer.
func TestFailover(t *testing.T) {
	b := newBed(t, Options{})
	url := map[string]string{"my-cluster-instance-1": b.PostgresURL()}
	open := map[string]*pgx.Conn{"my-cluster-instance-1": b.connect()}
	for _, id := range []string{"two", "three"} {
		if _, err := b.rds.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{DBInstanceIdentifier: &id, DBClusterIdentifier: aws.String("my-cluster"),
			DBInstanceClass: aws.String("db.r5.large"), Engine: aws.String("aurora-postgresql")}); err != nil {
			t.Fatal(err)
		}
		i, err := b.rds.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := pgx.ParseConfig(b.PostgresURL())
		if err != nil {
			t.Fatal(err)
		}
		at := i.DBInstances[0].Endpoint
		cfg.Host, cfg.Port, cfg.Fallbacks = *at.Address, uint16(*at.Port), nil
		conn, err := pgx.ConnectConfig(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
		open[id], url[id] = conn, fmt.Sprintf("%s:%d", cfg.Host, cfg.Port)
	}
	if _, err := b.rds.FailoverDBCluster(t.Context(), &rds.FailoverDBClusterInput{DBClusterIdentifier: aws.String("my-cluster"), TargetDBInstanceIdentifier: aws.String("two")}); err != nil {
		t.Fatal(err)
	}
	b.awaitStatus("available stopped available available available")
	for _, id := range []string{"my-cluster-instance-1", "two"} {
		_, err := open[id].Exec(b.within(), "select 1")
		b.wantSQLState(err, "57P01", "terminating connection due to administrator command")
	}
	if _, err := open["three"].Exec(b.within(), "select 1"); err != nil {
		t.Errorf("the session of a replica that takes no part: %v", err)
	}
	out, err := b.rds.DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{})
	if err != nil {
		t.Fatal(err)
	}
	if c := out.DBClusters[0]; fmt.Sprintf("%s:%d", *c.Endpoint, *c.Port) != url["two"] || *c.DBClusterMembers[0].DBInstanceIdentifier != "two" {
		t.Errorf("the cluster is at %s:%d, its writer at %s; members %+v", *c.Endpoint, *c.Port, url["two"], c.DBClusterMembers)
	}
	if conn := b.connect(); conn.Ping(b.within()) != nil {
		t.Error("the old writer lets nobody in")
	}
	if m := b.messages(types.SourceTypeDbCluster); m[len(m)-1] != "Completed failover to DB instance: two" {
		t.Errorf("events %q", m)
	}
}
