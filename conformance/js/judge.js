// Answers requests for one version of the AWS Encryption SDK for JavaScript.
//
//   node judge.js client-node-5
//
// The line protocol is the one that judge_test.go describes.
'use strict'
const readline = require('readline')
const sdk = require(process.argv[2])

const suites = {
  '0x0178': sdk.AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA256,
  '0x0378': sdk.AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384
}

function keyring (keyName, key) {
  return new sdk.RawAesKeyringNode({
    keyName,
    keyNamespace: 'BC',
    unencryptedMasterKey: new Uint8Array(key),
    wrappingSuite: sdk.RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING
  })
}

async function answer (line) {
  const [op, policy, suite, frame, key64, context, data64] = line.split('\t')
  const client = sdk.buildClient(sdk.CommitmentPolicy[policy])
  const key = Buffer.from(key64, 'base64')
  const data = Buffer.from(data64, 'base64')
  let ring = keyring('DataKey', key)
  if (op === 'decrypt') {
    return (await client.decrypt(ring, data)).plaintext
  }
  if (op === 'encrypt-two-keys') {
    ring = new sdk.MultiKeyringNode({ generator: keyring('Other', Buffer.alloc(32, 9)), children: [ring] })
  }
  const encryptionContext = {}
  for (const pair of context ? context.split(',') : []) {
    const [k, v] = pair.split('=')
    encryptionContext[k] = v
  }
  const { result } = await client.encrypt(ring, data, {
    suiteId: suites[suite],
    encryptionContext,
    frameLength: Number(frame)
  })
  return result
}

async function main () {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let reply
    try {
      reply = 'ok\t' + Buffer.from(await answer(line)).toString('base64')
    } catch (e) {
      reply = 'error\t' + String(e.message || e).replace(/\s+/g, ' ')
    }
    process.stdout.write(reply + '\n')
  }
}
main()
