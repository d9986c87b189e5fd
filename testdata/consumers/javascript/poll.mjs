// A consumer on AWS's SDK for JavaScript that polls: node poll.mjs ENDPOINT REGION
// STREAM ENCRYPTION-SDK, the last being the package's name.
//
// It prints the activity events of all shards from their beginning, and goes on with a
// shard's children where the shard ends.
import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from './events.mjs'

const [endpoint, region, stream, encryptionSDK] = process.argv.slice(2)
const { kinesis, print } = connect(await import(encryptionSDK), endpoint, region, stream)

const known = new Set() // shards that are followed: a merged one has two parents

function follow (shard) {
  if (known.has(shard)) return
  known.add(shard)
  read(shard).catch(err => { console.error(shard, err); process.exit(1) })
}

async function read (shard) {
  const first = { StreamName: stream, ShardId: shard, ShardIteratorType: 'TRIM_HORIZON' }
  let { ShardIterator: next } = await kinesis.send(new GetShardIteratorCommand(first))
  while (next) {
    const out = await kinesis.send(new GetRecordsCommand({ ShardIterator: next }))
    for (const record of out.Records) await print(record.Data)
    out.ChildShards?.forEach(child => follow(child.ShardId))
    next = out.NextShardIterator
    if (next && out.Records.length === 0) await pause(250) // five reads a second are allowed
  }
}

const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName: stream, ShardFilter: { Type: 'AT_TRIM_HORIZON' } }))
Shards.forEach(shard => follow(shard.ShardId))
