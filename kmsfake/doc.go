// Package kmsfake is a Key Management Service, whole enough that a client cannot
// tell the difference: key forms, key states, grants, encryption contexts and error
// texts are those of AWS.
//
//	aws kms decrypt ──▶ awsapi ──▶ model.json ──▶ Server ──▶ store: keys, materials,
//	                               (validation)     ▲              aliases, grants
//	GenerateDataKey, Decrypt, GrantAllows (Go) ─────┘         │
//	                                                          ▼
//	             blob: AES-256-GCM under a key of its own for each blob,
//	             in the form and size that KMS's ciphertext blobs have
//
// With Config.Store all of it is on disk, in the clear, before an operation answers.
// Else keys never leave the process. They are never logged. What decrypts a blob is
// the key's material, so a key that is made again with the same id and material
// (KeyOptions) opens what the former one sealed.
//
// Who may use a key is not decided here. GrantAllows and Access say what grants, key
// policies and tags have to say about it.
//
// See https://docs.aws.amazon.com/kms/latest/APIReference/
package kmsfake
