import { describe, expect, it } from 'vitest'
import {
  type ApplicationMessage,
  ProducerProcess,
  type WorkloadOptions,
  type WorkloadProgress,
} from '../../../src/client/index.ts'
import { configValues, producerConfigTable } from '../../../src/config/index.ts'
import { Digest } from '../../../src/host/index.ts'
import { ErrorCode } from '../../../src/protocol/index.ts'
import { ClientWorld, endpoint, Script } from './scripted-broker.ts'

interface Setup {
  readonly brokers?: number
  readonly leaders?: readonly number[]
  readonly config?: Readonly<Record<string, unknown>>
  readonly bootstrap?: readonly number[]
  readonly workload?: WorkloadOptions
  readonly progress?: WorkloadProgress
  readonly seed?: number
}

function producer(setup: Setup = {}): ClientWorld {
  const { brokers = 2, leaders = [1], seed = 1 } = setup
  const script = new Script(brokers, leaders)
  const config = configValues(producerConfigTable, { 'request.required.acks': -1, ...setup.config })
  const bootstrap = (setup.bootstrap ?? script.brokers).map((id) => ({ ...endpoint(id), id: -1 }))
  return new ClientWorld(
    script,
    (host) =>
      new ProducerProcess(host, {
        name: 'p1',
        bootstrap,
        config,
        ...(setup.workload === undefined ? {} : { workload: setup.workload }),
        ...(setup.progress === undefined ? {} : { progress: setup.progress }),
      }),
    seed,
  )
}

function send(world: ClientWorld, ...messages: ReadonlyArray<string | ApplicationMessage>): void {
  world.world.call('p1', 'send', (process) => {
    for (const message of messages) {
      ;(process as ProducerProcess).send(
        typeof message === 'string' ? { topic: 'orders', partition: 0, value: message } : message,
      )
    }
  })
}

/** Runs until nothing more happens within ten minutes. */
const settle = (world: ClientWorld): ClientWorld => world.run(600_000)

