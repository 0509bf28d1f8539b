import { describe, expect, it } from 'vitest'
import {
  AdminOperationError,
  addPartitions,
  type ControlledShutdownResult,
  changeTopicConfig,
  createTopic,
  requestPreferredElection,
  requestReassignment,
} from '../../../src/controller/index.ts'
import { decodeAssignment, ErrorCode, zkPaths } from '../../../src/protocol/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import { ControllerCluster } from './controller-cluster.ts'

const cluster = (brokers: readonly number[], config: Readonly<Record<string, unknown>> = {}): ControllerCluster => {
  const made = new ControllerCluster(config)
  made.startAll(...brokers)
  return made
}

const assignmentOf = (c: ControllerCluster, topic: string) => decodeAssignment(c.zooKeeper.data(zkPaths.topic(topic))!)

describe('controlled shutdown', () => {
  const shutDown = (c: ControllerCluster, through: number, broker: number): ControlledShutdownResult => {
    let result: ControlledShutdownResult | undefined
    c.controller(through).controlledShutdown(broker, (value) => {
      result = value
    })
    c.run(200)
    return result!
  }

  it('hands a partition to a member of the ISR that is dead, up to 0.9, and to one that is alive from 0.10 on', () => {
    for (const [release, leader] of [
      ['0.8.2', 4],
      ['0.9', 4],
      ['0.10.2', 3],
      ['1.1', 3],
    ] as const) {
      const c = new ControllerCluster({}, presets[release])
      c.startAll(1, 2, 3, 4)
      c.createTopic('t', [[2, 4, 3]])
      c.run(100)
      c.kill(4)
      c.run(100)
      c.writeState('t', { isr: [2, 4, 3] })
      shutDown(c, 1, 2)
      expect(c.state('t').leaderAndIsr.leader, release).toBe(leader)
    }
  })

  it('hands leaderships over and takes the broker out of the ISRs', () => {
    const c = cluster([1, 2, 3])
    c.createTopic('t', [[2, 3], [3, 2], [2]])
    c.run(100)
    const before = c.received.length
    expect(shutDown(c, 1, 2)).toEqual({ errorCode: ErrorCode.NoError, partitionsRemaining: [] })
    expect(c.state('t', 0).leaderAndIsr).toMatchObject({ leader: 3, leaderEpoch: 1, isr: [3] })
    expect(c.state('t', 1).leaderAndIsr).toMatchObject({ leader: 3, leaderEpoch: 1, isr: [3] })
    // A partition with one replica stays where it is.
    expect(c.state('t', 2).leaderAndIsr).toMatchObject({ leader: 2, leaderEpoch: 0, isr: [2] })
    const lines = c.summary(before).filter((line) => line.startsWith('b2'))
    expect(lines[0]).toBe('b2 LeaderAndIsr t-0:3/1[3]')
    expect(lines).toContain('b2 StopReplica t-1')
    expect(c.traced(1, 'PartitionElected').at(-1)).toMatchObject({ election: 'controlled-shutdown', leader: 3 })
  })

  it('names the partitions that nobody else can lead', () => {
    const c = cluster([1, 2, 3])
    c.createTopic('t', [[2, 3]])
    c.run(100)
    c.writeState('t', { isr: [2] })
    expect(shutDown(c, 1, 2)).toEqual({
      errorCode: ErrorCode.NoError,
      partitionsRemaining: [{ topic: 't', partition: 0 }],
    })
    expect(c.state('t').leaderAndIsr.leader).toBe(2)
  })

  it('elects nobody who is shutting down, until the broker is gone', () => {
    const c = cluster([1, 2, 3])
    c.createTopic('t', [[3, 2]])
    c.run(100)
    shutDown(c, 1, 2)
    c.createTopic('u', [[2, 3]])
    c.run(100)
    expect(c.state('u').leaderAndIsr).toMatchObject({ leader: 3, isr: [3] })
    c.kill(2)
    c.run(100)
    c.start(2)
    c.run(100)
    c.createTopic('v', [[2, 3]])
    c.run(100)
    expect(c.state('v').leaderAndIsr).toMatchObject({ leader: 2, isr: [2, 3] })
  })

  it('lets other procedures run between its partitions', () => {
    const c = cluster([1, 2, 3])
    c.createTopic('t', Array(20).fill([2, 3]))
    c.run(300)
    let done = false
    c.controller(1).controlledShutdown(2, () => {
      done = true
    })
    c.createTopic('u', [[3]])
    c.run(20)
    expect(done).toBe(false)
    expect(c.state('u').leaderAndIsr.leader).toBe(3)
    c.run(300)
    expect(done).toBe(true)
  })

  it('poisons the controller when the session ends half-way: its batch stays full (as 0.8.2 does)', () => {
    const c = cluster([1, 2, 3])
    c.createTopic('t', Array(20).fill([3, 2]))
    c.run(300)
    let result: ControlledShutdownResult | undefined
    c.controller(1).controlledShutdown(2, (value) => {
      result = value
    })
    c.run(10)
    c.zk(1).disconnect()
    c.zk(1).expire()
    c.run(100)
    c.zk(1).reconnect({ expired: true })
    c.run(300)
    expect(result).toEqual({ errorCode: ErrorCode.Unknown, partitionsRemaining: [] })
    const [second] = c.active()
    c.kill(second!)
    c.kill(second === 2 ? 3 : 2)
    c.run(300)
    const failures = c.traced(1, 'StateChangeFailed').filter(({ subject }) => subject === 'becoming the controller')
    expect(failures[0]).toMatchObject({ reason: 'the batch of controller requests before was never sent' })
  })

  const handedOver = (preset: PresetName): number => {
    const c = new ControllerCluster({}, presets[preset])
    c.startAll(1, 2, 3, 4)
    c.createTopic('t', [[2, 3, 4]])
    c.run(100)
    c.kill(3)
    c.run(100)
    // Nobody takes a dead follower out of the ISR but the leader.
    c.writeState('t', { isr: [2, 3, 4] })
    shutDown(c, 1, 2)
    return c.state('t').leaderAndIsr.leader
  }

  it('makes the first in the ISR the leader, dead or alive, before 0.10 (KAFKA-3670)', () => {
    expect(handedOver('0.8.2')).toBe(3)
    expect(handedOver('0.9')).toBe(3)
    expect(handedOver('0.10.2')).toBe(4)
  })

  it('is refused by a broker that is not the controller, and for a broker that is not there', () => {
    const c = cluster([1, 2])
    expect(shutDown(c, 2, 1).errorCode).toBe(ErrorCode.StaleControllerEpoch)
    expect(shutDown(c, 1, 7).errorCode).toBe(ErrorCode.BrokerNotAvailable)
  })
})

