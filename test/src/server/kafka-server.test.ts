import { describe, expect, test } from 'vitest'
import { zkPaths } from '../../../src/protocol/index.ts'
import { ClusterHarness, ErrorCode, producer, TP, topic } from '../broker/cluster-harness.ts'

const MARKER = '.kafka_cleanshutdown'

describe('a broker that starts', () => {
  test('gives up if ZooKeeper is not there within zookeeper.connection.timeout.ms', () => {
    const harness = ClusterHarness.ready()
    harness.world.machine('b3').crash()
    harness.world.machine('zk1').crash()
    harness.world.machine('b3').restart()
    const from = harness.nowMs
    const ended = harness.event('ProcessEnded', (_, machine) => machine === 'b3')
    expect(ended).toMatchObject({ how: 'exit', reason: 'unable to connect to ZooKeeper within 6000 ms' })
    expect(harness.nowMs - from).toBeCloseTo(6000, -1)
  })

  test('waits for the ephemeral node of its own former life to go before it registers', () => {
    const harness = ClusterHarness.ready()
    const path = zkPaths.brokerId(3)
    const session = harness.sessions.of('b3')[0]!
    harness.world.machine('b3').crash()
    harness.runFor(100)
    harness.world.machine('b3').restart()
    harness.event('BrokerStarted', (_, machine) => machine === 'b3')
    harness.runFor(1000)
    // The former session still lives, and its node with it.
    expect(harness.znodes.has(path)).toBe(true)
    expect(harness.seen('BrokerRegistered').filter((e) => e.machine === 'b3')).toHaveLength(1)
    harness.event('BrokerRegistered', (_, machine) => machine === 'b3')
    expect(harness.seen('ZkSessionClosed').map((e) => e.session)).toContain(session)
    expect(harness.znodes.has(path)).toBe(true)
  })

  test('registers after the election of the controller, and after its failover if it wins', () => {
    const harness = ClusterHarness.ready({
      plan: { brokers: 1, topics: [topic({ replicas: [[1]], replicationFactor: 1 })] },
    })
    const order = harness.records
      .map(({ event }) => event.kind)
      .filter((kind) => ['ControllerElected', 'BrokerRegistered'].includes(kind))
    expect(order).toEqual(['ControllerElected', 'BrokerRegistered'])
  })

  test('cannot start on a log that no log could be, and says so', () => {
    const harness = ClusterHarness.ready()
    harness.produce('b1', ['m1'], -1)
    harness.world.machine('b3').shutdown()
    harness.event('ProcessEnded', (_, machine) => machine === 'b3')
    const { disk } = harness.world.machine('b3')
    disk.corruptBit('recovery-point-offset-checkpoint', 0, 3)
    harness.world.machine('b3').restart()
    const ended = harness.event('ProcessEnded', (_, machine) => machine === 'b3')
    expect(ended.reason).toContain('the logs cannot be loaded')
  })

  test('answers LeaderAndIsr with -1 if its high watermark checkpoint is damaged, and is no follower', () => {
    const harness = ClusterHarness.ready()
    harness.runFor(6000)
    harness.world.machine('b3').crash()
    harness.world.machine('b3').disk.corruptBit('replication-offset-checkpoint', 0, 3)
    harness.world.machine('b3').restart()
    expect(harness.event('LeaderAndIsrRefused', (_, machine) => machine === 'b3')).toMatchObject({
      errorCode: ErrorCode.Unknown,
    })
    expect(harness.world.machine('b3').state).toBe('running')
  })
})

