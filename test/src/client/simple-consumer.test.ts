import { describe, expect, it } from 'vitest'
import { SimpleConsumerProcess } from '../../../src/client/index.ts'
import { configValues, partitionConsumerConfigTable } from '../../../src/config/index.ts'
import { Digest, utf8 } from '../../../src/host/index.ts'
import { ErrorCode } from '../../../src/protocol/index.ts'
import { buildMessageSet } from '../../../src/storage/index.ts'
import { ClientWorld, endpoint, Script } from './scripted-broker.ts'

const log = (...names: string[]): Uint8Array[] =>
  names.map((name, offset) => buildMessageSet([{ key: utf8(`k${offset}`), value: utf8(`${name}\n....`) }], offset))

const concatenate = (parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const none = new Uint8Array(0)
const data = (entries: readonly Uint8Array[], offset: number) => ({
  errorCode: ErrorCode.NoError,
  highWatermark: entries.length,
  records: concatenate(entries.slice(offset)),
})
const failure = (errorCode: ErrorCode) => ({ errorCode, highWatermark: -1, records: none })

interface Setup {
  readonly from?: number | 'earliest' | 'latest'
  readonly leaders?: readonly number[]
  readonly broker?: number
  readonly config?: Readonly<Record<string, unknown>>
}

function consumer(setup: Setup = {}): ClientWorld {
  const script = new Script(2, setup.leaders ?? [1])
  const config = configValues(partitionConsumerConfigTable, setup.config ?? {})
  const { from = 0 } = setup
  const broker = setup.broker === undefined ? {} : { broker: endpoint(setup.broker) }
  const options = {
    name: 'p1',
    bootstrap: script.brokers.map(endpoint),
    config,
    topic: 'orders',
    partition: 0,
    from,
    ...broker,
  }
  return new ClientWorld(script, (host) => new SimpleConsumerProcess(host, options))
}

const values = (world: ClientWorld): Array<string | null> =>
  world.of('MessagesRead').flatMap((event) => event.messages.map((m) => m.value))
const offsets = (world: ClientWorld): number[] =>
  world.of('MessagesRead').flatMap((event) => event.messages.map((m) => m.offset))

describe('the simple consumer', () => {
  it('finds the leader, reads from its offset and goes on behind the last message', () => {
    const world = consumer({ from: 1, leaders: [2] })
    const entries = log('m0', 'm1', 'm2')
    const asked: number[] = []
    world.script.fetch = (broker, offset) => {
      expect(broker).toBe(2)
      asked.push(offset)
      return offset < 3 ? data(entries, offset) : 'silent'
    }
    world.run(1000)
    expect(values(world)).toEqual(['m1', 'm2'])
    expect(world.of('MessagesRead')[0]).toMatchObject({
      tp: 'orders-0',
      broker: 2,
      highWatermark: 3,
      messages: [{ key: 'k1' }, { key: 'k2' }],
    })
    expect(asked).toEqual([1, 3])
    const fetch = world.script.seen.find(({ request }) => request.api === 'Fetch')!.request
    expect(fetch).toMatchObject({ replicaId: -1, maxWaitMs: 100, minBytes: 1 })
  })

  it('drops messages before its offset and a last entry that is cut short', () => {
    const world = consumer({ from: 1 })
    const entries = log('m0', 'm1', 'm2')
    world.script.fetch = (_broker, offset) => {
      if (offset > 1) return 'silent'
      const whole = concatenate(entries)
      return { errorCode: ErrorCode.NoError, highWatermark: 3, records: whole.subarray(0, whole.length - 5) }
    }
    world.run(1000)
    expect(offsets(world)).toEqual([1])
    expect(world.of('FetchFailed')).toHaveLength(0)
  })

  it.each([
    ErrorCode.NotLeaderForPartition,
    ErrorCode.UnknownTopicOrPartition,
    ErrorCode.LeaderNotAvailable,
    ErrorCode.Unknown,
  ])('looks for the leader again after the back-off on error %i', (errorCode) => {
    const world = consumer({ config: { 'refresh.leader.backoff.ms': 300 } })
    const entries = log('m0')
    world.script.fetch = (broker, offset) =>
      broker === 1 ? failure(errorCode) : offset < 1 ? data(entries, offset) : 'silent'
    world.run(100)
    world.script.setLeaders([2])
    world.run(2000)
    expect(world.of('FetchFailed')).toMatchObject([{ tp: 'orders-0', offset: 0, broker: 1 }])
    const [failedMs] = world.timesMs('FetchFailed')
    // Back-off, then two round trips: connect, ask.
    expect(world.timesMs('MetadataRefreshed')[1]).toBe(failedMs! + 304)
    expect(values(world)).toEqual(['m0'])
  })

  it('tries once more on a new connection before a lost connection counts, and resumes on the new leader', () => {
    const world = consumer()
    const entries = log('m0', 'm1')
    world.script.fetch = (broker, offset) =>
      offset === 0 || (broker === 2 && offset < 2) ? data(entries.slice(0, broker), offset) : 'silent'
    world.run(50)
    world.script.setLeaders([2])
    world.world.machine('b1').crash()
    world.run(2000)
    expect(world.of('FetchFailed')).toMatchObject([{ error: 'disconnected', offset: 1, broker: 1 }])
    expect(offsets(world)).toEqual([0, 1])
  })

  it('waits for a leader while there is none', () => {
    const world = consumer({ leaders: [-1] })
    const entries = log('m0')
    world.script.fetch = (_broker, offset) => (offset < 1 ? data(entries, offset) : 'silent')
    world.run(500)
    expect(world.of('FetchFailed').every((event) => event.error === 'no leader' && event.broker === -1)).toBe(true)
    world.script.setLeaders([1])
    world.run(1000)
    expect(values(world)).toEqual(['m0'])
  })

  it.each([
    ['earliest', 4],
    ['latest', 9],
    [0, 4],
  ] as const)('starting from %s, goes to offset %i when its position is out of range', (from, to) => {
    const world = consumer({ from })
    world.script.ends = [4, 9]
    let refused = false
    world.script.fetch = () => {
      if (refused) return 'silent'
      refused = true
      return failure(ErrorCode.OffsetOutOfRange)
    }
    world.run(1000)
    const start = from === 0 ? 0 : to
    expect(world.of('FetchFailed')).toMatchObject([{ error: 'OffsetOutOfRange', offset: start }])
    expect(world.of('OffsetReset')).toMatchObject([{ tp: 'orders-0', from: start, to }])
    const fetches = world.script.seen.flatMap(({ request }) =>
      request.api === 'Fetch' ? [request.partitions[0]!.fetchOffset] : [],
    )
    expect(fetches).toEqual([start, to])
  })

  it('hands over nothing of a message whose CRC is wrong, nor what comes after it', () => {
    const world = consumer()
    const entries = log('m0', 'm1', 'm2')
    entries[1]![30]! ^= 1
    world.script.fetch = (_broker, offset) => data(entries, offset)
    world.run(500)
    expect(values(world)).toEqual(['m0'])
    expect(world.of('FetchFailed')[0]).toMatchObject({ error: 'InvalidMessage', offset: 1 })
  })

  it('says so when a message is larger than it fetches at a time', () => {
    const world = consumer()
    const entries = log('m0')
    world.script.fetch = () => ({
      errorCode: ErrorCode.NoError,
      highWatermark: 1,
      records: entries[0]!.subarray(0, 20),
    })
    world.run(100)
    expect(world.of('FetchFailed')[0]).toMatchObject({ error: 'MessageSizeTooLarge', offset: 0 })
  })

  it('reads from a named broker whoever leads, and keeps asking it', () => {
    const world = consumer({ broker: 2, leaders: [1] })
    world.script.fetch = (broker) => failure(broker === 1 ? ErrorCode.NoError : ErrorCode.NotLeaderForPartition)
    world.run(1000)
    expect(world.of('FetchFailed').length).toBeGreaterThan(3)
    for (const event of world.of('FetchFailed'))
      expect(event).toMatchObject({ error: 'NotLeaderForPartition', broker: 2 })
    expect(world.of('MetadataRefreshed')).toHaveLength(0)
  })

  it('has a digest that tells positions apart', () => {
    const digestAt = (ms: number): string => {
      const world = consumer()
      const entries = log('m0')
      world.script.fetch = (_broker, offset) => (offset < 1 ? data(entries, offset) : 'silent')
      const digest = new Digest()
      world.run(ms).world.machine('p1').process!.digest(digest)
      return digest.hex()
    }
    expect(digestAt(100)).toBe(digestAt(100))
    expect(new Set([digestAt(1.5), digestAt(5), digestAt(100)]).size).toBe(3)
  })
})
