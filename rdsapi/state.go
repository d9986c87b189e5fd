package rdsapi

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Statuses of clusters and instances.
const (
	statusAvailable   = "available"
	statusCreating    = "creating"
	statusDeleting    = "deleting"
	statusRebooting   = "rebooting"
	statusStopping    = "stopping"
	statusStopped     = "stopped"
	statusStarting    = "starting"
	statusConfiguring = "configuring-activity-stream"
)

// Statuses of activity streams.
const (
	streamStopped  = "stopped"
	streamStarting = "starting"
	streamStarted  = "started"
	streamStopping = "stopping"
)

const engine = "aurora-postgresql"

// cluster is one DB cluster. The server's lock guards every field but resourceID
// and created.
type cluster struct {
	id, arn    string
	resourceID string
	created    time.Time
	status     string
	wire       dbCluster // members that are only stored and shown
	tags       map[string]string

	stream   stream
	pending  *pendingChange
	deferred *deferredCluster
	writer   string // resource id of the instance; empty: the oldest
}

// admitsClass refuses instances of a class that cannot have the activity stream
// which the cluster has.
func (c *cluster) admitsClass(class string) error {
	if c.stream.status != streamStopped && !supportsStreams(class) {
		return invalidCombination("DB cluster %s has a database activity stream, which the DB instance class %s doesn't support.", c.id, class)
	}
	return nil
}

// stopsOnFailure says whether the instances are to be shut down when the stream
// cannot record: a tag of the cluster decides.
func (c *cluster) stopsOnFailure() bool { return c.tags[TagOnStreamFailure] == StopInstance }

// stream is the activity stream of a cluster; the other fields mean something
// while it is not stopped.
type stream struct {
	status string
	mode   string
	key    KMSKey
	call   *Call // what began its start or stop; nil: no API call

	loss     bool      // events might be lost now
	keyCheck time.Time // when the key is looked at again, if loss goes on so long; zero: never
}

// pendingChange is a start or a stop that waits for a reboot or the maintenance
// window.
type pendingChange struct {
	start bool
	mode  string
	key   KMSKey
	due   time.Time // zero: it waits for a reboot alone
	call  *Call
}

// instance is one DB instance. The server's lock guards every field but
// cluster, resourceID, order and created.
type instance struct {
	id, arn    string
	resourceID string
	cluster    *cluster
	order      int
	created    time.Time
	status     string
	class      string
	host       string
	port       int
	wire       dbInstance // members that are only stored and shown
	unsynced   bool       // a reboot will bring it the cluster's parameter group
	deferred   *deferredInstance
	tags       map[string]string
}

func (c *cluster) streamName() string { return "aws-rds-das-" + c.resourceID }

func (c *cluster) activityStream() ActivityStream {
	return ActivityStream{ClusterID: c.id, ClusterResourceID: c.resourceID, StreamName: c.streamName(),
		Mode: c.stream.mode, KMSKeyARN: c.stream.key.ARN, Call: c.stream.call}
}

func (i *instance) identity() Instance {
	return Instance{ClusterID: i.cluster.id, ClusterResourceID: i.cluster.resourceID, ID: i.id, ResourceID: i.resourceID}
}

// members returns the instances of a cluster in the order in which they were made,
// but the writer first. The lock is held.
func (s *Server) members(c *cluster) []*instance {
	var list []*instance
	for _, i := range s.instances {
		if i.cluster == c {
			list = append(list, i)
		}
	}
	first := func(i *instance) int {
		if i.resourceID == c.writer {
			return 0
		}
		return 1
	}
	slices.SortFunc(list, func(a, b *instance) int {
		return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(a.order, b.order))
	})
	return list
}

func sortedValues[V any](m map[string]V) []V {
	list := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[k])
	}
	return list
}
