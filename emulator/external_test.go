package emulator

import (
	"strings"
	"testing"
)

const givenCluster = "cluster-EXTERNALKINESISANDKMS22222"

// TestExternalOptions: what cannot work is refused with the fix.
func TestExternalOptions(t *testing.T) {
	for name, test := range map[string]struct {
		o    Options
		want string // in the error; empty: none
	}{
		"given id":        {Options{KinesisEndpoint: "aws", ClusterResourceID: givenCluster}, ""},
		"seed":            {Options{KinesisEndpoint: "http://127.0.0.1:4567", Seed: 1}, ""},
		"data directory":  {Options{KinesisEndpoint: "aws", DataDir: "/nowhere"}, ""},
		"random stream":   {Options{KinesisEndpoint: "aws"}, "--cluster-resource-id"},
		"no URL":          {Options{KinesisEndpoint: "127.0.0.1:4567", ClusterResourceID: givenCluster}, `Kinesis endpoint "127.0.0.1:4567"`},
		"KMS, no URL":     {Options{KMSEndpoint: "ftp://x"}, `KMS endpoint "ftp://x"`},
		"KMS, no key":     {Options{KMSEndpoint: "aws", StartStream: Async}, "--kms-key-id"},
		"KMS, no stream":  {Options{KMSEndpoint: "aws"}, ""},
		"KMS and key":     {Options{KMSEndpoint: "aws", KMSKeyID: "alias/audit", StartStream: Sync}, ""},
		"key without KMS": {Options{KMSKeyID: "alias/audit"}, "give its endpoint too"},
		"cluster id":      {Options{ClusterResourceID: "cluster-short"}, `"cluster-short"`},
		"instance id":     {Options{InstanceResourceID: "db-lower"}, `"db-lower"`},
	} {
		_, err := test.o.withDefaults()
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v; want an error with %q", name, err, test.want)
		}
	}
}

// TestGivenIDs: processes that make the same clusters agree on their resource ids, and
// not on those of instances.
func TestGivenIDs(t *testing.T) {
	make := func(starts int64) (ids []string) {
		e := &Emulator{opts: Options{ClusterResourceID: givenCluster}, rand: newSource(0), used: usage{starts: starts}}
		e.ids.give(clusterPrefix, givenCluster)
		for _, prefix := range []string{clusterPrefix, instancePrefix, clusterPrefix, clusterPrefix, instancePrefix} {
			ids = append(ids, e.newResourceID(prefix))
		}
		return ids
	}
	a, b, later := make(0), make(1), make(2)
	for i, id := range a {
		isCluster := strings.HasPrefix(id, clusterPrefix)
		if same := id == b[i]; same != isCluster {
			t.Errorf("id %d is %s and %s", i, id, b[i])
		}
		if isCluster && !clusterResourcePattern.MatchString(id) || !isCluster && !instanceResourcePattern.MatchString(id) {
			t.Errorf("%s has not the form of a resource id", id)
		}
	}
	if a[0] != givenCluster || a[2] == a[3] || later[2] == a[2] {
		t.Errorf("ids %v, and after a restart with a data directory %v", a, later)
	}
}
