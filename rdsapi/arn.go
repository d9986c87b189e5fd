package rdsapi

import (
	"regexp"
	"strings"

	"github.com/das-local/das-local/internal/awsapi"
)

func (s *Server) arn(kind, id string) string {
	return awsapi.ARN{Service: "rds", Region: s.cfg.Region, AccountID: s.cfg.AccountID, Resource: kind + ":" + id}.String()
}

// identifier takes the ARN off an identifier, which may be one: kind is
// "cluster" or "db", parameter is for the error. Identifiers have no case.
func (s *Server) identifier(given, kind, parameter string) (string, error) {
	if !strings.HasPrefix(given, "arn:") {
		return strings.ToLower(given), nil
	}
	actual, id, ok := s.splitARN(given)
	switch {
	case !ok:
		return "", invalidValue("Invalid ARN: %s", given)
	case actual != kind:
		return "", invalidValue("The provided ARN (%s) is invalid for this parameter (%s). Expected type = %s, actual type = %s",
			given, parameter, kind, actual)
	}
	return strings.ToLower(id), nil
}

// splitARN returns type and identifier of an RDS ARN. That of another Region or
// account keeps its whole text as the identifier, so that it is not found.
func (s *Server) splitARN(text string) (kind, id string, ok bool) {
	a, err := awsapi.ParseARN(text)
	if err != nil || a.Service != "rds" {
		return "", "", false
	}
	kind, id, ok = strings.Cut(a.Resource, ":")
	id = strings.ToLower(id)
	if ok && (a.Region != s.cfg.Region || a.AccountID != s.cfg.AccountID) {
		id = text
	}
	return kind, id, ok && kind != "" && id != ""
}

// findCluster finds a cluster by identifier or ARN. The lock is held.
func (s *Server) findCluster(given, parameter string) (*cluster, error) {
	id, err := s.identifier(given, "cluster", parameter)
	if err != nil {
		return nil, err
	}
	if c := s.clusters[id]; c != nil {
		return c, nil
	}
	return nil, clusterNotFound(given)
}

// findInstance finds an instance by identifier or ARN. The lock is held.
func (s *Server) findInstance(given, parameter string) (*instance, error) {
	id, err := s.identifier(given, "db", parameter)
	if err != nil {
		return nil, err
	}
	if i := s.instances[id]; i != nil {
		return i, nil
	}
	return nil, instanceNotFound(given)
}

var isIdentifier = regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`).MatchString

// newIdentifier checks the identifier of something new.
func newIdentifier(given, parameter string) (string, error) {
	id := strings.ToLower(given)
	if len(id) > 63 || !isIdentifier(id) {
		return "", invalidValue("The parameter %s is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.", parameter)
	}
	return id, nil
}
