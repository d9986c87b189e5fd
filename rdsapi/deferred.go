package rdsapi

import (
	"strings"
	"time"
)

// clusterPending is what a cluster shows of its modifications that wait.
type clusterPending struct {
	DBClusterIdentifier              string
	IAMDatabaseAuthenticationEnabled *bool
	EngineVersion                    string
}

// deferredCluster are modifications of a cluster that wait for its maintenance
// window. It is stored as it is.
type deferredCluster struct {
	clusterPending
	due time.Time
}

// with adds a change, of which the later one counts; nil is none.
func (d *deferredCluster) with(change clusterChange) *deferredCluster {
	if change.id == nil && change.version == nil && change.iam == nil {
		return d
	}
	sum := deferredCluster{}
	if d != nil {
		sum = *d
	}
	set(&sum.DBClusterIdentifier, change.id)
	set(&sum.EngineVersion, change.version)
	if change.iam != nil {
		sum.IAMDatabaseAuthenticationEnabled = change.iam
	}
	return &sum
}

func (d *deferredCluster) shape() *clusterPending {
	if d == nil {
		return nil
	}
	p := d.clusterPending
	return &p
}

// applyDeferred applies what waits. What has become impossible meanwhile is
// dropped: an identifier that somebody else has taken. The lock is held.
func (s *Server) applyDeferred(c *cluster) {
	d := c.deferred
	if d == nil {
		return
	}
	c.deferred = nil
	if d.IAMDatabaseAuthenticationEnabled != nil {
		c.wire.IAMDatabaseAuthenticationEnabled = *d.IAMDatabaseAuthenticationEnabled
	}
	if v := d.EngineVersion; v != "" && v != c.wire.EngineVersion {
		s.upgrade(c, v)
	}
	if id := d.DBClusterIdentifier; id != "" && id != c.id {
		s.rename(c, id)
	}
}

// upgrade gives a cluster another engine version; default parameter groups follow.
// The upstream is what it was. The lock is held.
func (s *Server) upgrade(c *cluster, version string) {
	major := family(version) != family(c.wire.EngineVersion)
	c.wire.EngineVersion = version
	if !major {
		s.clusterEvent(c, event{id: "RDS-EVENT-0173", category: "maintenance", message: "Database cluster engine version has been upgraded"})
		return
	}
	def := defaultPrefix + family(version)
	if strings.HasPrefix(c.wire.DBClusterParameterGroup, defaultPrefix) {
		c.wire.DBClusterParameterGroup = def
	}
	for _, i := range s.members(c) {
		i.wire.DBParameterGroups = []parameterGroup{{def, "in-sync"}}
	}
	s.clusterEvent(c, event{id: "RDS-EVENT-0176", category: "maintenance", message: "Database cluster engine major version has been upgraded"})
}

func (s *Server) rename(c *cluster, id string) {
	if s.clusters[id] != nil {
		s.cfg.Logger.Warn("a DB cluster was not renamed: the identifier is taken", "cluster", c.id, "identifier", id)
		return
	}
	old := c.id
	delete(s.clusters, old)
	c.id, c.arn = id, s.arn("cluster", id)
	s.clusters[id] = c
	s.clusterEvent(c, event{id: "RDS-EVENT-0172", category: "notification", message: "Renamed cluster from " + old + " to " + id})
}

// instancePending is what an instance shows of its modifications that wait.
type instancePending struct {
	DBInstanceClass         string
	DBInstanceIdentifier    string
	CACertificateIdentifier string
}

// deferredInstance are modifications of an instance that wait for its maintenance
// window.
type deferredInstance struct {
	instancePending
	due time.Time
}

func (d *deferredInstance) shape() *instancePending {
	if d == nil {
		return &instancePending{}
	}
	p := d.instancePending
	return &p
}

// applyDeferredInstance applies what waits. The lock is held.
func (s *Server) applyDeferredInstance(i *instance) {
	d := i.deferred
	if d == nil {
		return
	}
	i.deferred = nil
	if class := d.DBInstanceClass; class != "" && class != i.class {
		if err := i.cluster.admitsClass(class); err != nil {
			s.cfg.Logger.Warn("the class of a DB instance was not changed", "instance", i.id, "error", err)
		} else {
			i.class = class
			s.instanceEvent(i, event{id: "RDS-EVENT-0014", category: "configuration change", message: "Finished applying modification to DB instance class"})
		}
	}
	if d.CACertificateIdentifier != "" {
		i.wire.CACertificateIdentifier = d.CACertificateIdentifier
	}
	if id := d.DBInstanceIdentifier; id != "" && id != i.id && s.instances[id] == nil {
		delete(s.instances, i.id)
		i.id, i.arn = id, s.arn("db", id)
		s.instances[id] = i
	}
}

// deferredDue are the times at which modifications are due. The lock is held.
func (s *Server) deferredDue() []time.Time {
	var list []time.Time
	for _, c := range s.clusters {
		if c.deferred != nil {
			list = append(list, c.deferred.due)
		}
	}
	for _, i := range s.instances {
		if i.deferred != nil {
			list = append(list, i.deferred.due)
		}
	}
	return list
}

// beginDeferred applies the modifications that are due, or puts them off where
// something else is being done. The lock is held.
func (s *Server) beginDeferred(now time.Time) {
	for _, c := range sortedValues(s.clusters) {
		switch {
		case c.deferred == nil || c.deferred.due.After(now):
		case c.status == statusAvailable:
			s.applyDeferred(c)
		default:
			c.deferred.due = c.nextWindow(now)
		}
	}
	for _, i := range sortedValues(s.instances) {
		switch {
		case i.deferred == nil || i.deferred.due.After(now):
		case i.status == statusAvailable:
			s.applyDeferredInstance(i)
		default:
			i.deferred.due = nextWindow(i.wire.PreferredMaintenanceWindow, now)
		}
	}
}
