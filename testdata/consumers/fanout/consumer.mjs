// A consumer with enhanced fan-out on AWS's SDK for JavaScript, whose Kinesis client
// speaks HTTP/2, in the clear too: node consumer.mjs ENDPOINT REGION STREAM
//
// It prints the activity events of all shards, one a line, heartbeats left out, and
// subscribes again when a subscription ends.
import { gunzipSync } from 'node:zlib'
import {
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  RegisterStreamConsumerCommand,
  SubscribeToShardCommand
} from '@aws-sdk/client-kinesis'
import { DecryptCommand, KMSClient } from '@aws-sdk/client-kms'
import {
  buildDecrypt,
  CommitmentPolicy,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier
} from '@aws-crypto/client-node'

const [endpoint, region, stream] = process.argv.slice(2)
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const kinesis = new KinesisClient({ endpoint, region, credentials })
const kms = new KMSClient({ endpoint, region, credentials })
const { decrypt } = buildDecrypt(CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
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
  const keyring = new RawAesKeyringNode({
    keyNamespace: 'BC',
    keyName: 'DataKey',
    unencryptedMasterKey: Uint8Array.from(await dataKey(record.key)),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING
  })
  const { plaintext } = await decrypt(keyring, Buffer.from(record.databaseActivityEvents, 'base64'))
  for (const event of JSON.parse(gunzipSync(plaintext).toString('utf8')).databaseActivityEventList) {
    if (event.type !== 'heartbeat') console.log(JSON.stringify(event))
  }
}

const known = new Set() // shards that are followed
let consumer

function follow (shard) {
  if (known.has(shard)) return
  known.add(shard)
  read(shard).catch(err => { console.error(shard, err); process.exit(1) })
}

// read is one shard from its beginning to its end, over as many subscriptions as that
// takes.
async function read (shard) {
  let position = { Type: 'TRIM_HORIZON' }
  for (;;) {
    const out = await kinesis.send(new SubscribeToShardCommand({ ConsumerARN: consumer, ShardId: shard, StartingPosition: position }))
    for await (const { SubscribeToShardEvent: event } of out.EventStream) {
      for (const record of event.Records) await print(record.Data)
      if (event.ChildShards?.length) {
        event.ChildShards.forEach(child => follow(child.ShardId))
        return
      }
      position = { Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: event.ContinuationSequenceNumber }
    }
  }
}

const { StreamDescriptionSummary: { StreamARN } } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: stream }))
const { Consumer: { ConsumerARN } } = await kinesis.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: 'javascript' }))
consumer = ConsumerARN
for (;;) {
  const { ConsumerDescription } = await kinesis.send(new DescribeStreamConsumerCommand({ ConsumerARN }))
  if (ConsumerDescription.ConsumerStatus === 'ACTIVE') break
  await new Promise(resolve => setTimeout(resolve, 100))
}
const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName: stream, ShardFilter: { Type: 'AT_TRIM_HORIZON' } }))
Shards.forEach(shard => follow(shard.ShardId))
