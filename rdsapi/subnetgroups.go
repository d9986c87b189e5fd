package rdsapi

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

// vpcID is that of the one VPC there is.
const vpcID = "vpc-00000000"

// zones are the Availability Zones of the Region.
func (s *Server) zones() []string {
	return []string{s.cfg.Region + "a", s.cfg.Region + "b", s.cfg.Region + "c"}
}

// subnetGroup is the API's DBSubnetGroup. Its subnets are taken at their word:
// there is no network.
type subnetGroup struct {
	DBSubnetGroupName        string
	DBSubnetGroupDescription string
	VpcId                    string
	SubnetGroupStatus        string
	Subnets                  []subnet `member:"Subnet"`
	DBSubnetGroupArn         string
	SupportedNetworkTypes    []string
}

type subnet struct {
	SubnetIdentifier       string
	SubnetAvailabilityZone availabilityZone
	SubnetStatus           string
}

// savedSubnetGroup is a group in the state and in the store. The server's lock
// guards it.
type savedSubnetGroup struct {
	Name, Description string
	Subnets           []string
	Tags              map[string]string
}

// defaultSubnetGroup is there without being made.
const defaultSubnetGroup = "default"

// maxSubnetGroups is RDS's quota, and maxSubnets that of one group.
const maxSubnetGroups, maxSubnets = 50, 20

// findSubnetGroup finds a group by name. The lock is held.
func (s *Server) findSubnetGroup(given string) (*savedSubnetGroup, error) {
	name := strings.ToLower(given)
	if g := s.subnetGroups[name]; g != nil {
		return g, nil
	}
	if name == defaultSubnetGroup {
		return &savedSubnetGroup{Name: name, Description: name, Subnets: []string{"subnet-0000000a", "subnet-0000000b", "subnet-0000000c"}}, nil
	}
	return nil, notFound("DBSubnetGroupNotFoundFault", "DB subnet group '%s' does not exist.", given)
}

// subnetGroupShape shows a group: its subnets lie in the zones in turn.
func (s *Server) subnetGroupShape(g *savedSubnetGroup) subnetGroup {
	w := subnetGroup{DBSubnetGroupName: g.Name, DBSubnetGroupDescription: g.Description, VpcId: vpcID, SubnetGroupStatus: "Complete",
		DBSubnetGroupArn: s.arn("subgrp", g.Name), SupportedNetworkTypes: []string{"IPV4"}, Subnets: []subnet{}}
	zones := s.zones()
	for n, id := range g.Subnets {
		w.Subnets = append(w.Subnets, subnet{id, availabilityZone{zones[n%len(zones)]}, "Active"})
	}
	return w
}

type subnetGroupInput struct {
	DBSubnetGroupName        string
	DBSubnetGroupDescription *string
	SubnetIds                []string `member:"SubnetIdentifier"`
	Tags                     []tag    `member:"Tag"`
}

type subnetGroupOutput struct{ DBSubnetGroup subnetGroup }

var isSubnet = regexp.MustCompile(`^subnet-[0-9a-zA-Z-]{1,40}$`).MatchString

// checkSubnets refuses fewer than two, for these would not lie in two zones.
func (s *Server) checkSubnets(ids []string) error {
	for _, id := range ids {
		if !isSubnet(id) {
			return awsapi.Errorf("InvalidSubnet", "The subnet ID '%s' does not exist", id)
		}
	}
	slices.Sort(ids)
	switch n := len(slices.Compact(ids)); {
	case n > maxSubnets:
		return awsapi.Errorf("DBSubnetQuotaExceededFault", "A DB subnet group can have %d subnets at most.", maxSubnets)
	case n < 2:
		return awsapi.Errorf("DBSubnetGroupDoesNotCoverEnoughAZs",
			"The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: %s. Add subnets to cover at least 2 AZs.",
			strings.Join(s.zones()[:n], ", "))
	}
	return nil
}

var isGroupName = regexp.MustCompile(`^[a-z0-9][a-z0-9 ._-]{0,254}$`).MatchString

