// Package conformance has AWS's own Encryption SDKs judge the messages that
// das-local writes, and das-local read the messages that they write.
//
//	           encrypt                                decrypt
//	internal/esdk ──▶ Go 0.4, JavaScript 1 and 5, Python 1, 3 and 4, Java 1 and 3
//	internal/esdk ◀── the same
//
// It is a module of its own: AWS's SDK for Go takes minutes to build and is no
// part of the product. The script run, beside this file, fetches the other
// SDKs in the versions that are written down here and runs the tests:
//
//	conformance/run
//
// A missing SDK fails the tests; nothing is skipped.
//
// See https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/programming-languages.html
package conformance