describe('a broker that is shut down', () => {
  test('hands leadership over first, leaves a mark of it, and is trusted at the next start', () => {
    const harness = ClusterHarness.ready()
    harness.produce('b1', ['m1'], -1)
    const since = harness.records.length
    harness.world.machine('b1').shutdown()
    const ended = harness.event('ProcessEnded', (_, machine) => machine === 'b1')
    expect(ended).toMatchObject({ how: 'exit', reason: 'shut down' })
    const led = harness.seen('BecameLeader', since)
    expect(led).toMatchObject([{ machine: 'b2', leaderEpoch: 1, isr: [2, 3] }])
    const { disk } = harness.world.machine('b1')
    expect(disk.status(MARKER)).toBeDefined()
    expect(disk.unsyncedBytes).toBe(0)
    harness.world.machine('b1').restart()
    expect(harness.event('BrokerStarted', (_, machine) => machine === 'b1').cleanShutdown).toBe(true)
    expect(disk.status(MARKER)).toBeUndefined()
    harness.event('IsrExpanded', (e) => e.changed.includes(1))
  })

  test('does not make itself a follower that fetches while it is on its way down', () => {
    const harness = ClusterHarness.ready()
    // The controller takes the ISR of b1 last: hold its answer, so that b1 lives on as a follower for a while.
    harness.world.network.intercept(({ name, to }) =>
      name === 'ControlledShutdownResponse' && to === 'b1' ? 'hold' : 'pass',
    )
    harness.world.machine('b1').shutdown()
    harness.event('BecameFollower', (_, machine) => machine === 'b1')
    const since = harness.records.length
    harness.produce('b2', ['m1'], 1)
    harness.runFor(2000)
    expect(harness.seen('FollowerPosition', since).filter((e) => e.follower === 1)).toEqual([])
  })

  test('closes its connections before its logs: nobody is served after the mark is written', () => {
    const harness = ClusterHarness.ready({ plan: { brokerConfig: { 'controlled.shutdown.enable': false } } })
    harness.cut('b1', 'zk1')
    harness.world.machine('b1').shutdown()
    // It waits for ZooKeeper to close its session, with its logs closed.
    harness.runFor(50)
    const alive = harness.world.machine('b1').state === 'running'
    const result = harness.call('b1', {
      api: 'Produce',
      correlationId: 1,
      clientId: 'probe',
      requiredAcks: 1,
      ackTimeoutMs: 100,
      partitions: [],
    })
    expect(result.ok).toBe(false)
    expect(typeof alive).toBe('boolean')
  })

  test('stops all the same after three attempts, 5 s apart, if the controller does not answer', () => {
    const harness = ClusterHarness.ready({
      plan: { topics: [topic({ replicas: [[1, 2]] })], brokerConfig: { 'controller.socket.timeout.ms': 1000 } },
    })
    const controller = harness.seen('ControllerElected').at(-1)!.machine
    const other = controller === 'b1' ? 'b2' : 'b1'
    harness.cut(controller, other)
    harness.world.machine(other).shutdown()
    const from = harness.nowMs
    harness.event('ProcessEnded', (_, machine) => machine === other)
    expect(Math.round((harness.nowMs - from) / 1000)).toBe(18)
    expect(harness.world.machine(other).disk.status(MARKER)).toBeDefined()
  })

  test('before it has opened its logs leaves no mark and no empty checkpoint', () => {
    const harness = ClusterHarness.ready()
    harness.produce('b1', ['m1'], -1)
    harness.runFor(40_000)
    const { disk } = harness.world.machine('b3')
    const size = (name: string): number => disk.status(name)!.size
    const before = [size('replication-offset-checkpoint'), size('recovery-point-offset-checkpoint')]
    harness.world.machine('b3').crash()
    harness.world.machine('zk1').pause()
    harness.world.machine('b3').restart()
    harness.runFor(100)
    harness.world.machine('b3').shutdown()
    harness.event('ProcessEnded', (_, machine) => machine === 'b3')
    expect(disk.status(MARKER)).toBeUndefined()
    expect([size('replication-offset-checkpoint'), size('recovery-point-offset-checkpoint')]).toEqual(before)
  })

  test('in 0.8.1 just stops: controlled shutdown is off by default there', () => {
    const harness = ClusterHarness.ready({ plan: { protocol: '0.8.1' } })
    harness.world.machine('b1').shutdown()
    const from = harness.nowMs
    harness.event('ProcessEnded', (_, machine) => machine === 'b1')
    expect(harness.nowMs - from).toBeLessThan(100)
    expect(harness.seen('BecameLeader').filter((e) => e.machine !== 'b1')).toEqual([])
  })
})

