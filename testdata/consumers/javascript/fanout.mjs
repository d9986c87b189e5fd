// A consumer with enhanced fan-out on AWS's SDK for JavaScript, whose Kinesis client
// speaks HTTP/2, in the clear too: node fanout.mjs ENDPOINT REGION STREAM
//
// It prints the activity events of all shards, and subscribes again when a
// subscription ends.
import * as sdk from '@aws-crypto/client-node'
import {
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  ListShardsCommand,
  RegisterStreamConsumerCommand,
  SubscribeToShardCommand
} from '@aws-sdk/client-kinesis'
import { connect } from './events.mjs'

const [endpoint, region, stream] = process.argv.slice(2)
const { kinesis, print } = connect(sdk, endpoint, region, stream)
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