describe('the sync producer', () => {
  it('learns the leader from any broker of its list and gets the acknowledgement', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const world = producer({ leaders: [2], bootstrap: [1], seed })
      send(world, 'm1')
      settle(world)
      expect(world.of('MetadataRefreshed')).toMatchObject([
        { from: 1, reason: 'bootstrap', leaders: { 'orders-0': 2 } },
      ])
      expect(world.of('ProduceSent')).toMatchObject([
        { tp: 'orders-0', messages: ['m1'], broker: 2, attempt: 1, requiredAcks: -1 },
      ])
      expect(world.of('ProduceAcknowledged')).toMatchObject([{ messages: ['m1'], baseOffset: 7, broker: 2 }])
    }
  })

  it('asks the brokers of its list in an order that is drawn', () => {
    const first = new Set<number>()
    for (let seed = 1; seed <= 20; seed++) {
      const world = producer({ seed })
      send(world, 'm1')
      settle(world)
      first.add(world.of('MetadataRefreshed')[0]!.from)
    }
    expect([...first].sort()).toEqual([1, 2])
  })

  it('asks the next broker of its list when one does not answer', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const world = producer({ brokers: 3, leaders: [3], seed })
      world.run(1)
      world.world.machine('b1').crash()
      world.world.machine('b2').crash()
      send(world, 'm1')
      settle(world)
      expect(world.of('ProduceAcknowledged')).toHaveLength(1)
      expect(world.of('ProduceFailed')).toHaveLength(0)
    }
  })

  it('sends one message at a time, in the order handed over', () => {
    const world = producer()
    send(world, 'm1', 'm2', 'm3')
    settle(world)
    expect(world.script.arrived).toEqual(['m1', 'm2', 'm3'])
    const kinds = world.events.map(({ event }) => event.kind).filter((kind) => kind.startsWith('Produce'))
    expect(kinds).toEqual([
      'ProduceSent',
      'ProduceAcknowledged',
      'ProduceSent',
      'ProduceAcknowledged',
      'ProduceSent',
      'ProduceAcknowledged',
    ])
  })

  it('tries again after the back-off, with fresh metadata, until the retries are used up, and then gives up', () => {
    const world = producer({ config: { 'retry.backoff.ms': 100, 'message.send.max.retries': 3 } })
    world.script.produce = () => ErrorCode.NotLeaderForPartition
    send(world, 'm1', 'm2')
    settle(world)
    const failures = world.of('ProduceFailed').filter((event) => event.messages[0] === 'm1')
    expect(failures.map((event) => event.retriesLeft)).toEqual([3, 2, 1, 0])
    expect(failures[0]).toMatchObject({ error: 'NotLeaderForPartition', tp: 'orders-0', broker: 1 })
    const sent = world.events
      .filter(({ event }) => event.kind === 'ProduceSent' && event.messages[0] === 'm1')
      .map(({ atUs }) => atUs / 1000)
    // Each attempt: 100 ms of back-off, and round trips of 2 ms: connect and ask for metadata, connect and produce.
    expect(sent.map((ms, i) => (i === 0 ? 0 : ms - sent[i - 1]!))).toEqual([0, 108, 108, 108])
    // 1 to start with and 4 for each message: the refresh comes after the last failure too.
    expect(world.of('MetadataRefreshed').map((event) => event.reason)).toEqual([
      'bootstrap',
      ...Array(8).fill('failure'),
    ])
    expect(world.of('ProducerGaveUp')).toMatchObject([
      { tp: 'orders-0', messages: ['m1'], error: 'NotLeaderForPartition' },
      { tp: 'orders-0', messages: ['m2'], error: 'NotLeaderForPartition' },
    ])
  })

  it.each([
    ErrorCode.UnknownTopicOrPartition,
    ErrorCode.LeaderNotAvailable,
    ErrorCode.NotLeaderForPartition,
    ErrorCode.RequestTimedOut,
    ErrorCode.NotEnoughReplicas,
    ErrorCode.NotEnoughReplicasAfterAppend,
  ])('tries again after error %i', (errorCode) => {
    const world = producer()
    let refusals = 2
    world.script.produce = () => (refusals-- > 0 ? errorCode : ErrorCode.NoError)
    send(world, 'm1')
    settle(world)
    expect(world.of('ProduceSent').map((event) => event.attempt)).toEqual([1, 2, 3])
    expect(world.of('ProduceAcknowledged')).toHaveLength(1)
  })

  it('knows which failures may have left a copy behind', () => {
    const doubts = (fate: ErrorCode | 'hang up', acks: number): boolean => {
      const world = producer({ config: { 'request.required.acks': acks, 'message.send.max.retries': 0 } })
      world.script.produce = () => fate
      send(world, 'm1')
      settle(world)
      return world.of('ProduceFailed')[0]!.maybeAppended
    }
    expect(doubts(ErrorCode.NotEnoughReplicas, -1)).toBe(false)
    expect(doubts(ErrorCode.NotEnoughReplicasAfterAppend, -1)).toBe(true)
    expect(doubts(ErrorCode.RequestTimedOut, -1)).toBe(true)
    expect(doubts(ErrorCode.NotLeaderForPartition, -1)).toBe(true)
    expect(doubts(ErrorCode.NotLeaderForPartition, 1)).toBe(false)
    expect(doubts('hang up', -1)).toBe(true)
  })

  it('gives up waiting after request.timeout.ms and does not take a late answer for the next one', () => {
    const world = producer({ config: { 'request.timeout.ms': 500 } })
    world.script.produce = () => (world.script.count('Produce') === 1 ? 'silent' : ErrorCode.NoError)
    send(world, 'm1')
    settle(world)
    const [sentMs] = world.timesMs('ProduceSent')
    expect(world.timesMs('ProduceFailed')).toEqual([sentMs! + 500])
    expect(world.of('ProduceFailed')).toMatchObject([{ error: 'timeout', maybeAppended: true }])
    expect(world.script.arrived).toEqual(['m1', 'm1'])
    expect(world.of('ProduceAcknowledged')).toHaveLength(1)
  })

  it('cannot have appended where nobody accepts the connection, and finds the new leader by the refresh', () => {
    const world = producer({ leaders: [1], bootstrap: [2] })
    world.run(1)
    world.world.machine('b1').crash()
    send(world, 'm1')
    world.run(50)
    expect(world.of('ProduceFailed')).toMatchObject([{ error: 'disconnected', maybeAppended: false, broker: 1 }])
    world.script.setLeaders([2])
    settle(world)
    expect(world.of('ProduceAcknowledged')).toMatchObject([{ broker: 2 }])
  })

  it('fails and retries when no broker of the list can be reached', () => {
    const world = producer({ config: { 'message.send.max.retries': 1 } })
    world.run(1)
    for (const id of [1, 2]) world.world.machine(`b${id}`).crash()
    send(world, 'm1')
    settle(world)
    expect(world.of('ProduceFailed')).toMatchObject([
      { error: 'no metadata', tp: 'orders-0', broker: -1 },
      { error: 'no metadata' },
    ])
    expect(world.of('ProducerGaveUp')).toHaveLength(1)
    expect(world.of('MetadataRefreshFailed').length).toBeGreaterThan(0)
  })

  it('fails and retries while the partition has no leader', () => {
    const world = producer({ leaders: [-1], config: { 'retry.backoff.ms': 1000 } })
    send(world, 'm1')
    world.run(1500)
    world.script.setLeaders([2])
    settle(world)
    expect(world.of('ProduceFailed').map((event) => event.error)).toEqual(['no leader', 'no leader'])
    expect(world.of('ProduceAcknowledged')).toMatchObject([{ broker: 2 }])
  })

  it('refuses a partition that does not exist, after the retries', () => {
    const world = producer()
    send(world, { topic: 'orders', partition: 5, value: 'm1' })
    settle(world)
    expect(world.of('ProducerGaveUp')).toMatchObject([{ tp: 'orders-5', error: 'UnknownTopicOrPartition' }])
    expect(world.script.count('Produce')).toBe(0)
  })

  it('sends to a named broker whoever leads', () => {
    const world = producer({ leaders: [1], config: { 'message.send.max.retries': 1 } })
    world.script.produce = (broker) => (broker === 1 ? ErrorCode.NoError : ErrorCode.NotLeaderForPartition)
    send(world, { topic: 'orders', partition: 0, value: 'm1', broker: endpoint(2) }, 'm2')
    settle(world)
    expect(world.of('ProduceFailed')).toMatchObject([
      { error: 'NotLeaderForPartition', broker: 2 },
      { error: 'NotLeaderForPartition', broker: 2 },
    ])
    expect(world.of('ProduceAcknowledged')).toMatchObject([{ messages: ['m2'], broker: 1 }])
  })

  it('learns of a connection that died while it was idle only by the next request', () => {
    const world = producer()
    send(world, 'm1')
    world.run(1000)
    world.world.machine('b1').crash()
    world.world.machine('b1').restart()
    world.run(2000)
    expect(world.of('ProduceFailed')).toHaveLength(0)
    send(world, 'm2')
    settle(world)
    expect(world.of('ProduceFailed')).toMatchObject([{ messages: ['m2'], error: 'disconnected', maybeAppended: false }])
    expect(world.script.arrived).toEqual(['m1', 'm2'])
  })
})

