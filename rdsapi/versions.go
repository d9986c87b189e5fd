package rdsapi

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// catalog are versions of Aurora PostgreSQL that there are or were. Others are
// taken too: it is the upstream's version that counts.
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/
var catalog = strings.Fields(`
	10.7 10.11 10.12 10.21
	11.4 11.9 11.21
	12.4 12.9 12.15 12.22
	13.4 13.9 13.12 13.18 13.20
	14.3 14.6 14.9 14.15 14.17
	15.2 15.4 15.7 15.10 15.12
	16.1 16.4 16.6 16.8
	17.4 17.5`)

// number orders versions.
func number(version string) [3]int {
	var n [3]int
	for i, part := range strings.SplitN(version, ".", 3) {
		n[i], _ = strconv.Atoi(part)
	}
	return n
}

func compareVersions(a, b string) int {
	x, y := number(a), number(b)
	return slices.CompareFunc(x[:], y[:], cmp.Compare[int])
}

// versions are those of the catalogue, the default and the clusters', from the
// oldest to the newest. The lock is held.
func (s *Server) versions() []string {
	list := append(slices.Clone(catalog), s.cfg.EngineVersion)
	for _, c := range s.clusters {
		list = append(list, c.wire.EngineVersion)
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(compareVersions(a, b), strings.Compare(a, b)) })
	return slices.Compact(list)
}

// families are the parameter group families of the versions. The lock is held.
func (s *Server) families() []string {
	var list []string
	for _, v := range s.versions() {
		list = append(list, family(v))
	}
	return slices.Compact(list)
}

var isFamily = regexp.MustCompile(`^` + engine + `(9\.\d|[1-9]\d)$`).MatchString

// wholeVersion makes a version of what a request asks for: a major version alone is
// the default if that is one of it, or else the newest known one.
func (s *Server) wholeVersion(asked string) (string, error) {
	if err := checkVersion(asked); err != nil {
		return "", err
	}
	if strings.Contains(asked, ".") && number(asked)[0] != 9 || strings.Count(asked, ".") > 1 {
		return asked, nil
	}
	if versionMatches(s.cfg.EngineVersion, asked) {
		return s.cfg.EngineVersion, nil
	}
	for _, v := range slices.Backward(catalog) {
		if versionMatches(v, asked) {
			return v, nil
		}
	}
	return asked, nil
}

// checkVersion accepts any version of PostgreSQL: the upstream's own counts.
func checkVersion(version string) error {
	var major, minor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n == 0 || major < 9 || major > 99 ||
		strings.Trim(version, "0123456789.") != "" || len(version) > 16 {
		return invalidValue("Cannot find version %s for %s", version, engine)
	}
	return nil
}

// versionMatches takes a prefix of whole numbers: 15 matches 15.4.
func versionMatches(version, asked string) bool {
	return asked == "" || version == asked || strings.HasPrefix(version, asked+".")
}

// family is the parameter group family of an engine version.
func family(version string) string {
	major, minor, _ := strings.Cut(version, ".")
	if major == "9" {
		minor, _, _ = strings.Cut(minor, ".")
		major += "." + minor
	}
	return engine + major
}

// versionStreams tells whether a version has activity streams: Aurora PostgreSQL
// 10.7 (2.3) was the first, then 11.4, and all later majors have them.
func versionStreams(version string) bool {
	n := number(version)
	switch {
	case n[0] < 10:
		return false
	case n[0] == 10:
		return n[1] >= 7
	case n[0] == 11:
		return n[1] >= 4
	}
	return true
}

type upgradeTarget struct {
	Engine                string
	EngineVersion         string
	Description           string
	AutoUpgrade           bool
	IsMajorVersionUpgrade bool
	SupportedEngineModes  []string
}

// upgradeTargets are the later versions of a list.
func upgradeTargets(version string, all []string) []upgradeTarget {
	list := []upgradeTarget{}
	for _, v := range all {
		if compareVersions(v, version) > 0 {
			list = append(list, upgradeTarget{Engine: engine, EngineVersion: v, Description: describeVersion(v),
				IsMajorVersionUpgrade: family(v) != family(version), SupportedEngineModes: []string{"provisioned"}})
		}
	}
	return list
}

func describeVersion(v string) string {
	return "Aurora PostgreSQL (Compatible with PostgreSQL " + v + ")"
}
