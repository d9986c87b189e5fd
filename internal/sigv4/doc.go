// Package sigv4 checks Signature Version 4 of requests: the Authorization header's
// form and the presigned one.
//
//	Read(request) ──▶ Signature: access key, scope, time ──Check(request, body, …)──▶ nil, or *Error
//
// The payload's hash is always that of the body: UNSIGNED-PAYLOAD and the streaming
// forms are Amazon S3's alone. Nothing is kept of a request; replays within the
// tolerated time pass, as they do at AWS.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
package sigv4
