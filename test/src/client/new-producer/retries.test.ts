import { describe, expect, it } from 'vitest'
import { ErrorCode } from '../../../../src/protocol/index.ts'
import { batches, javaProducer, pass, send } from './java-world.ts'

const { NoError, NotLeaderForPartition, MessageSizeTooLarge } = ErrorCode

describe('retries of the Java producer', () => {
  it('are none by default before 2.1: the application is told of the first failure', () => {
    const world = javaProducer({ release: '0.9' })
    world.script.produce = () => NotLeaderForPartition
    send(world, 'm1')
    pass(world, 5000)
    expect(world.of('ProduceFailed')).toMatchObject([{ error: 'NotLeaderForPartition', retriesLeft: 0 }])
    expect(world.of('ProducerGaveUp')).toMatchObject([{ error: 'NotLeaderForPartitionException', told: true }])
  })

  it('come retry.backoff.ms after the failure, and refresh metadata', () => {
    const world = javaProducer({ config: { retries: 2, 'retry.backoff.ms': 300 } })
    world.script.produce = () => NotLeaderForPartition
    send(world, 'm1')
    pass(world, 5000)
    const [first, second, third] = world.timesMs('ProduceSent')
    const failed = world.timesMs('ProduceFailed')
    expect([second! - failed[0]!, third! - failed[1]!]).toEqual([300, 300])
    expect(first).toBeLessThan(second!)
    expect(world.of('ProduceSent').map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(world.of('ProduceFailed').map(({ retriesLeft }) => retriesLeft)).toEqual([2, 1, 0])
    expect(world.script.count('Metadata')).toBeGreaterThanOrEqual(3)
  })

  it('grow apart since 3.7, up to retry.backoff.max.ms', () => {
    const config = { retries: 6, 'retry.backoff.ms': 100, 'retry.backoff.max.ms': 800, acks: '1' }
    const world = javaProducer({ release: '3.7', config })
    world.script.produce = () => NotLeaderForPartition
    send(world, 'm1')
    pass(world, 20_000)
    const failed = world.timesMs('ProduceFailed')
    const pauses = world
      .timesMs('ProduceSent')
      .slice(1)
      .map((sent, i) => sent - failed[i]!)
    const bases = [100, 200, 400, 800, 800, 800]
    expect(pauses).toHaveLength(6)
    pauses.forEach((pause, i) => {
      expect(pause).toBeGreaterThanOrEqual(bases[i]! * 0.8)
      expect(pause).toBeLessThanOrEqual(bases[i]! * 1.2 + 1)
    })
  })

  it('go to the new leader', () => {
    const world = javaProducer({ leaders: [1], config: { retries: 5 } })
    world.script.produce = (broker) => (broker === 1 ? NotLeaderForPartition : NoError)
    send(world, 'm1')
    pass(world, 50)
    world.script.setLeaders([2])
    pass(world, 5000)
    expect(world.of('ProduceSent').at(-1)).toMatchObject({ broker: 2 })
    expect(world.of('ProduceAcknowledged')).toMatchObject([{ messages: ['m1'], broker: 2 }])
  })

  it('are not made of what no retry cures', () => {
    const world = javaProducer({ release: '0.10.2', config: { retries: 5 } })
    world.script.produce = () => MessageSizeTooLarge
    send(world, 'm1')
    pass(world, 5000)
    expect(batches(world)).toEqual([['m1']])
    expect(world.of('ProducerGaveUp')).toMatchObject([{ error: 'RecordTooLargeException' }])
  })

  it('are made in smaller batches since 0.11 of one that is too large', () => {
    const world = javaProducer({ release: '0.11', config: { 'linger.ms': 10, 'batch.size': 1000 } })
    let first = true
    world.script.produce = () => {
      const fate = first ? MessageSizeTooLarge : NoError
      first = false
      return fate
    }
    send(world, 'm1', 'm2', 'm3')
    pass(world, 5000)
    expect(world.of('BatchSplit')).toMatchObject([{ messages: ['m1', 'm2', 'm3'], batches: 1 }])
    expect(world.script.log(0)).toEqual(['m1', 'm2', 'm3'])
    expect(world.of('ProduceAcknowledged')).toHaveLength(1)
  })
})

describe('several requests in flight', () => {
  const failingFirst = (maxInFlight: number): ReturnType<typeof javaProducer> => {
    const config = { retries: 3, 'max.in.flight.requests.per.connection': maxInFlight }
    const world = javaProducer({ config })
    send(world, 'm0')
    pass(world, 100)
    let failures = 1
    world.script.produce = () => (failures-- > 0 ? NotLeaderForPartition : NoError)
    send(world, 'm1')
    pass(world, 1)
    send(world, 'm2')
    pass(world, 1000)
    return world
  }

  it('let a batch overtake one that has to be sent again', () => {
    expect(failingFirst(5).script.log(0)).toEqual(['m0', 'm2', 'm1'])
  })

  it('keep the order where there may be only one', () => {
    expect(failingFirst(1).script.log(0)).toEqual(['m0', 'm1', 'm2'])
  })

  it('are no more than the setting says', () => {
    for (const limit of [1, 2, 5]) {
      const world = javaProducer({ config: { 'max.in.flight.requests.per.connection': limit, 'linger.ms': 0 } })
      send(world, 'm0')
      pass(world, 100)
      world.script.produce = () => 'silent'
      for (let n = 1; n <= 8; n++) {
        send(world, `m${n}`)
        pass(world, 5)
      }
      pass(world, 1000)
      expect(batches(world)).toHaveLength(1 + limit)
    }
  })

  it('of one to each broker still reorder up to 0.9, when the leader moves under the first (KAFKA-3197)', () => {
    const logs = (['0.9', '0.10.2'] as const).map((release) => {
      const config = { retries: 3, 'max.in.flight.requests.per.connection': 1, 'metadata.max.age.ms': 1000 }
      const world = javaProducer({ release, config, leaders: [1] })
      send(world, 'm0')
      pass(world, 100)
      world.script.produce = (broker) => (broker === 1 ? 'silent' : NoError)
      send(world, 'm1')
      pass(world, 50)
      world.script.setLeaders([2])
      pass(world, 2000)
      send(world, 'm2')
      pass(world, 60_000)
      return world.of('ProduceAcknowledged').flatMap(({ messages }) => messages)
    })
    expect(logs).toEqual([
      ['m0', 'm2', 'm1'],
      ['m0', 'm1', 'm2'],
    ])
  })
})

describe('acks', () => {
  it('0 has nobody told, and waits for nothing', () => {
    const world = javaProducer({ config: { acks: 0 } })
    send(world, 'm1', 'm2')
    pass(world, 100)
    send(world, 'm3')
    pass(world, 100)
    expect(world.script.log(0)).toEqual(['m1', 'm2', 'm3'])
    expect(world.of('ProduceSent').map(({ requiredAcks }) => requiredAcks)).toEqual([0, 0])
    expect(world.of('ProduceAcknowledged')).toEqual([])
  })

  it('are 1 by default, and all from 3.0 on', () => {
    const acks = (['0.8.2', '2.8', '3.3'] as const).map((release) => {
      const world = javaProducer({ release })
      send(world, 'm1')
      pass(world, 1000)
      return world.of('ProduceSent')[0]!.requiredAcks
    })
    expect(acks).toEqual([1, 1, -1])
  })
})

describe('time limits of the Java producer', () => {
  it('are none in 0.8.2: a silent broker is waited for without end', () => {
    const world = javaProducer({ release: '0.8.2' })
    world.script.produce = () => 'silent'
    send(world, 'm1')
    pass(world, 3_600_000)
    expect(world.of('ProduceFailed')).toEqual([])
    expect(world.of('ProducerGaveUp')).toEqual([])
  })

  it('from 0.9 on are request.timeout.ms for an answer', () => {
    const world = javaProducer({ release: '0.9', config: { 'request.timeout.ms': 2000 } })
    world.script.produce = () => 'silent'
    send(world, 'm1')
    pass(world, 10_000)
    expect(world.of('ProduceFailed')).toMatchObject([{ error: 'timeout', maybeAppended: true }])
    expect(world.of('ProducerGaveUp')).toMatchObject([{ error: 'NetworkException' }])
    expect(world.timesMs('ProducerGaveUp')[0]! - world.timesMs('ProduceSent')[0]!).toBe(2000)
  })

  it.each(['0.9', '0.10.2', '1.1'] as const)(
    'from 0.9 on are request.timeout.ms for a batch whose partition has no leader (%s)',
    (release) => {
      const config = { 'request.timeout.ms': 2000, 'linger.ms': 500, retries: 10 }
      const world = javaProducer({ release, leaders: [-1], config })
      send(world, 'm1')
      pass(world, 10_000)
      expect(batches(world)).toEqual([])
      expect(world.of('ProducerGaveUp')).toMatchObject([{ error: 'TimeoutException', messages: ['m1'] }])
      expect(world.timesMs('ProducerGaveUp')[0]! - world.timesMs('MessageQueued')[0]!).toBeCloseTo(2500, -1)
    },
  )

  it('from 2.1 on are delivery.timeout.ms for everything: waiting, attempts and pauses', () => {
    const config = { 'request.timeout.ms': 1000, 'delivery.timeout.ms': 5000 }
    const world = javaProducer({ release: '2.1', config })
    world.script.produce = () => NotLeaderForPartition
    send(world, 'm1')
    pass(world, 20_000)
    expect(world.of('ProduceSent').length).toBeGreaterThan(20)
    expect(world.of('ProducerGaveUp')).toHaveLength(1)
    const lived = world.timesMs('ProducerGaveUp')[0]! - world.timesMs('MessageQueued')[0]!
    expect(lived).toBeGreaterThanOrEqual(4900)
    expect(lived).toBeLessThanOrEqual(5000)
  })

  it('end a batch that is under way, whose answer then comes too late', () => {
    const config = { 'request.timeout.ms': 2000, 'delivery.timeout.ms': 2000, 'linger.ms': 0 }
    const world = javaProducer({ release: '2.1', config })
    world.script.produce = () => 'silent'
    send(world, 'm1')
    pass(world, 10_000)
    expect(world.of('ProducerGaveUp')).toMatchObject([{ error: 'TimeoutException' }])
    expect(world.of('ProduceSent')).toHaveLength(1)
  })
})