describe('a producer with acks=0', () => {
  const config = { 'request.required.acks': 0 }

  it('counts a message as sent when it is written, and hears nothing', () => {
    const world = producer({ config })
    send(world, 'm1', 'm2')
    settle(world)
    expect(world.of('ProduceSent')).toHaveLength(2)
    expect(world.of('ProduceAcknowledged')).toHaveLength(0)
    expect(world.script.arrived).toEqual(['m1', 'm2'])
  })

  it('loses what it writes to a connection that the broker closed, and learns of it from the write after that', () => {
    const world = producer({ config })
    world.script.produce = () => (world.script.count('Produce') === 1 ? 'hang up' : ErrorCode.NoError)
    send(world, 'm1')
    world.run(1000)
    send(world, 'm2')
    world.run(2000)
    send(world, 'm3')
    settle(world)
    expect(world.of('ProduceSent').map((event) => event.messages[0])).toEqual(['m1', 'm2', 'm3'])
    expect(world.of('ProduceFailed')).toMatchObject([{ messages: ['m3'], error: 'disconnected' }])
    expect(world.script.arrived).toEqual(['m1', 'm3'])
  })

  it('does notice that nobody accepts the connection', () => {
    const world = producer({ config, bootstrap: [2] })
    world.run(1)
    world.world.machine('b1').crash()
    send(world, 'm1')
    world.run(50)
    expect(world.of('ProduceFailed')).toMatchObject([{ error: 'disconnected', maybeAppended: false }])
  })
})

describe('the metadata timer', () => {
  it('is looked at when a message is sent, and repairs what no failure ever shows', () => {
    const world = producer({ brokers: 2, leaders: [1], config: { 'topic.metadata.refresh.interval.ms': 5000 } })
    send(world, 'm1')
    world.run(1000)
    // b1 goes on taking messages: nothing fails.
    world.script.setLeaders([2])
    send(world, 'm2')
    world.run(4000)
    world.run(9000)
    expect(world.of('MetadataRefreshed')).toHaveLength(1)
    send(world, 'm3')
    settle(world)
    expect(world.of('MetadataRefreshed').map((event) => event.reason)).toEqual(['bootstrap', 'timer'])
    expect(world.of('ProduceSent').map((event) => event.broker)).toEqual([1, 1, 2])
    expect(world.of('ProduceFailed')).toHaveLength(0)
  })

  it('never goes off where the interval is negative', () => {
    const world = producer({ config: { 'topic.metadata.refresh.interval.ms': -1 } })
    send(world, 'm1')
    world.run(100_000)
    send(world, 'm2')
    settle(world)
    expect(world.of('MetadataRefreshed').map((event) => event.reason)).toEqual(['bootstrap'])
    expect(world.script.arrived).toEqual(['m1', 'm2'])
  })
})

