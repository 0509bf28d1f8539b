// A leader has the controller write its ISR (F16, KIP-497, from 2.7): what is in force meanwhile, and what goes wrong.
import { describe, expect, test } from 'vitest'
import type { AlterPartitionRequest } from '../../../src/protocol/index.ts'
import type { PresetName } from '../../../src/versions.ts'
import { ClusterHarness, ErrorCode, produceRequest, TP, topic } from './cluster-harness.ts'

const quick = { 'replica.lag.time.max.ms': 3000 }

const ready = (protocol: PresetName, config: Record<string, unknown> = {}): ClusterHarness =>
  ClusterHarness.ready({ plan: { protocol, brokerConfig: quick, topics: [topic({ config })] } })

const controllerOf = (harness: ClusterHarness): string => harness.seen('ControllerElected').at(-1)!.machine
const otherThan = (...machines: string[]): string => ['b1', 'b2', 'b3'].find((name) => !machines.includes(name))!

/** As a leader asks, with the registration that the cluster knows. */
const asking = (harness: ClusterHarness, brokerId: number, asked: Partial<AlterPartitionRequest['partitions'][0]>) => {
  const state = harness.stateOf()!
  const node = harness.records
    .map(({ event }) => event)
    .filter((event) => event.kind === 'ZkCommitted')
    .findLast((event) =>
      (event as { changes?: ReadonlyArray<{ path: string }> }).changes?.some(
        ({ path }) => path === `/brokers/ids/${brokerId}`,
      ),
    ) as unknown as { zxid: number }
  return {
    api: 'AlterPartition',
    correlationId: 1,
    clientId: 'probe',
    brokerId,
    brokerEpoch: node.zxid,
    partitions: [
      {
        topic: 'orders',
        partition: 0,
        leaderEpoch: state.leaderEpoch,
        newIsr: state.isr,
        zkVersion: state.zkVersion,
        ...asked,
      },
    ],
  } as const
}

/** Holds back what these fetch, and has them lag behind; returns the function that lets their fetches go. */
function lagging(harness: ClusterHarness, ...followers: string[]): () => void {
  const release = harness.holdFetches('b1', ...followers)
  expect(harness.produce('b1', ['m0'], 1)).toBe(ErrorCode.NoError)
  return release
}

describe('a leader whose ISR changes', () => {
  test.each<PresetName>(['2.7', '2.8', '3.3', '3.7'])('has the controller write it, in %s', (protocol) => {
    const harness = ready(protocol)
    const sent: string[] = []
    harness.world.network.intercept(({ name, from, to }) => {
      if (name === 'AlterPartition') sent.push(`${from} ${to}`)
      return 'pass'
    })
    const release = lagging(harness, 'b3')
    harness.event('IsrShrunk', (e) => e.changed.includes(3))
    expect(harness.stateOf()).toMatchObject({ leader: 1, isr: [1, 2], zkVersion: 1 })
    release()
    harness.event('IsrExpanded', (e) => e.changed.includes(3))
    expect(harness.stateOf()).toMatchObject({ leader: 1, zkVersion: 2 })
    expect(new Set(sent)).toEqual(new Set([`b1 ${controllerOf(harness)}`]))
    expect(harness.seen('ZkCommitted').some((e) => e.changes.some((c) => c.path.includes('isr_change_')))).toBe(false)
  })

  test('counts a replica that is to join from the moment it asks: nothing commits without it', () => {
    const harness = ready('3.7')
    const release = lagging(harness, 'b3')
    harness.event('IsrShrunk', (e) => e.changed.includes(3))
    harness.produce('b1', ['m1'], -1)
    // The controller hears of nothing from now on.
    harness.world.network.intercept(({ name }) => (name === 'AlterPartition' ? 'hold' : 'pass'))
    release()
    harness.until('b3 has caught up', () => harness.replica('b3').leo === 2)
    harness.runFor(1000)
    expect(harness.replica('b1').isr).toEqual([1, 2])
    harness.holdFetches('b1', 'b3')
    const pending = harness.start('b1', produceRequest(['m2'], -1, 2000))
    harness.until('the answer', () => pending.result !== undefined)
    expect(pending.result).toMatchObject({ response: { partitions: [{ errorCode: ErrorCode.RequestTimedOut }] } })
    expect(harness.replica('b1').hw).toBe(2)
  })

  test('still counts one that is to leave until the controller has said so, and then looks again (KAFKA-13091, 3.1)', () => {
    const play = (protocol: PresetName): ClusterHarness => {
      const harness = ready(protocol)
      harness.holdFetches('b1', 'b2', 'b3')
      harness.produce('b1', ['m1'], 1)
      harness.event('IsrShrunk')
      harness.runFor(100)
      return harness
    }
    expect(play('2.7').replica('b1')).toMatchObject({ isr: [1], hw: 0 })
    expect(play('3.3').replica('b1')).toMatchObject({ isr: [1], hw: 1 })
  })

  test('asks the next controller where the one that it asked is gone', () => {
    const harness = ready('3.7')
    const controller = controllerOf(harness)
    if (controller === 'b1') harness.world.machine('b1').shutdown()
    harness.until('another broker leads than the controller', () => {
      const leader = harness.stateOf()?.leader
      return leader !== undefined && leader > 0 && `b${leader}` !== controllerOf(harness)
    })
    const leader = `b${harness.stateOf()!.leader}`
    const dead = controllerOf(harness)
    harness.world.machine(dead).crash()
    // It asks while there is no controller, and gets its answer from the next one.
    expect(harness.produce(leader, ['m1'], 1)).toBe(ErrorCode.NoError)
    harness.until(
      'the ISR is without the dead broker, as its leader knows',
      () => harness.replica(leader).isr.every((id) => `b${id}` !== dead),
      60_000,
    )
  })
})

