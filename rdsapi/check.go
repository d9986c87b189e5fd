package rdsapi

import (
	"regexp"
	"slices"
	"strings"
)

// Checks that several actions share.

// required takes pairs of parameter name and value, and refuses the first that has
// none.
func required(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			return missing(pairs[i])
		}
	}
	return nil
}

// notAvailable refuses to work on a cluster that something else is being done to.
// Terraform matches on the sentence.
func notAvailable(c *cluster) error {
	return clusterState("DB cluster %s is not currently in the available state: it is %s.", c.id, c.status)
}

// availableCluster finds the cluster that DBClusterIdentifier names, to work on it. The
// lock is held.
func (s *Server) availableCluster(id string) (*cluster, error) {
	c, err := s.findCluster(id, "DBClusterIdentifier")
	if err == nil && c.status != statusAvailable {
		return nil, notAvailable(c)
	}
	return c, err
}

// oneOfValues refuses a value that a parameter does not have; none is all right.
func oneOfValues(parameter, value string, valid ...string) error {
	if value == "" || slices.Contains(valid, value) {
		return nil
	}
	return invalidValue("Invalid value %s for %s. Valid values: %s", value, parameter, strings.Join(valid, ", "))
}

var isPassword = regexp.MustCompile(`^[!#-.0-?A-~]*$`).MatchString

// checkPassword has RDS's rules; passwords are used for nothing.
func checkPassword(p *string) error {
	switch {
	case p == nil:
	case *p == "":
		return invalidValue("The parameter MasterUserPassword must be provided and must not be blank.")
	case !isPassword(*p):
		return invalidValue("The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.")
	case len(*p) < 8:
		return invalidValue("The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.")
	case len(*p) > 128:
		return invalidValue("The parameter MasterUserPassword is not a valid password because it is longer than 128 characters.")
	}
	return nil
}

var isName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`).MatchString

// checkNames checks the names of the master user and the database.
func checkNames(user, database string) error {
	switch {
	case user == "":
		return invalidValue("The parameter MasterUsername must be provided and must not be blank.")
	case !isName(user):
		return invalidValue("The parameter MasterUsername is not a valid identifier: it begins with a letter and has up to 63 letters, digits and underscores.")
	case slices.Contains([]string{"admin", "rdsadmin", "rdsrepladmin", "rds_superuser", "public"}, strings.ToLower(user)):
		return invalidValue("MasterUsername %s cannot be used as it is a reserved word used by the engine", user)
	case database != "" && !isName(database):
		return invalidValue("DatabaseName must begin with a letter and contain only alphanumeric characters.")
	}
	return nil
}

// checkMonitoring has the rules of Enhanced Monitoring and Performance Insights,
// which are shown and do nothing.
func checkMonitoring(interval *int, role string, retention *int, insights string) error {
	if interval != nil {
		switch {
		case !slices.Contains([]int{0, 1, 5, 10, 15, 30, 60}, *interval):
			return invalidValue("Invalid monitoring interval: %d. Valid values: 0, 1, 5, 10, 15, 30, 60", *interval)
		case *interval != 0 && role == "":
			return invalidCombination("A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.")
		}
	}
	if retention != nil && *retention != 7 && *retention != 731 && (*retention < 31 || *retention > 713 || *retention%31 != 0) {
		return invalidValue("Invalid Performance Insights retention period: %d. Valid values: 7, 731, or months*31 where months is 1 to 23", *retention)
	}
	return oneOfValues("DatabaseInsightsMode", insights, "standard", "advanced")
}

func checkRetention(days *int) error {
	if days != nil && (*days < 1 || *days > 35) {
		return invalidValue("Invalid backup retention period: %d. Must be between 1 and 35.", *days)
	}
	return nil
}

func checkPort(port *int) error {
	if port != nil && (*port < 1150 || *port > 65535) {
		return invalidValue("Invalid port: %d. Must be between 1150 and 65535.", *port)
	}
	return nil
}

// checkClusterAuthority is checkAuthority with a cluster's error.
func checkClusterAuthority(id *string) error {
	if id != nil && checkAuthority(*id) != nil {
		return invalidValue("Invalid CA certificate identifier: %s", *id)
	}
	return nil
}

func notBlank(parameter string, value *string) error {
	if value != nil && *value == "" {
		return invalidValue("The parameter %s must not be blank.", parameter)
	}
	return nil
}

// checkLogs refuses logs that the engine has not.
func checkLogs(kinds []string) error {
	for _, k := range kinds {
		if k != "postgresql" && k != "instance" && k != "iam-db-auth-error" {
			return invalidCombination("You cannot use the log types '%s' with engine version %s. For supported log types, see the documentation.", k, engine)
		}
	}
	return nil
}

// checkScaling has the rules of Aurora Serverless v2.
func checkScaling(sc *scalingConfiguration) error {
	if sc == nil {
		return nil
	}
	low, high := 0.0, 0.0
	set(&low, sc.MinCapacity)
	set(&high, sc.MaxCapacity)
	halves := low*2 == float64(int(low*2)) && high*2 == float64(int(high*2))
	switch {
	case high < 1 || high > 256 || low < 0 || low > high || !halves:
		return invalidValue("Serverless v2 capacity %v-%v isn't valid. Valid capacity values are in a range of 0 - 256, in steps of 0.5, and the maximum capacity is at least 1.", low, high)
	case sc.SecondsUntilAutoPause != nil && (*sc.SecondsUntilAutoPause < 300 || *sc.SecondsUntilAutoPause > 86400):
		return invalidValue("Invalid SecondsUntilAutoPause: %d. Must be between 300 and 86400.", *sc.SecondsUntilAutoPause)
	}
	return nil
}

// refused names a parameter of a request that this cluster cannot have: asking for
// it and not getting it would be worse than an error.
type refused struct {
	given bool
	why   string
}

func refuse(list ...refused) error {
	for _, r := range list {
		if r.given {
			return invalidCombination("%s", r.why)
		}
	}
	return nil
}

// is tells of a parameter whether it asks for something.
func is(on *bool) bool { return on != nil && *on }

// isOptionGroup accepts none and the default ones: Aurora PostgreSQL has no options.
func isOptionGroup(name string) bool {
	return name == "" || strings.HasPrefix(name, "default:"+engine)
}

func noOptionGroup(name string) error {
	return notFound("OptionGroupNotFoundFault", "Specified OptionGroupName: %s not found.", name)
}
