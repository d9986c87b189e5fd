package access

import (
	"net/http"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/sigv4"
)

// The services of the JSON protocol and those of the query protocol have different
// names for the same errors. See
// https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html and
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html.

// speaksJSON reports whether a service's calls are told by X-Amz-Target.
func speaksJSON(service string) bool { return service == "kinesis" || service == "kms" }

func failure(service, code, jsonCode, message string) error {
	if speaksJSON(service) {
		return &awsapi.Error{Code: jsonCode, Message: message}
	}
	return &awsapi.Error{Code: code, Message: message, Status: http.StatusForbidden}
}

func signatureError(service string, e *sigv4.Error) error {
	switch e.Kind {
	case sigv4.Missing:
		if speaksJSON(service) {
			return failure(service, "", "MissingAuthenticationTokenException", "Missing Authentication Token")
		}
		return failure(service, "MissingAuthenticationToken", "", "Request is missing Authentication Token")
	case sigv4.Incomplete:
		err := &awsapi.Error{Code: "IncompleteSignature", Message: e.Message}
		if speaksJSON(service) {
			err.Code += "Exception"
		}
		return err
	}
	return failure(service, "SignatureDoesNotMatch", "InvalidSignatureException", e.Message)
}

func invalidToken(service string) error {
	return failure(service, "InvalidClientTokenId", "UnrecognizedClientException", "The security token included in the request is invalid.")
}

func expiredToken(service string) error {
	return failure(service, "ExpiredToken", "ExpiredTokenException", "The security token included in the request is expired")
}

func denied(service, message string) error {
	return failure(service, "AccessDenied", "AccessDeniedException", message)
}