describe('a broker whose disk', () => {
  test('is full halts with the append that finds out, and says why', () => {
    const harness = ClusterHarness.ready({ plan: { clients: [producer('p1', 1)] } })
    harness.produce('b1', ['m1'], -1)
    harness.world.machine('b1').disk.fillUp(0)
    harness.send('p1', 'm2')
    const ended = harness.event('ProcessEnded', (_, machine) => machine === 'b1')
    expect(ended.how).toBe('exit')
    expect(ended.reason).toMatch(/unrecoverable I\/O error: ENOSPC/)
  })

  test('is full halts at the high watermark checkpoint if nothing is written before', () => {
    const harness = ClusterHarness.ready()
    harness.world.machine('b2').disk.fillUp(0)
    const ended = harness.event('ProcessEnded', (_, machine) => machine === 'b2', 6000)
    expect(ended.reason).toMatch(/ENOSPC/)
  })

  test('lost what was not flushed in a power failure recovers its log, and fetches the rest anew', () => {
    const harness = ClusterHarness.ready({ plan: { topics: [topic({ config: { 'flush.messages': 3 } })] } })
    for (let i = 1; i <= 4; i++) harness.produce('b1', [`m${i}`], -1)
    harness.until('b3 has all', () => harness.replica('b3').leo === 4)
    harness.world.machine('b3').powerOff()
    harness.runFor(500)
    harness.world.machine('b3').restart()
    const loaded = harness.event('LogLoaded', (e, machine) => machine === 'b3' && e.tp === TP)
    expect(loaded).toMatchObject({ recovered: true, logStartOffset: 0 })
    expect(loaded.logEndOffset).toBeGreaterThanOrEqual(3)
    expect(
      harness
        .seen('BrokerStarted')
        .filter((e) => e.machine === 'b3')
        .at(-1)!.cleanShutdown,
    ).toBe(false)
    harness.until('b3 has all again', () => harness.replica('b3').leo === 4)
  })

  test('cannot be read answers consumers with -1 and lives on', () => {
    const harness = ClusterHarness.ready()
    harness.produce('b1', ['m1'], -1)
    harness.world.machine('b1').disk.failReads(`${TP}/00000000000000000000.log`)
    expect(harness.fetch('b1', 0).partitions[0]!.errorCode).toBe(ErrorCode.Unknown)
    expect(harness.world.machine('b1').state).toBe('running')
  })
})

describe('a broker whose ZooKeeper session expired', () => {
  test('goes on serving as the leader that it believes to be, until it is told otherwise (M14)', () => {
    const harness = ClusterHarness.ready({ plan: { zookeeper: 3 } })
    const controller = harness.seen('ControllerElected').at(-1)!.machine
    const leader = controller === 'b1' ? 'b2' : 'b1'
    if (leader === 'b2') harness.world.machine('b1').shutdown()
    harness.until(`${leader} leads`, () => harness.replica(leader).role === 'leader')
    harness.cut(leader, ...harness.zooKeeperMachines, ...['b1', 'b2', 'b3'].filter((b) => b !== leader))
    harness.until('another leader was elected', () => `b${harness.stateOf()!.leader}` !== leader, 30_000)
    expect(harness.replica(leader).role).toBe('leader')
    expect(harness.produce(leader, ['zombie'], 1)).toBe(ErrorCode.NoError)
    expect(harness.produce(leader, ['zombie too'], -1, 500)).toBe(ErrorCode.RequestTimedOut)
    const elected = `b${harness.stateOf()!.leader}`
    harness.until(`${elected} leads`, () => harness.replica(elected).role === 'leader')
    expect(harness.produce(elected, ['true'], 1)).toBe(ErrorCode.NoError)
    harness.world.network.healAll()
    harness.until('the zombie follows', () => harness.replica(leader).role === 'follower')
    harness.until('and has what the others have', () => harness.replica(leader).leo === 1)
  })

  test("registers again, behind the controller's own handling of the new session", () => {
    const harness = ClusterHarness.ready()
    const controller = harness.seen('ControllerElected').at(-1)!.machine
    const since = harness.records.length
    harness.expireSession(controller)
    harness.event('BrokerRegistered', (_, machine) => machine === controller)
    const order = harness.records
      .slice(since)
      .filter(({ machine, event }) => machine === controller && /^(Controller|BrokerRegistered)/.test(event.kind))
      .map(({ event }) => event.kind)
    // Whether it wins again depends on who is quicker; its registration comes last in any case.
    expect(order.at(-1)).toBe('BrokerRegistered')
    expect(order).toContain('ControllerResigned')
    harness.until('all are registered', () => [1, 2, 3].every((id) => harness.znodes.has(zkPaths.brokerId(id))))
  })
})