describe('a move that a controller left behind', () => {
  it('counts as done once its replicas are written, until KIP-455 (2.4) tells which are being added', () => {
    for (const unfinishedMoves of ['told-by-replicas', 'told-by-adding-replicas'] as const) {
      const c = new ControllerCluster({}, { ...presets['0.11'], unfinishedMoves })
      c.startAll(1, 2, 3)
      c.createTopic('t', [[2, 3]])
      c.run(100)
      c.writeState('t', { isr: [2] })
      const { leaderEpoch } = c.state('t').leaderAndIsr
      c.zooKeeper.put(
        zkPaths.reassignPartitions,
        '{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[2,3]}]}',
      )
      c.kill(1)
      c.run(300)
      const waits = unfinishedMoves === 'told-by-adding-replicas'
      expect(c.zooKeeper.data(zkPaths.reassignPartitions) !== undefined).toBe(waits)
      expect(c.state('t').leaderAndIsr.leaderEpoch).toBe(waits ? leaderEpoch + 1 : leaderEpoch)
      c.writeState('t', { isr: [2, 3] })
      c.run(300)
      expect(c.zooKeeper.data(zkPaths.reassignPartitions)).toBeUndefined()
    }
  })
})

describe('preferred replica election', () => {
  const moved = (): ControllerCluster => {
    const c = cluster([1, 2, 3], { 'auto.leader.rebalance.enable': false })
    c.createTopic('t', [[2, 3]])
    c.run(100)
    c.kill(2)
    c.run(100)
    c.start(2)
    c.run(100)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 3, isr: [3] })
    return c
  }

  it('moves leadership to the first replica once it is in the ISR, tells all replicas, and removes the request', () => {
    const c = moved()
    c.writeState('t', { isr: [3, 2] })
    const before = c.received.length
    expect(c.admin((zk) => requestPreferredElection(zk, [{ topic: 't', partition: 0 }]))).toBe('OK')
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 2, isr: [3, 2] })
    expect(c.summary(before).slice(0, 2)).toEqual(['b2 LeaderAndIsr t-0:2/2[3,2]', 'b3 LeaderAndIsr t-0:2/2[3,2]'])
    expect(c.zooKeeper.data(zkPaths.preferredReplicaElection)).toBeUndefined()
  })

  it('fails, and removes the request, while the first replica is not in the ISR', () => {
    const c = moved()
    expect(c.admin((zk) => requestPreferredElection(zk, [{ topic: 't', partition: 0 }]))).toBe('OK')
    expect(c.state('t').leaderAndIsr.leader).toBe(3)
    expect(c.zooKeeper.data(zkPaths.preferredReplicaElection)).toBeUndefined()
    expect(c.traced(1, 'StateChangeFailed').at(-1)).toMatchObject({ subject: 't-0' })
  })

  it('is finished by the next controller', () => {
    const c = moved()
    c.writeState('t', { isr: [3, 2] })
    c.kill(1)
    c.zooKeeper.put(zkPaths.preferredReplicaElection, '{"version":1,"partitions":[{"topic":"t","partition":0}]}')
    c.run(300)
    expect(c.state('t').leaderAndIsr.leader).toBe(2)
    expect(c.zooKeeper.data(zkPaths.preferredReplicaElection)).toBeUndefined()
  })

  it('of a partition that is not there stays for the next controller, until KIP-183 (2.2) passes over it', () => {
    for (const preferredRequests of ['as-asked', 'checked'] as const) {
      const c = new ControllerCluster({}, { ...presets['0.11'], preferredRequests })
      c.startAll(1, 2, 3)
      c.run(100)
      c.zooKeeper.put(zkPaths.preferredReplicaElection, '{"version":1,"partitions":[{"topic":"gone","partition":1}]}')
      c.run(100)
      expect(c.zooKeeper.data(zkPaths.preferredReplicaElection) !== undefined).toBe(preferredRequests === 'as-asked')
      c.kill(c.active()[0]!)
      c.run(300)
      expect(c.zooKeeper.data(zkPaths.preferredReplicaElection)).toBeUndefined()
    }
  })

  it('survives a request that cannot be read', () => {
    const c = moved()
    c.zooKeeper.put(zkPaths.preferredReplicaElection, 'not json')
    c.run(100)
    expect(c.traced(1, 'StateChangeFailed').at(-1)).toMatchObject({ subject: 'preferred replica election' })
    c.createTopic('u', [[2, 3]])
    c.run(100)
    expect(c.state('u').leaderAndIsr.leader).toBe(2)
  })
})

