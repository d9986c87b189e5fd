package rdsapi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// classes are the instance classes of Aurora PostgreSQL, as families and sizes;
// which of them there are in a Region is not emulated.
func classes() []string {
	sizes := []string{"large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"}
	list := []string{"db.serverless", "db.t3.medium", "db.t3.large", "db.t4g.medium", "db.t4g.large"}
	for _, family := range []string{"r4", "r5", "r6g", "r6i", "r6id", "r7g", "r7i", "r8g", "x2g"} {
		for _, size := range sizes {
			if family == "r4" && size == "12xlarge" {
				continue
			}
			list = append(list, "db."+family+"."+size)
		}
	}
	return list
}

// isClass accepts classes newer than this program, too.
func isClass(class string) bool {
	parts := strings.Split(class, ".")
	return class == "db.serverless" || len(parts) == 3 && parts[0] == "db" && len(parts[1]) >= 2 && parts[2] != "" && len(class) <= 32
}

// supportsStreams tells which classes can have activity streams: neither the
// burstable ones (the user guide of 2019 excludes t3.medium, later ones t4g too)
// nor Serverless.
func supportsStreams(class string) bool {
	return !strings.HasPrefix(class, "db.t") && class != "db.serverless"
}

type engineVersionsInput struct {
	Engine                 string
	EngineVersion          string
	DBParameterGroupFamily string
	DefaultOnly            bool
	Filters                []filter `member:"Filter"`
	MaxRecords             *int
	Marker                 *string

	IncludeAll, ListSupportedCharacterSets, ListSupportedTimezones bool // without effect: all versions are available, and have neither
}

type engineVersion struct {
	Engine                             string
	MajorEngineVersion                 string
	EngineVersion                      string
	DBParameterGroupFamily             string
	DBEngineDescription                string
	DBEngineVersionDescription         string
	ValidUpgradeTarget                 []upgradeTarget `member:"UpgradeTarget"`
	ExportableLogTypes                 []string
	SupportsLogExportsToCloudwatchLogs bool
	SupportsReadReplica                bool
	SupportedEngineModes               []string
	SupportedFeatureNames              []string
	Status                             string
	SupportsParallelQuery              bool
	SupportsGlobalDatabases            bool
	SupportsBabelfish                  bool
	SupportedCACertificateIdentifiers  []string
	SupportsLocalWriteForwarding       *bool
}

type engineVersionsOutput struct {
	Marker           string
	DBEngineVersions []engineVersion `member:"DBEngineVersion"`
}

