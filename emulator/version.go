package emulator

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/das-local/das-local/internal/activity"
)

// auroraVersions are the Aurora versions of the engine versions that had
// numbers of their own; from 13.3 on Aurora counts as PostgreSQL does.
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/AuroraPostgreSQL.Updates.html
var auroraVersions = map[string]string{
	"10.7": "2.3.1", "10.11": "2.4.0", "10.12": "2.5.0", "10.13": "2.6.0", "10.14": "2.7.0",
	"11.4": "3.0.0", "11.6": "3.1.0", "11.7": "3.2.0", "11.8": "3.3.0", "11.9": "3.4.0",
	"12.4": "4.0.0",
}

// auroraVersion is the serverVersion of an engine version's events.
func auroraVersion(engine string) string {
	if v, ok := auroraVersions[engine]; ok {
		return v
	}
	return engine + ".0"
}

// recordVersion is the version of an engine version's records: 1.0 for the
// first two engines that had activity streams, 1.1 for all later ones.
func recordVersion(engine string) activity.Version {
	if engine == "10.7" || engine == "11.4" {
		return activity.V10
	}
	return activity.V11
}

// engineVersion makes "15.18" of server_version_num.
func engineVersion(num string) (string, error) {
	n, err := strconv.Atoi(strings.TrimSpace(num))
	if err != nil || n < 90000 {
		return "", fmt.Errorf("read server_version_num %q", num)
	}
	return fmt.Sprintf("%d.%d", n/10000, n%10000), nil
}
