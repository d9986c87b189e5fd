// Package awsapi speaks the AWS service protocols on the server's side: JSON
// 1.1, CBOR 1.1 and Query/XML, with AWS's error shapes, ARNs and request ids.
//
//	HTTP request ──Mux──▶ service (by X-Amz-Target, else by the credential
//	   scope's service and the Action parameter) ──decode──▶ Operation
//	HTTP response ◀──encode── output, or *Error
//
// An Operation sees plain Go structs and never a wire format.
package awsapi
