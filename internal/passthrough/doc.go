// Package passthrough relays the calls of services that are not served here to
// another endpoint, such as LocalStack, DynamoDB Local or moto's server.
//
//	request ──▶ Handler ──service (X-Amz-Target, credential scope, host)──▶ served here: next handler
//	                                                                     └─▶ else: the endpoint, or an
//	                                                                         error that names the flag
//
// What is relayed is streamed in both directions and not changed: its signature
// still holds, since the Host header stays.
package passthrough
