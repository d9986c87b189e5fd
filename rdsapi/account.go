package rdsapi

import (
	"context"
	"slices"
	"strings"
	"time"
)

type accountAttributesInput struct{}

type accountQuota struct {
	AccountQuotaName string
	Used, Max        int64
}

type accountAttributesOutput struct {
	AccountQuotas []accountQuota `member:"AccountQuota"`
}

// describeAccountAttributes has the default quotas of a new account. Those of
// snapshots, groups and subscriptions are enforced.
func (s *Server) describeAccountAttributes(context.Context, *accountAttributesInput) (*accountAttributesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var subnets, roles int
	for _, g := range s.subnetGroups {
		subnets = max(subnets, len(g.Subnets))
	}
	for _, c := range s.clusters {
		roles = max(roles, len(c.wire.AssociatedRoles))
	}
	quota := func(name string, used, most int) accountQuota { return accountQuota{name, int64(used), int64(most)} }
	return &accountAttributesOutput{[]accountQuota{
		quota("DBInstances", len(s.instances), 40),
		quota("ReservedDBInstances", 0, 40),
		quota("AllocatedStorage", len(s.instances), 100000),
		quota("DBSecurityGroups", 0, 25),
		quota("AuthorizationsPerDBSecurityGroup", 0, 20),
		quota("DBParameterGroups", len(s.instanceGroups), maxGroups),
		quota("ManualSnapshots", 0, 100),
		quota("EventSubscriptions", len(s.subscriptions), maxSubscriptions),
		quota("DBSubnetGroups", len(s.subnetGroups), maxSubnetGroups),
		quota("OptionGroups", 0, 20),
		quota("SubnetsPerDBSubnetGroup", subnets, maxSubnets),
		quota("ReadReplicasPerMaster", 0, 15),
		quota("DBClusters", len(s.clusters), 40),
		quota("DBClusterParameterGroups", len(s.clusterGroups), maxGroups),
		quota("DBClusterRoles", roles, maxRoles),
		quota("DBInstanceRoles", 0, 5),
		quota("ManualClusterSnapshots", len(s.snapshots), maxSnapshots),
		quota("CustomEndpointsPerDBCluster", 0, 5),
	}}, nil
}

// defaultAuthority issues the certificates of new instances.
const defaultAuthority = "rds-ca-rsa2048-g1"

// authorities are RDS's certificate authorities. What the proxy shows is
// das-local's own certificate.
func authorities() []string {
	return []string{"rds-ca-ecc384-g1", defaultAuthority, "rds-ca-rsa4096-g1"}
}

func checkAuthority(id string) error {
	if !slices.Contains(authorities(), id) {
		return notFound("CertificateNotFound", "Certificate not found for CertificateIdentifier: %s", id)
	}
	return nil
}

// validTill is the end of an authority's certificate: the smaller one lasts 40
// years, the others 100.
func validTill(authority string) time.Time {
	years := 100
	if strings.Contains(authority, "2048") {
		years = 40
	}
	return authoritiesFrom.AddDate(years, 0, 0)
}

var authoritiesFrom = time.Date(2021, 5, 25, 0, 0, 0, 0, time.UTC)

type certificatesInput struct {
	CertificateIdentifier string
	Filters               []filter `member:"Filter"`
	MaxRecords            *int
	Marker                *string
}

type certificate struct {
	CertificateIdentifier string
	CertificateType       string
	ValidFrom, ValidTill  time.Time
	CertificateArn        string
	CustomerOverride      *bool
}

type certificatesOutput struct {
	DefaultCertificateForNewLaunches string
	Certificates                     []certificate `member:"Certificate"`
	Marker                           string
}

func (s *Server) describeCertificates(_ context.Context, in *certificatesInput) (*certificatesOutput, error) {
	list := authorities()
	if id := in.CertificateIdentifier; id != "" {
		if err := checkAuthority(id); err != nil {
			return nil, err
		}
		list = []string{id}
	}
	list, marker, err := selected(list, in.Filters, paging{in.MaxRecords, in.Marker}, func(id string) string { return id }, nil)
	if err != nil {
		return nil, err
	}
	out := &certificatesOutput{DefaultCertificateForNewLaunches: defaultAuthority, Certificates: []certificate{}, Marker: marker}
	for _, id := range list {
		no := false
		out.Certificates = append(out.Certificates, certificate{id, "CA", authoritiesFrom, validTill(id),
			"arn:aws:rds:" + s.cfg.Region + "::cert:" + id, &no})
	}
	return out, nil
}
