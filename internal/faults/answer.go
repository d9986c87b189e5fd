package faults

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Answer is the error that a call is answered with. It says that it is made up.
type Answer struct {
	Code    string
	Message string
	Status  int // of HTTP
}

// kinesisDenials are the errors of a key that can't be used: KMS's codes, and those
// with which Kinesis passes them on.
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
var kinesisDenials = map[string]string{
	"AccessDeniedException":    "KMSAccessDeniedException",
	"DisabledException":        "KMSDisabledException",
	"KMSInvalidStateException": "KMSInvalidStateException",
	"NotFoundException":        "KMSNotFoundException",
}

func denials() []string {
	var codes []string
	for code := range kinesisDenials {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// answer words the error of a rule that hits a call.
func (r *rule) answer(c Call) *Answer {
	a := &Answer{Status: http.StatusBadRequest}
	switch r.Kind {
	case Throttle:
		a.Code, a.Message = throttleCode(c), "Rate exceeded"
	case KMSDenied:
		a.Code, a.Message = r.Error, fmt.Sprintf("The key can't be used for %s:%s.", c.Service, c.Operation)
		if c.Service == "kinesis" {
			a.Code = kinesisDenials[r.Error]
		}
	default:
		a.Code, a.Message, a.Status = internalCode(c), "Internal service failure.", http.StatusInternalServerError
	}
	a.Message += fmt.Sprintf(" (das-local fault %d)", r.ID)
	return a
}

// throttleCode is each service's own word. Kinesis has one for the calls that move
// records and another for those that manage streams.
func throttleCode(c Call) string {
	switch c.Service {
	case "kinesis":
		switch {
		case strings.HasPrefix(c.Operation, "PutRecord"), strings.HasPrefix(c.Operation, "Get"):
			return "ProvisionedThroughputExceededException"
		}
		return "LimitExceededException"
	case "kms":
		return "ThrottlingException"
	}
	return "Throttling"
}

func internalCode(c Call) string {
	switch c.Service {
	case "kinesis":
		return "InternalFailureException"
	case "kms":
		return "KMSInternalException"
	}
	return "InternalFailure"
}
