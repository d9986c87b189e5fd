// Package esdk writes and reads messages of the AWS Encryption SDK, format
// version 1, in the two algorithm suites that activity streams use.
//
//	header   version, type, suite, message ID, encryption context,
//	         encrypted data keys, content type, frame length
//	         + IV and tag over all of that
//	body     frame 1 … final frame, each: number, IV, ciphertext, tag
//	footer   ECDSA signature over header and body; suite 0x0378 only
//
//	wrapping key ──AES-GCM──▶ data key (in the header)
//	                             │ HKDF(suite, message ID)
//	                             ▼
//	                          content key ──AES-GCM──▶ header tag, frames
//
// The data key is new for every message and wrapped as the SDK's raw AES
// keyring (Java: JceMasterKey, Python: RawMasterKeyProvider) wraps it. The
// suites do not commit to a key, so a client reads these messages only under a
// commitment policy that allows it, as with the real service.
//
// The reader takes hostile bytes: it allocates no more than the message is
// long, authenticates everything, and returns nothing of a message of which
// one bit is wrong.
//
// See https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html
package esdk
