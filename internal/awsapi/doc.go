// Package awsapi speaks the AWS service protocols on the server's side: JSON
// 1.1, CBOR 1.1 and Query/XML, with AWS's error shapes, ARNs and request ids.
//
//	HTTP request ──NewHandler──▶ service (by X-Amz-Target, else by the credential
//	   scope's service and the Action parameter) ──decode──▶ Operation
//	HTTP response ◀──encode── output, or *Error
//
// An Operation sees plain Go structs and never a wire format.
//
// See https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html and
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html; AWS publishes
// nothing about CBOR 1.1.
package awsapi