describe('the choice of a partition', () => {
  const leaders = [1, 2, -1, 1]
  const keyless = (value: string): ApplicationMessage => ({ topic: 'orders', value })
  const partitions = (world: ClientWorld): string[] => world.of('ProduceSent').map((event) => event.tp)

  it('goes by the key', () => {
    const world = producer({ leaders: [1, 1, 1] })
    send(world, { topic: 'orders', key: 'g1', value: 'm1' }, { topic: 'orders', key: 'test', value: 'm2' })
    settle(world)
    expect(partitions(world)).toEqual([`orders-${3242 % 3}`, `orders-${3556498 % 3}`])
  })

  it('sticks to a drawn partition with a leader where there is no key', () => {
    const drawn = new Set<string>()
    for (let seed = 1; seed <= 30; seed++) {
      const world = producer({ leaders, seed })
      send(world, keyless('m1'), keyless('m2'), keyless('m3'))
      settle(world)
      expect(new Set(partitions(world)).size).toBe(1)
      drawn.add(partitions(world)[0]!)
    }
    expect([...drawn].sort()).toEqual(['orders-0', 'orders-1', 'orders-3'])
  })

  it('draws again after a failure and when the timer has refreshed metadata', () => {
    const drawnAfterFailure = new Set<string>()
    const drawnAfterTimer = new Set<string>()
    for (let seed = 1; seed <= 20; seed++) {
      const failing = producer({ leaders: [1, 1, 1], seed })
      failing.script.produce = () =>
        failing.script.count('Produce') === 1 ? ErrorCode.NotLeaderForPartition : ErrorCode.NoError
      send(failing, keyless('m1'))
      settle(failing)
      drawnAfterFailure.add(partitions(failing).join(' '))
      const timed = producer({ leaders: [1, 1, 1], seed, config: { 'topic.metadata.refresh.interval.ms': 1000 } })
      send(timed, keyless('m1'))
      timed.run(5000)
      send(timed, keyless('m2'))
      settle(timed)
      drawnAfterTimer.add(partitions(timed).join(' '))
    }
    for (const drawn of [drawnAfterFailure, drawnAfterTimer]) {
      expect([...drawn].some((pair) => pair.split(' ')[0] !== pair.split(' ')[1])).toBe(true)
    }
  })
})

describe('a workload', () => {
  const workload: WorkloadOptions = {
    topic: 'orders',
    everyUs: 10_000,
    startUs: 50_000,
    count: 5,
    keys: { low: 1, high: 3 },
    sizeBytes: 40,
  }

  it('hands over named messages of the size asked at its pace, with keys of the range', () => {
    const world = settle(producer({ workload, leaders: [1, 2] }))
    expect(world.of('MessageHanded').map((event) => event.message)).toEqual(['p1-1', 'p1-2', 'p1-3', 'p1-4', 'p1-5'])
    expect(world.timesMs('MessageHanded')).toEqual([50, 60, 70, 80, 90])
    for (const { key } of world.of('MessageHanded')) expect(['1', '2', '3']).toContain(key)
    expect(world.script.arrived).toEqual(['p1-1', 'p1-2', 'p1-3', 'p1-4', 'p1-5'])
    for (const { request } of world.script.seen) {
      if (request.api === 'Produce') expect(request.partitions[0]!.records.length).toBe(26 + 1 + 40)
    }
  })

  it('goes on counting in its next life if its progress is kept', () => {
    const world = producer({ workload, progress: { handed: 0 } })
    world.run(75)
    world.world.machine('p1').crash()
    world.world.machine('p1').restart()
    settle(world)
    expect(world.of('MessageHanded').map((event) => event.message)).toEqual(['p1-1', 'p1-2', 'p1-3', 'p1-4', 'p1-5'])
  })
})

describe('a producer’s digest', () => {
  const digestOf = (world: ClientWorld): string => {
    const digest = new Digest()
    world.world.machine('p1').process!.digest(digest)
    return digest.hex()
  }

  it('is the same for the same history and tells apart what comes next', () => {
    const build = (value: string, ms: number): string => {
      const world = producer()
      world.run(1)
      send(world, value)
      return digestOf(world.run(ms))
    }
    expect(build('m1', 4)).toBe(build('m1', 4))
    const all = [build('m1', 1.5), build('m1', 4), build('m1', 7), build('m1', 100), build('m2', 4)]
    expect(new Set(all).size).toBe(all.length)
  })
})
