package rdsapi

import (
	"net/http"

	"github.com/das-local/das-local/internal/awsapi"
)

func notFound(code, format string, args ...any) error {
	e := awsapi.Errorf(code, format, args...)
	e.Status = http.StatusNotFound
	return e
}

func clusterNotFound(id string) error {
	return notFound("DBClusterNotFoundFault", "DBCluster %s not found.", id)
}

func instanceNotFound(id string) error {
	return notFound("DBInstanceNotFound", "DBInstance %s not found.", id)
}

func clusterState(format string, args ...any) error {
	return awsapi.Errorf("InvalidDBClusterStateFault", format, args...)
}

func clusterExists() error {
	return awsapi.Errorf("DBClusterAlreadyExistsFault", "DB Cluster already exists")
}

func instanceExists() error {
	return awsapi.Errorf("DBInstanceAlreadyExists", "DB instance already exists")
}

func instanceState(format string, args ...any) error {
	return awsapi.Errorf("InvalidDBInstanceState", format, args...)
}

func invalidValue(format string, args ...any) error {
	return awsapi.Errorf("InvalidParameterValue", format, args...)
}

func invalidCombination(format string, args ...any) error {
	return awsapi.Errorf("InvalidParameterCombination", format, args...)
}

func missing(parameter string) error {
	return awsapi.Errorf("MissingParameter", "The request must contain the parameter %s", parameter)
}

func keyNotAccessible(id string) error {
	return awsapi.Errorf("KMSKeyNotAccessibleFault",
		"The specified KMS key [%s] does not exist, is not enabled or you do not have permissions to access it.", id)
}

// managedKeyRefused answers alias/aws/rds: an activity stream needs a key of
// the customer's own.
func managedKeyRefused(id string) error {
	return awsapi.Errorf("KMSKeyNotAccessibleFault",
		"The specified KMS key [%s] can't be used for a database activity stream: choose a customer managed key other than the default key.", id)
}

// unsupportedConfiguration begins with the sentence that AWS documents.
func unsupportedConfiguration(why string) error {
	return invalidCombination("You can't start a database activity stream in this configuration: %s", why)
}

// streamExpected is RDS's text for a stream in the wrong status; Terraform
// matches on it.
func streamExpected(want, is string) error {
	return invalidCombination("Activity Streams feature expected to be %s, but is %s", want, is)
}
