// What the consumers beside it share: AWS's clients, and a stream record's way to its
// activity events, which are printed one a line, heartbeats left out.
import { gunzipSync } from 'node:zlib'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { DecryptCommand, KMSClient } from '@aws-sdk/client-kms'

// connect is the Kinesis client of a stream and the function that prints a record's
// data. sdk is the Encryption SDK, of any version that has commitment policies.
export function connect (sdk, endpoint, region, stream) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const kms = new KMSClient({ endpoint, region, credentials })
  const policy = sdk.CommitmentPolicy
  const { decrypt } = sdk.buildDecrypt(policy.REQUIRE_ENCRYPT_ALLOW_DECRYPT ?? policy.FORBID_ENCRYPT_ALLOW_DECRYPT)
  const context = { 'aws:rds:dbc-id': stream.replace('aws-rds-das-', '') }
  const keys = new Map() // data keys by their ciphertext, as promises

  function dataKey (blob) {
    if (!keys.has(blob)) {
      const command = new DecryptCommand({ CiphertextBlob: Buffer.from(blob, 'base64'), EncryptionContext: context })
      keys.set(blob, kms.send(command).then(out => out.Plaintext))
    }
    return keys.get(blob)
  }

  async function print (data) {
    const record = JSON.parse(Buffer.from(data).toString('utf8'))
    const keyring = new sdk.RawAesKeyringNode({
      keyNamespace: 'BC',
      keyName: 'DataKey',
      unencryptedMasterKey: Uint8Array.from(await dataKey(record.key)),
      wrappingSuite: sdk.RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING
    })
    const { plaintext } = await decrypt(keyring, Buffer.from(record.databaseActivityEvents, 'base64'))
    for (const event of JSON.parse(gunzipSync(plaintext).toString('utf8')).databaseActivityEventList) {
      if (event.type !== 'heartbeat') console.log(JSON.stringify(event))
    }
  }

  return { kinesis: new KinesisClient({ endpoint, region, credentials }), print }
}