describe('automatic rebalance', () => {
  const imbalanced = (config: Readonly<Record<string, unknown>>): ControllerCluster => {
    const c = cluster([1, 2, 3], config)
    c.createTopic('t', [
      [2, 3],
      [3, 2],
    ])
    c.run(100)
    c.writeState('t', { leader: 3, leaderEpoch: 1, isr: [3, 2] })
    // A new controller reads that broker 3 leads both.
    c.kill(1)
    c.run(100)
    expect(c.active()).toHaveLength(1)
    return c
  }

  it('gives leadership back five seconds after the take-over', () => {
    const c = imbalanced({})
    c.run(4500)
    expect(c.state('t').leaderAndIsr.leader).toBe(3)
    c.run(1000)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 2, leaderEpoch: 2 })
    expect(c.state('t', 1).leaderAndIsr).toMatchObject({ leader: 3, leaderEpoch: 0 })
  })

  it('looks again after each interval', () => {
    const c = imbalanced({ 'leader.imbalance.check.interval.seconds': 10 })
    c.writeState('t', { isr: [3] })
    c.run(6000)
    expect(c.state('t').leaderAndIsr.leader).toBe(3)
    c.writeState('t', { isr: [3, 2] })
    c.run(8500)
    expect(c.state('t').leaderAndIsr.leader).toBe(3)
    c.run(1000)
    expect(c.state('t').leaderAndIsr.leader).toBe(2)
  })

  it('leaves an imbalance within the limit, and does nothing when switched off', () => {
    const within = imbalanced({ 'leader.imbalance.per.broker.percentage': 100 })
    within.run(10_000)
    expect(within.state('t').leaderAndIsr.leader).toBe(3)
    const off = imbalanced({ 'auto.leader.rebalance.enable': false })
    off.run(10_000)
    expect(off.state('t').leaderAndIsr.leader).toBe(3)
  })

  it('never runs again once a preferred election named a partition without leadership, as in 0.8.2', () => {
    const c = cluster([1, 2, 3])
    c.createTopic('t', [[2, 3]])
    c.run(100)
    c.zooKeeper.put(zkPaths.preferredReplicaElection, '{"version":1,"partitions":[{"topic":"nope","partition":0}]}')
    c.run(100)
    expect(c.zooKeeper.data(zkPaths.preferredReplicaElection)).toBeDefined()
    c.kill(2)
    c.run(100)
    c.start(2)
    c.run(100)
    c.writeState('t', { isr: [3, 2] })
    c.run(700_000)
    expect(c.state('t').leaderAndIsr.leader).toBe(3)
  })
})