func (s *Server) describeDBEngineVersions(_ context.Context, in *engineVersionsInput) (*engineVersionsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.versions()
	list := slices.Clone(all)
	if in.DefaultOnly {
		list = s.defaultVersion(in.EngineVersion, in.DBParameterGroupFamily)
	}
	list = slices.DeleteFunc(list, func(v string) bool {
		return in.Engine != "" && in.Engine != engine || !versionMatches(v, in.EngineVersion) ||
			in.DBParameterGroupFamily != "" && in.DBParameterGroupFamily != family(v)
	})
	slices.Sort(list) // as the markers are
	list, marker, err := selected(list, in.Filters, paging{in.MaxRecords, in.Marker}, func(v string) string { return v }, map[string]func(string) []string{
		"engine-mode":               func(string) []string { return []string{"provisioned"} },
		"engine":                    func(string) []string { return []string{engine} },
		"engine-version":            func(v string) []string { return []string{v} },
		"db-parameter-group-family": func(v string) []string { return []string{family(v)} },
		"status":                    func(string) []string { return []string{"available"} },
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, compareVersions)
	out := &engineVersionsOutput{Marker: marker, DBEngineVersions: []engineVersion{}}
	for _, v := range list {
		out.DBEngineVersions = append(out.DBEngineVersions, engineVersion{Engine: engine, EngineVersion: v,
			MajorEngineVersion: strings.TrimPrefix(family(v), engine), DBParameterGroupFamily: family(v),
			DBEngineDescription: "Aurora (PostgreSQL)", DBEngineVersionDescription: describeVersion(v),
			ValidUpgradeTarget: upgradeTargets(v, all), ExportableLogTypes: []string{"postgresql"}, SupportedEngineModes: []string{"provisioned"},
			SupportedFeatureNames: []string{}, Status: "available", SupportsLogExportsToCloudwatchLogs: true,
			SupportedCACertificateIdentifiers: authorities()})
	}
	return out, nil
}

// defaultVersion is the default of a major version or a family, or else of all.
func (s *Server) defaultVersion(version, groupFamily string) []string {
	asked := cmp.Or(version, strings.TrimPrefix(groupFamily, engine), s.cfg.EngineVersion)
	v, err := s.wholeVersion(asked)
	if err != nil {
		return nil
	}
	return []string{v}
}

type orderableInput struct {
	Engine                string
	EngineVersion         string
	DBInstanceClass       string
	LicenseModel          string
	AvailabilityZoneGroup string // the Region; there are no Local Zones
	Vpc                   *bool
	Filters               []filter `member:"Filter"`
	MaxRecords            *int
	Marker                *string
}

type availabilityZone struct{ Name string }

type orderableOption struct {
	Engine                            string
	EngineVersion                     string
	DBInstanceClass                   string
	LicenseModel                      string
	AvailabilityZones                 []availabilityZone `member:"AvailabilityZone"`
	MultiAZCapable                    bool
	ReadReplicaCapable                bool
	Vpc                               bool
	SupportsStorageEncryption         bool
	StorageType                       string
	SupportsIops                      bool
	SupportsEnhancedMonitoring        bool
	SupportsIAMDatabaseAuthentication bool
	SupportsPerformanceInsights       bool
	SupportedEngineModes              []string
	OutpostCapable                    bool
	SupportedActivityStreamModes      []string
	SupportsGlobalDatabases           bool
	SupportedNetworkTypes             []string
	SupportsClusters                  bool
}

type orderableOutput struct {
	OrderableDBInstanceOptions []orderableOption `member:"OrderableDBInstanceOption"`
	Marker                     string
}

func (s *Server) describeOrderableDBInstanceOptions(_ context.Context, in *orderableInput) (*orderableOutput, error) {
	if in.Engine == "" {
		return nil, missing("Engine")
	}
	s.mu.Lock()
	versions := s.versions()
	s.mu.Unlock()
	var list []orderableOption
	zone := s.cfg.Region
	for _, v := range versions {
		for _, class := range classes() {
			if in.Engine != engine || !versionMatches(v, in.EngineVersion) || in.DBInstanceClass != "" && in.DBInstanceClass != class ||
				in.LicenseModel != "" && in.LicenseModel != "postgresql-license" || in.Vpc != nil && !*in.Vpc ||
				in.AvailabilityZoneGroup != "" && in.AvailabilityZoneGroup != zone {
				continue
			}
			modes := []string{}
			if supportsStreams(class) && versionStreams(v) && !excludedRegion(s.cfg.Region) {
				modes = []string{"sync", "async"}
			}
			list = append(list, orderableOption{Engine: engine, EngineVersion: v, DBInstanceClass: class, LicenseModel: "postgresql-license",
				AvailabilityZones: []availabilityZone{{zone + "a"}, {zone + "b"}, {zone + "c"}}, Vpc: true, SupportsStorageEncryption: true,
				StorageType: "aurora", SupportsEnhancedMonitoring: true, SupportsIAMDatabaseAuthentication: true,
				SupportsPerformanceInsights: true, SupportedEngineModes: []string{"provisioned"}, SupportedActivityStreamModes: modes,
				SupportedNetworkTypes: []string{"IPV4"}, SupportsClusters: true})
		}
	}
	slices.SortFunc(list, func(a, b orderableOption) int { return strings.Compare(a.key(), b.key()) })
	list, marker, err := selected(list, in.Filters, paging{in.MaxRecords, in.Marker}, orderableOption.key, nil)
	if err != nil {
		return nil, err
	}
	return &orderableOutput{OrderableDBInstanceOptions: append([]orderableOption{}, list...), Marker: marker}, nil
}

func (o orderableOption) key() string {
	return fmt.Sprintf("%s/%s", o.EngineVersion, o.DBInstanceClass)
}
