/** Settings of messages, from the topic's node in ZooKeeper to the bytes on every replica. */
import { describe, expect, test } from 'vitest'
import { type Batch, batchesOf } from '../../../src/storage/index.ts'
import type { PresetName } from '../../../src/versions.ts'
import { ClusterHarness, producer, topic } from '../broker/cluster-harness.ts'

const LOG = 'orders-0/00000000000000000000.log'

/** What the followers have on disk when a producer has sent a message through the leader. */
function written(protocol: PresetName, config: Record<string, unknown>): readonly Batch[] {
  const clients = [producer('p1', -1)]
  const harness = ClusterHarness.ready({ plan: { protocol, topics: [topic({ config })], clients } })
  expect(harness.outcome('p1', 'm1')).toBe('acked')
  const [first, ...others] = ['b1', 'b2', 'b3'].map((broker) => {
    const file = harness.world.machine(broker).disk.open(LOG, { create: false })
    const bytes = new Uint8Array(file.size())
    file.read(0, bytes, 0, bytes.length)
    return bytes
  })
  for (const other of others) expect(other).toEqual(first)
  const batches = [...batchesOf(first!)]
  expect(batches.flatMap((batch) => batch.records().map(({ offset }) => offset))).toEqual([0])
  return batches
}

describe('a topic', () => {
  test.each(['0.9', '0.10.2', '1.1', '4.1'] as const)('is compressed as it says, in %s', (protocol) => {
    expect(written(protocol, {}).map(({ codecId }) => codecId)).toEqual([0])
    expect(written(protocol, { 'compression.type': 'gzip' }).map(({ codecId }) => codecId)).toEqual([1])
  })

  test.each([
    ['0.8.2', '0.8.2', 0],
    ['0.10.2', '0.9.0', 0],
    ['0.10.2', '0.10.0', 1],
    ['0.11', '0.10.2', 1],
    ['2.8', '0.9.0', 0],
    ['2.8', '2.4', 2],
    ['3.3', '0.10.2', 2],
  ] as const)('of %s whose format is that of %s holds messages of format %i', (protocol, version, magic) => {
    expect(written(protocol, { 'message.format.version': version }).map((batch) => batch.magic)).toEqual([magic])
  })

  test.each(['0.10.2', '2.4', '3.7'] as const)('of %s has the time of the append, if it says so', (protocol) => {
    const [batch] = written(protocol, { 'message.timestamp.type': 'LogAppendTime' })
    expect(batch!.timestampType).toBe('LogAppendTime')
    expect(batch!.maxTimestamp).toBeGreaterThan(0)
  })
})