describe('reassignment', () => {
  it('adds the new replicas, waits until they are in sync, and drops the old ones', () => {
    const c = cluster([1, 2, 3, 4])
    c.createTopic('t', [
      [1, 2],
      [2, 1],
    ])
    c.run(100)
    expect(
      c.admin((zk) => requestReassignment(zk, presets['0.8.2'], [{ topic: 't', partition: 0, replicas: [3, 4] }])),
    ).toBe('OK')
    expect(assignmentOf(c, 't').get(0)).toEqual([3, 4, 1, 2])
    expect(assignmentOf(c, 't').get(1)).toEqual([2, 1])
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 1, leaderEpoch: 1, isr: [1, 2] })
    c.writeState('t', { isr: [1, 2, 3] })
    c.run(100)
    expect(assignmentOf(c, 't').get(0)).toEqual([3, 4, 1, 2])
    const before = c.received.length
    c.writeState('t', { isr: [1, 2, 3, 4] })
    c.run(200)
    expect(assignmentOf(c, 't').get(0)).toEqual([3, 4])
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 3, leaderEpoch: 4, isr: [3, 4] })
    expect(c.zooKeeper.data(zkPaths.reassignPartitions)).toBeUndefined()
    expect(c.summary(before)).toEqual(
      expect.arrayContaining(['b1 StopReplica+delete t-0', 'b2 StopReplica+delete t-0']),
    )
    expect(c.traced(1, 'PartitionElected').at(-1)).toMatchObject({ election: 'reassignment', leader: 3 })
  })

  it('crosses out a partition whose new replicas are not alive, and keeps the others', () => {
    const c = cluster([1, 2, 3])
    c.createTopic('t', [[1], [1]])
    c.run(100)
    const request = [
      { topic: 't', partition: 0, replicas: [9] },
      { topic: 't', partition: 1, replicas: [2] },
    ]
    expect(c.admin((zk) => requestReassignment(zk, presets['0.8.2'], request))).toBe('OK')
    expect(assignmentOf(c, 't').get(0)).toEqual([1])
    expect(assignmentOf(c, 't').get(1)).toEqual([2, 1])
    expect(c.zooKeeper.data(zkPaths.reassignPartitions)).toBe(
      '{"version":1,"partitions":[{"topic":"t","partition":1,"replicas":[2]}]}',
    )
  })

  it('goes on under the next controller', () => {
    const c = cluster([1, 2, 3, 4])
    c.createTopic('t', [[2]])
    c.run(100)
    c.admin((zk) => requestReassignment(zk, presets['0.8.2'], [{ topic: 't', partition: 0, replicas: [3] }]))
    c.kill(1)
    c.run(200)
    c.writeState('t', { isr: [2, 3] })
    c.run(200)
    expect(assignmentOf(c, 't').get(0)).toEqual([3])
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 3, isr: [3] })
    expect(c.zooKeeper.data(zkPaths.reassignPartitions)).toBeUndefined()
  })
})

