// Package kmsfake is a Key Management Service with symmetric keys, enough of it
// that a consumer of an activity stream cannot tell the difference: key forms,
// key states, encryption contexts and error texts are those of AWS.
//
//	aws kms decrypt ──▶ awsapi ──▶ Server ──▶ store: keys, aliases, materials
//	GenerateDataKey, Decrypt (Go) ──▶┘            │
//	                                              ▼
//	             blob: AES-256-GCM under a key of its own for each blob,
//	             in the form and size that KMS's ciphertext blobs have
//
// With Config.Store keys and aliases are on disk, in the clear, before an operation
// answers. Else keys never leave the process. They are never logged. What decrypts a blob is the
// key's material, so a key that is made again with the same id and material
// (KeyOptions) opens what the former one sealed.
//
// Asymmetric and HMAC keys exist as metadata only, so that a caller that must
// refuse them can be tested.
//
// See https://docs.aws.amazon.com/kms/latest/APIReference/
package kmsfake
