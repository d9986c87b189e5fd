// Package access lets calls through or refuses them: who signed, and whether IAM's
// policies, key policies, grants and stream policies allow it.
//
//	call ──▶ Guard.Admit ──sigv4──▶ iam.Identity ──▶ needs of the call (action, resource,
//	                                                 condition keys) ──iam.Decide──▶ nil or AccessDenied
//	the emulator's own use of keys ──▶ Service.MayUse (as rds.amazonaws.com)
//	STS ──▶ GetCallerIdentity
//
// Which resources and condition keys an action has is what the Service Authorization
// Reference says. See
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html and
// its neighbours for KMS and Kinesis.
package access
