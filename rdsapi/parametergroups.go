package rdsapi

import (
	"context"
	"slices"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

// parameterSet is a parameter group of a cluster or of an instance, in the state
// and in the store: what somebody has set in it is kept, shown and checked, and
// reaches no server. The server's lock guards it.
type parameterSet struct {
	Name, Family, Description string
	Values                    map[string]setParameter
	Tags                      map[string]string
}

// groupKind tells the groups of clusters from those of instances.
type groupKind struct {
	arnType   string
	parameter string // that names a group
	title     string
}

var (
	clusterGroup  = groupKind{"cluster-pg", "DBClusterParameterGroupName", "DBClusterParameterGroup"}
	instanceGroup = groupKind{"pg", "DBParameterGroupName", "DBParameterGroup"}
)

const defaultPrefix = "default."

// maxGroups is RDS's quota of each kind.
const maxGroups = 50

func (s *Server) groups(k groupKind) map[string]*parameterSet {
	if k == clusterGroup {
		return s.clusterGroups
	}
	return s.instanceGroups
}

// findGroup finds a group by name or ARN. Those of RDS (default.FAMILY) are there
// without being made. The lock is held.
func (s *Server) findGroup(k groupKind, given string) (*parameterSet, error) {
	name, err := s.identifier(given, k.arnType, k.parameter)
	if err != nil {
		return nil, err
	}
	if g := s.groups(k)[name]; g != nil {
		return g, nil
	}
	if f, ok := strings.CutPrefix(name, defaultPrefix); ok && isFamily(f) {
		return &parameterSet{Name: name, Family: f, Description: "Default parameter group for " + f}, nil
	}
	return nil, notFound("DBParameterGroupNotFound", "%s not found: %s", k.title, given)
}

// changeableGroup finds a group that somebody has made. The lock is held.
func (s *Server) changeableGroup(k groupKind, name string) (*parameterSet, error) {
	if name == "" {
		return nil, missing(k.parameter)
	}
	g, err := s.findGroup(k, name)
	if err == nil && strings.HasPrefix(g.Name, defaultPrefix) {
		return nil, awsapi.Errorf("InvalidDBParameterGroupState", "Default %s cannot be modified or deleted: %s", k.title, g.Name)
	}
	return g, err
}

// usableGroup finds the group that a cluster or an instance of a version is to
// have; no name is the default one. The lock is held.
func (s *Server) usableGroup(k groupKind, name, version string) (string, error) {
	want := family(version)
	if name == "" {
		return defaultPrefix + want, nil
	}
	g, err := s.findGroup(k, name)
	switch {
	case err != nil && k == clusterGroup: // the actions of clusters have a code of their own for it
		return "", notFound("DBClusterParameterGroupNotFound", "%s not found: %s", k.title, name)
	case err != nil:
		return "", err
	}
	if g.Family != want {
		return "", invalidCombination("The parameter group %s with DBParameterGroupFamily %s can't be used for this instance. Use a parameter group with DBParameterGroupFamily %s.",
			g.Name, g.Family, want)
	}
	return g.Name, nil
}

// users are the clusters or instances that have a group. The lock is held.
func (s *Server) users(k groupKind, name string) []string {
	var list []string
	if k == clusterGroup {
		for _, c := range sortedValues(s.clusters) {
			if c.wire.DBClusterParameterGroup == name {
				list = append(list, c.id)
			}
		}
		return list
	}
	for _, i := range sortedValues(s.instances) {
		if i.wire.DBParameterGroups[0].DBParameterGroupName == name {
			list = append(list, i.id)
		}
	}
	return list
}

func (s *Server) createGroup(k groupKind, name, family, description string, tags []tag) (*parameterSet, error) {
	if err := required(k.parameter, name, "DBParameterGroupFamily", family, "Description", description); err != nil {
		return nil, err
	}
	id, err := newIdentifier(name, k.parameter)
	if err != nil {
		return nil, err
	}
	if !isFamily(family) {
		return nil, invalidValue("ParameterGroupFamily %s is not a valid parameter group family", family)
	}
	t, err := tagMap(tags)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch groups := s.groups(k); {
	case groups[id] != nil:
		return nil, awsapi.Errorf("DBParameterGroupAlreadyExists", "Parameter group %s already exists", id)
	case len(groups) >= maxGroups:
		return nil, awsapi.Errorf("DBParameterGroupQuotaExceeded", "Cannot create more than %d parameter groups", maxGroups)
	}
	g := &parameterSet{id, family, description, make(map[string]setParameter), t}
	s.groups(k)[id] = g
	return g, nil
}

func (s *Server) deleteGroup(k groupKind, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.changeableGroup(k, name)
	if err != nil {
		return err
	}
	if users := s.users(k, g.Name); len(users) > 0 {
		return awsapi.Errorf("InvalidDBParameterGroupState", "One or more database instances are still members of this parameter group %s, so the group cannot be deleted", g.Name)
	}
	delete(s.groups(k), g.Name)
	return nil
}

func (s *Server) modifyGroup(k groupKind, name string, given []parameter) (*parameterSet, error) {
	if name == "" {
		return nil, missing(k.parameter)
	}
	set, err := changes(given)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.changeableGroup(k, name)
	if err != nil {
		return nil, err
	}
	for p, v := range set {
		g.Values[p] = v
	}
	return g, nil
}

// resetGroup takes values away: all, or those of some parameters.
func (s *Server) resetGroup(k groupKind, name string, all bool, given []parameter) (*parameterSet, error) {
	switch {
	case name == "":
		return nil, missing(k.parameter)
	case !all && len(given) == 0:
		return nil, missing("Parameters")
	case all && len(given) > 0:
		return nil, invalidCombination("You can't specify Parameters when ResetAllParameters is true.")
	case len(given) > maxChanged:
		return nil, invalidValue("A maximum of %d parameters can be modified in a single request.", maxChanged)
	}
	var names []string
	for _, g := range given {
		p, err := findParameter(g.ParameterName)
		if err != nil {
			return nil, err
		}
		if g.ApplyMethod == applyNow && p.ApplyType == "static" {
			return nil, invalidCombination("cannot use immediate apply method for static parameter")
		}
		names = append(names, p.ParameterName)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.changeableGroup(k, name)
	if err != nil {
		return nil, err
	}
	for p := range g.Values {
		if all || slices.Contains(names, p) {
			delete(g.Values, p)
		}
	}
	return g, nil
}

// listGroups are the groups that a description asks for, a page of them.
func (s *Server) listGroups(k groupKind, name string, filters []filter, p paging) ([]*parameterSet, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name != "" {
		g, err := s.findGroup(k, name)
		if err != nil {
			return nil, "", err
		}
		return []*parameterSet{g}, "", nil
	}
	list := sortedValues(s.groups(k))
	for _, f := range s.families() {
		g, err := s.findGroup(k, defaultPrefix+f)
		if err != nil {
			return nil, "", err
		}
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *parameterSet) int { return strings.Compare(a.Name, b.Name) })
	return selected(list, filters, p, func(g *parameterSet) string { return g.Name }, nil)
}

type describeParametersOutput struct {
	Parameters []parameter `member:"Parameter"`
	Marker     string
}

// listParameters are the parameters of a group, a page of them.
func (s *Server) listParameters(k groupKind, name, source string, filters []filter, p paging) (*describeParametersOutput, error) {
	if name == "" {
		return nil, missing(k.parameter)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.findGroup(k, name)
	if err != nil {
		return nil, err
	}
	list, err := g.shape(source)
	if err != nil {
		return nil, err
	}
	return parametersPage(list, filters, p)
}

func parametersPage(list []parameter, filters []filter, p paging) (*describeParametersOutput, error) {
	part, marker, err := selected(list, filters, p, func(p parameter) string { return p.ParameterName }, map[string]func(parameter) []string{
		"parameter-name": func(p parameter) []string { return []string{p.ParameterName} },
	})
	return &describeParametersOutput{append([]parameter{}, part...), marker}, err
}

type engineDefaultsInput struct {
	DBParameterGroupFamily string
	Filters                []filter `member:"Filter"`
	MaxRecords             *int
	Marker                 *string
}

type engineDefaults struct {
	DBParameterGroupFamily string
	Marker                 string
	Parameters             []parameter `member:"Parameter"`
}

type engineDefaultsOutput struct{ EngineDefaults engineDefaults }

// describeEngineDefaults are the parameters of a family, of clusters and of
// instances alike.
func (s *Server) describeEngineDefaults(_ context.Context, in *engineDefaultsInput) (*engineDefaultsOutput, error) {
	switch {
	case in.DBParameterGroupFamily == "":
		return nil, missing("DBParameterGroupFamily")
	case !isFamily(in.DBParameterGroupFamily):
		return nil, invalidValue("ParameterGroupFamily %s is not a valid parameter group family", in.DBParameterGroupFamily)
	}
	out, err := parametersPage(parameters(), in.Filters, paging{in.MaxRecords, in.Marker})
	if err != nil {
		return nil, err
	}
	return &engineDefaultsOutput{engineDefaults{in.DBParameterGroupFamily, out.Marker, out.Parameters}}, nil
}
