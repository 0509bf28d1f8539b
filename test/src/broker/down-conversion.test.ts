/** Consumers and producers of older releases at a cluster of a newer one. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ErrorCode, type FetchPartitionResult } from '../../../src/protocol/index.ts'
import { batchesOf } from '../../../src/storage/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import { ClusterHarness, consumer, producer, topic } from './cluster-harness.ts'

interface Setting {
  readonly protocol: PresetName
  readonly producerRelease?: PresetName
  readonly config?: Record<string, unknown>
  readonly codec?: string
}

/** A cluster that three messages were sent to. */
function clusterWith({ protocol, producerRelease, config = {}, codec = 'none' }: Setting): ClusterHarness {
  const release = producerRelease === undefined ? {} : { release: producerRelease }
  const p1 = { ...producer('p1', -1, { 'compression.codec': codec }), ...release }
  const plan = { protocol, topics: [topic({ config })], clients: [p1] }
  const harness = ClusterHarness.ready({ plan })
  for (const message of ['m1', 'm2', 'm3']) {
    expect(harness.outcome('p1', message)).toBe('acked')
  }
  harness.runFor(2000)
  return harness
}

function fetched(harness: ClusterHarness, version: number | undefined, maxBytes = 100_000, fetchOffset = 0) {
  const answer = harness.answer('b1', {
    api: 'Fetch',
    correlationId: 1,
    clientId: 'probe',
    ...(version === undefined ? {} : { version }),
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 0,
    partitions: [{ topic: 'orders', partition: 0, fetchOffset, maxBytes }],
  })
  return answer.partitions[0]!
}

const magics = ({ records }: FetchPartitionResult) => [...batchesOf(records)].map(({ magic }) => magic)
const values = ({ records }: FetchPartitionResult) =>
  [...batchesOf(records)].flatMap((batch) => batch.records().map(({ offset, value }) => [offset, value?.length]))
const THREE = [
  [0, 2],
  [1, 2],
  [2, 2],
]

describe('a fetch of an old version', () => {
  test.each([
    ['0.9', 1, 0],
    ['0.10.2', 0, 0],
    ['0.10.2', 1, 0],
    ['0.10.2', 2, 1],
    ['0.11', 0, 0],
    ['0.11', 3, 1],
    ['0.11', 4, 2],
    ['2.4', 1, 0],
    ['2.4', 2, 1],
    ['3.7', 3, 1],
    ['3.7', undefined, 2],
  ] as const)('from a log of %s, in version %s, gets format %i', (protocol, version, magic) => {
    const result = fetched(clusterWith({ protocol }), version)
    expect(new Set(magics(result))).toEqual(new Set([magic]))
    expect(values(result)).toEqual(THREE)
  })

  test('gets compressed messages in the same codec', () => {
    const harness = clusterWith({ protocol: '2.4', codec: 'gzip' })
    const result = fetched(harness, 1)
    expect([...batchesOf(result.records)].map(({ codecId, magic }) => [codecId, magic])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ])
    expect(values(result)).toEqual(THREE)
  })

  test('that reads from the middle begins there', () => {
    expect(values(fetched(clusterWith({ protocol: '2.4' }), 1, 100_000, 1))).toEqual(THREE.slice(1))
  })

  test('never gets more than whole entries of the old format, or what cannot be read for being cut off', () => {
    const harness = clusterWith({ protocol: '2.4' })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.constantFrom(0, 2, 3), (maxBytes, version) => {
        const result = fetched(harness, version, maxBytes)
        const plain = fetched(harness, undefined, maxBytes)
        expect(values(result)).toEqual(values(plain))
        if (values(plain).length === 0) expect(result.records).toEqual(plain.records)
        else for (const magic of magics(result)) expect(magic).toBeLessThanOrEqual(1)
      }),
      { numRuns: 40 },
    )
  })

  test('of a topic whose format was lowered gets what is there, converted or not, as in Kafka', () => {
    const harness = clusterWith({ protocol: '2.4', config: { 'message.format.version': '0.9.0' } })
    expect(magics(fetched(harness, 0))).toEqual([0, 0, 0])
    expect(magics(fetched(harness, undefined))).toEqual([0, 0, 0])
  })

  test('is refused with error 35 where message.downconversion.enable is off, from 2.0 on', () => {
    const config = { 'message.downconversion.enable': false }
    const refused = fetched(clusterWith({ protocol: '2.0', config }), 3)
    expect(refused).toMatchObject({ errorCode: ErrorCode.UnsupportedVersion, highWatermark: -1 })
    expect(refused.records).toHaveLength(0)
    expect(values(fetched(clusterWith({ protocol: '2.0', config }), 4))).toEqual(THREE)
    expect(values(fetched(clusterWith({ protocol: '1.1', config }), 3))).toEqual(THREE)
  })

  test('before version 10 is refused with error 76 by a topic of zstd', () => {
    const harness = clusterWith({ protocol: '2.1', config: { 'compression.type': 'zstd' } })
    expect(fetched(harness, 9).errorCode).toBe(ErrorCode.UnsupportedCompressionType)
    expect(values(fetched(harness, 10))).toEqual(THREE)
  })
})

describe('clients of an older release', () => {
  test('produce and read at brokers of a newer one', () => {
    const p1 = { ...producer('p1', -1), release: '0.8.2' as const }
    const c1 = consumer('c1', { release: '0.8.2' } as object)
    const plan = { protocol: '2.4' as const, topics: [topic()], clients: [p1, c1] }
    const harness = ClusterHarness.ready({ plan })
    expect(harness.outcome('p1', 'm1')).toBe('acked')
    const read = harness.event('MessagesRead', ({ client }) => client === 'c1')
    expect(read.messages).toMatchObject([{ offset: 0, value: 'm1' }])
    // The log holds the format of the brokers.
    expect(magics(fetched(harness, undefined))).toEqual([2])
  })

  test('know the fetches of their time: one version for each preset, never falling', async () => {
    const { fetchVersions } = await import('../../../src/client/index.ts')
    const versions = Object.keys(presets).map((name) => fetchVersions[name as PresetName])
    expect(versions).toEqual([...versions].sort((a, b) => a - b))
  })
})
