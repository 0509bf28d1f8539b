import { describe, expect, it } from 'vitest'
import { ErrorCode } from '../../../../src/protocol/index.ts'
import { endpoint } from '../scripted-broker.ts'
import { producer, send, settle } from './producer-world.ts'

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
