// Package contract makes bad requests of AWS's service models, for tests.
//
//	botocore's service-2.json ──Load──▶ Model ──Valid──▶ the least that an operation takes
//	                                          ──Bad────▶ the same with one thing wrong each
//
// What is wrong is a member that lacks, has another type, or is outside of its
// length, range, pattern or enumeration; or the body is not JSON or CBOR at all. A
// server must answer each with a client error of AWS's shape (Check, Try), whatever it
// holds.
//
// The models are those of the botocore that python3 has: they are AWS's and change,
// so they are looked up and not kept here.
//
// See https://smithy.io/2.0/spec/constraint-traits.html
package contract