describe('the controller, asked for a new ISR', () => {
  test('answers 41 if it is not the controller', () => {
    const harness = ready('3.7')
    const other = otherThan(controllerOf(harness))
    expect(harness.answer(other, asking(harness, 1, {}))).toMatchObject({ errorCode: ErrorCode.NotController })
  })

  test('answers 77 to a former registration of a broker', () => {
    const harness = ready('3.7')
    const request = { ...asking(harness, 1, {}), brokerEpoch: 1 }
    expect(harness.answer(controllerOf(harness), request)).toMatchObject({ errorCode: ErrorCode.StaleBrokerEpoch })
  })

  test('answers 74 to a leader whose epoch is over, 95 to one that knows an older state, 3 for a partition that is not', () => {
    const harness = ready('3.7')
    // Twice out and in again: the state has a version that is not the first one.
    const release = lagging(harness, 'b3')
    harness.event('IsrShrunk', (e) => e.changed.includes(3))
    release()
    harness.event('IsrExpanded')
    const controller = controllerOf(harness)
    const errorOf = (asked: Parameters<typeof asking>[2]): number =>
      harness.answer(controller, asking(harness, 1, asked)).partitions[0]!.errorCode
    expect(errorOf({ leaderEpoch: -1 })).toBe(ErrorCode.FencedLeaderEpoch)
    expect(errorOf({ newIsr: [1], zkVersion: 0 })).toBe(ErrorCode.InvalidUpdateVersion)
    expect(errorOf({ topic: 'elsewhere' })).toBe(ErrorCode.UnknownTopicOrPartition)
    // Nothing was written.
    expect(harness.stateOf()).toMatchObject({ isr: [1, 2, 3], zkVersion: 2 })
    expect(harness.seen('ReplicaCreated').every(({ tp }) => tp === TP)).toBe(true)
  })

  test('takes nobody into the ISR who is not alive, from 3.3 on (107); before, it does', () => {
    const outcome = (protocol: PresetName): number => {
      const harness = ready(protocol, { 'unclean.leader.election.enable': false })
      const dead = otherThan('b1', controllerOf(harness))
      const id = Number(dead.slice(1))
      harness.world.machine(dead).crash()
      harness.until('it is out', () => harness.stateOf()!.isr.every((member) => member !== id), 60_000)
      harness.runFor(2000)
      const request = asking(harness, 1, { newIsr: [...harness.stateOf()!.isr, id] })
      return harness.answer(controllerOf(harness), request).partitions[0]!.errorCode
    }
    expect(outcome('3.3')).toBe(ErrorCode.IneligibleReplica)
    expect(outcome('2.7')).toBe(ErrorCode.NoError)
  })
})

describe('a controller that loses ZooKeeper over an ISR change', () => {
  /** b3 is to leave the ISR, and its controller does not hear whether that was written. */
  const unanswered = (harness: ClusterHarness): { controller: string; letGo: () => void; catchUp: () => void } => {
    const controller = controllerOf(harness)
    const catchUp = lagging(harness, 'b3')
    const letGo = harness.world.network.intercept(({ name, to }) =>
      name === 'ZkMultiResponse' && to === controller ? 'hold' : 'pass',
    )
    harness.until('the ISR is written', () => harness.stateOf()!.isr.length === 2)
    harness.runFor(50)
    return { controller, letGo, catchUp }
  }

  test.each<PresetName>(['2.7', '3.7'])(
    'takes its own write for somebody else’s, and refuses it for good, in %s',
    (protocol) => {
      const harness = ready(protocol)
      const { controller, letGo, catchUp } = unanswered(harness)
      letGo()
      harness.world.network.reset(controller, 'zk1')
      harness.event('IsrUpdateFailed')
      catchUp()
      harness.runFor(20_000)
      expect(harness.stateOf()).toMatchObject({ isr: [1, 2], zkVersion: 1 })
      expect(harness.seen('IsrShrunk')).toEqual([])
      expect(harness.seen('IsrExpanded')).toEqual([])
    },
  )

  test.each<PresetName>(['2.7', '3.7'])(
    'has itself asked again where its session ended meanwhile, in %s',
    (protocol) => {
      const harness = ready(protocol)
      const { controller, letGo, catchUp } = unanswered(harness)
      harness.expireSession(controller)
      letGo()
      harness.world.network.reset(controller, 'zk1')
      harness.event('IsrUpdateFailed')
      // Whoever is the controller then finds the state as the leader wants it.
      harness.event('IsrShrunk', (e) => e.zkVersion === 1)
      catchUp()
      harness.event('IsrExpanded', (e) => e.changed.includes(3))
    },
  )
})

describe('the high watermark, while there are fewer in sync than min.insync.replicas', () => {
  test.each<[PresetName, number]>([
    ['3.5', 2],
    ['3.7', 0],
  ])('of %s with acks=1: %i', (protocol, highWatermark) => {
    const harness = ready(protocol, { 'min.insync.replicas': 2 })
    lagging(harness, 'b2', 'b3')
    harness.event('IsrShrunk', (e) => e.isr.length === 1)
    expect(harness.produce('b1', ['m1'], -1)).toBe(ErrorCode.NotEnoughReplicas)
    expect(harness.produce('b1', ['m1'], 1)).toBe(ErrorCode.NoError)
    harness.runFor(5000)
    expect(harness.replica('b1').hw).toBe(highWatermark)
  })
})
