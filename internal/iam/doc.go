// Package iam decides whether a principal may do something, by the policies of
// AWS Identity and Access Management.
//
//	account file ──Load──▶ Account ──Key(access key)──▶ *Identity
//	policy text  ──Parse─▶ *Document                       │
//	Request{Principal, Action, Resource, Context} ──Decide(request, subject, resource policy)──▶ Decision
//
// An explicit deny anywhere wins. Otherwise a resource policy that names the
// principal allows; else the identity's policies must allow, within the permissions
// boundary, and for KMS the key policy must let the account's policies count.
// Service control policies and session policies do not exist here.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
package iam