describe('admin operations', () => {
  it('create a topic once, with its settings', () => {
    const c = cluster([1, 2])
    const create = () => c.admin((zk) => createTopic(zk, 't', new Map([[0, [1, 2]]]), { 'retention.ms': '1000' }))
    expect(create()).toBe('OK')
    expect(c.zooKeeper.data(zkPaths.configTopic('t'))).toBe('{"version":1,"config":{"retention.ms":"1000"}}')
    expect(c.state('t').leaderAndIsr.leader).toBe(1)
    expect(create()).toBe('NodeExists')
  })

  it('change the settings of a topic and tell the brokers', () => {
    const c = cluster([1])
    c.createTopic('t', [[1]])
    c.zooKeeper.put(zkPaths.configChanges)
    expect(c.admin((zk) => changeTopicConfig(zk, 't', { 'retention.ms': '5' }))).toBe('OK')
    expect(c.zooKeeper.data(zkPaths.configTopic('t'))).toBe('{"version":1,"config":{"retention.ms":"5"}}')
    expect(c.zooKeeper.data(`${zkPaths.configChanges}/config_change_0000000000`)).toBe('"t"')
    expect(c.admin((zk) => changeTopicConfig(zk, 'nope', {}))).toBe('NoNode')
  })

  it('refuse bad names and bad assignments', () => {
    const c = cluster([1])
    const attempt = (topic: string, assignment: ReadonlyArray<readonly [number, readonly number[]]>) => () =>
      c.admin((zk) => createTopic(zk, topic, new Map(assignment), {}))
    expect(attempt('a/b', [[0, [1]]])).toThrow(AdminOperationError)
    expect(attempt('..', [[0, [1]]])).toThrow(AdminOperationError)
    expect(attempt('x'.repeat(250), [[0, [1, 1]]])).toThrow(/twice/)
    expect(
      attempt('t', [
        [0, [1]],
        [1, [1, 2]],
      ]),
    ).toThrow(/same number/)
    expect(attempt('t', [])).toThrow(AdminOperationError)
  })

  it('give a topic more partitions by the formula, or as told', () => {
    const c = cluster([1, 2, 3])
    c.createTopic('t', [[1, 2]])
    c.run(100)
    expect(c.admin((zk) => addPartitions(zk, presets['0.8.2'], 't', 3))).toBe('OK')
    // Index (partition + 1) mod 3, because the first replica of partition 0 is broker 1.
    expect([...assignmentOf(c, 't')]).toEqual([
      [0, [1, 2]],
      [1, [3, 2]],
      [2, [1, 3]],
    ])
    expect(c.admin((zk) => addPartitions(zk, presets['0.8.2'], 't', 4, new Map([[3, [2, 1]]])))).toBe('OK')
    expect(c.state('t', 3).leaderAndIsr.leader).toBe(2)
    expect(c.admin((zk) => addPartitions(zk, presets['0.8.2'], 'nope', 2))).toBe('NoNode')
  })
})