func (s *Server) createDBSubnetGroup(_ context.Context, in *subnetGroupInput) (*subnetGroupOutput, error) {
	switch {
	case in.DBSubnetGroupName == "":
		return nil, missing("DBSubnetGroupName")
	case in.DBSubnetGroupDescription == nil || *in.DBSubnetGroupDescription == "":
		return nil, missing("DBSubnetGroupDescription")
	case in.SubnetIds == nil:
		return nil, missing("SubnetIds")
	}
	name := strings.ToLower(in.DBSubnetGroupName)
	if !isGroupName(name) || name == defaultSubnetGroup {
		return nil, invalidValue("The parameter DBSubnetGroupName is not a valid identifier: it has 1 to 255 letters, digits, periods, underscores, spaces or hyphens, and isn't default.")
	}
	if err := s.checkSubnets(in.SubnetIds); err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.subnetGroups[name] != nil:
		return nil, awsapi.Errorf("DBSubnetGroupAlreadyExists", "The DB subnet group '%s' already exists.", name)
	case len(s.subnetGroups) >= maxSubnetGroups:
		return nil, awsapi.Errorf("DBSubnetGroupQuotaExceeded", "Cannot create more than %d DB subnet groups", maxSubnetGroups)
	}
	g := &savedSubnetGroup{name, *in.DBSubnetGroupDescription, slices.Compact(in.SubnetIds), tags}
	s.subnetGroups[name] = g
	return &subnetGroupOutput{s.subnetGroupShape(g)}, nil
}

func (s *Server) modifyDBSubnetGroup(_ context.Context, in *subnetGroupInput) (*subnetGroupOutput, error) {
	switch {
	case in.DBSubnetGroupName == "":
		return nil, missing("DBSubnetGroupName")
	case in.SubnetIds == nil:
		return nil, missing("SubnetIds")
	}
	if err := s.checkSubnets(in.SubnetIds); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.changeableSubnetGroup(in.DBSubnetGroupName)
	if err != nil {
		return nil, err
	}
	set(&g.Description, in.DBSubnetGroupDescription)
	g.Subnets = slices.Compact(in.SubnetIds)
	return &subnetGroupOutput{s.subnetGroupShape(g)}, nil
}

// changeableSubnetGroup finds a group that somebody has made. The lock is held.
func (s *Server) changeableSubnetGroup(name string) (*savedSubnetGroup, error) {
	g, err := s.findSubnetGroup(name)
	if err == nil && g.Name == defaultSubnetGroup {
		return nil, awsapi.Errorf("InvalidDBSubnetGroupStateFault", "The default DB subnet group can't be changed.")
	}
	return g, err
}

type subnetGroupNameInput struct{ DBSubnetGroupName string }

func (s *Server) deleteDBSubnetGroup(_ context.Context, in *subnetGroupNameInput) (*none, error) {
	if err := required("DBSubnetGroupName", in.DBSubnetGroupName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.changeableSubnetGroup(in.DBSubnetGroupName)
	if err != nil {
		return nil, err
	}
	for _, c := range sortedValues(s.clusters) {
		if c.wire.DBSubnetGroup == g.Name {
			return nil, awsapi.Errorf("InvalidDBSubnetGroupStateFault",
				"Cannot delete the subnet group '%s' because at least one database cluster: %s is still using it.", g.Name, c.id)
		}
	}
	delete(s.subnetGroups, g.Name)
	return nil, nil
}

type describeSubnetGroupsInput struct {
	DBSubnetGroupName string
	Filters           []filter `member:"Filter"`
	MaxRecords        *int
	Marker            *string
}

type describeSubnetGroupsOutput struct {
	Marker         string
	DBSubnetGroups []subnetGroup `member:"DBSubnetGroup"`
}

func (s *Server) describeDBSubnetGroups(_ context.Context, in *describeSubnetGroupsInput) (*describeSubnetGroupsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	def, err := s.findSubnetGroup(defaultSubnetGroup)
	if err != nil {
		return nil, err
	}
	list := append(sortedValues(s.subnetGroups), def)
	slices.SortFunc(list, func(a, b *savedSubnetGroup) int { return strings.Compare(a.Name, b.Name) })
	if list, err = named(list, in.DBSubnetGroupName, s.findSubnetGroup); err != nil {
		return nil, err
	}
	list, marker, err := selected(list, in.Filters, paging{in.MaxRecords, in.Marker}, func(g *savedSubnetGroup) string { return g.Name }, nil)
	if err != nil {
		return nil, err
	}
	out := &describeSubnetGroupsOutput{Marker: marker, DBSubnetGroups: []subnetGroup{}}
	for _, g := range list {
		out.DBSubnetGroups = append(out.DBSubnetGroups, s.subnetGroupShape(g))
	}
	return out, nil
}
