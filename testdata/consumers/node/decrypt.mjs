// Decrypts stream records with AWS's Encryption SDK for JavaScript.
//
// Standard input: one JSON object a line, {"key": data key in the clear,
// "message": databaseActivityEvents of the record}, both base64.
// Standard output: the decrypted DatabaseActivityMonitoringRecord, one a line.
import { createInterface } from 'node:readline'
import { gunzipSync } from 'node:zlib'
import {
  buildDecrypt,
  CommitmentPolicy,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier
} from '@aws-crypto/client-node'

// Records use a suite without key commitment: the SDK's default policy refuses them.
const { decrypt } = buildDecrypt(CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)

for await (const line of createInterface({ input: process.stdin })) {
  const { key, message } = JSON.parse(line)
  const keyring = new RawAesKeyringNode({
    keyNamespace: 'BC',
    keyName: 'DataKey',
    // The SDK wants memory of its own, not a slice of Node's shared pool.
    unencryptedMasterKey: Uint8Array.from(Buffer.from(key, 'base64')),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING
  })
  const { plaintext } = await decrypt(keyring, Buffer.from(message, 'base64'))
  console.log(gunzipSync(plaintext).toString('utf8'))
}
