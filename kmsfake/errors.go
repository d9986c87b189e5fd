package kmsfake

import "github.com/das-local/das-local/internal/awsapi"

// KMS has one status for all client errors: 400.

func notFoundKey(arn string) error {
	return awsapi.Errorf("NotFoundException", "Key '%s' does not exist", arn)
}

func notFoundAlias(arn string) error {
	return awsapi.Errorf("NotFoundException", "Alias %s is not found.", arn)
}

func invalidKeyID(id string) error {
	return awsapi.Errorf("NotFoundException", "Invalid keyId '%s'", id)
}

// wrongRegion answers an ARN of another Region, which the message names.
func wrongRegion(region string) error {
	return awsapi.Errorf("NotFoundException", "Invalid arn %s", region)
}

func disabled(arn string) error {
	return awsapi.Errorf("DisabledException", "%s is disabled.", arn)
}

func pendingDeletion(arn string) error {
	return awsapi.Errorf("KMSInvalidStateException", "%s is pending deletion.", arn)
}

func pendingReplicas(arn string) error {
	return awsapi.Errorf("KMSInvalidStateException", "%s is pending replica deletion.", arn)
}

func pendingImport(arn string) error {
	return awsapi.Errorf("KMSInvalidStateException", "%s is pending import.", arn)
}

func notPendingDeletion(arn string) error {
	return awsapi.Errorf("KMSInvalidStateException", "%s is not pending deletion.", arn)
}

// invalidCiphertext has no message: KMS does not tell a wrong encryption
// context from a forged blob.
func invalidCiphertext() error { return &awsapi.Error{Code: "InvalidCiphertextException"} }

func incorrectKey() error {
	return awsapi.Errorf("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
}

func invalidKeyUsage(k *key, operation string) error {
	return awsapi.Errorf("InvalidKeyUsageException", "%s key usage is %s which is not valid for %s.", k.arn, k.usage, operation)
}

// wrongAlgorithm answers an algorithm that keys of the spec do not have.
func wrongAlgorithm(algorithm, spec string) error {
	return awsapi.Errorf("InvalidKeyUsageException", "Algorithm %s is incompatible with key spec %s.", algorithm, spec)
}

// wrongOrigin answers an operation on key material that came in another way.
func wrongOrigin(k *key) error {
	return unsupported("%s origin is %s which is not valid for this operation.", k.arn, k.origin)
}

func invalidARN(arn string) error {
	return awsapi.Errorf("InvalidArnException", "Invalid ARN: %s", arn)
}

func limitExceeded(format string, args ...any) error {
	return awsapi.Errorf("LimitExceededException", format, args...)
}

func dryRun() error {
	return awsapi.Errorf("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
}

// accessDenied is what an AWS managed key answers to all but its own service.
func accessDenied(account, operation, arn string) error {
	return awsapi.Errorf("AccessDeniedException",
		"User: arn:aws:iam::%s:root is not authorized to perform: kms:%s on resource: %s", account, operation, arn)
}

func validation(format string, args ...any) error {
	return awsapi.Errorf("ValidationException", format, args...)
}

func invalidMarker() error { return &awsapi.Error{Code: "InvalidMarkerException"} }

func duplicateTags() error { return awsapi.Errorf("TagException", "Duplicate tag keys") }

func unsupported(format string, args ...any) error {
	return awsapi.Errorf("UnsupportedOperationException", format, args...)
}
