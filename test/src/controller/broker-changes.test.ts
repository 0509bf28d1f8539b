import { describe, expect, it } from 'vitest'
import { zkPaths } from '../../../src/protocol/index.ts'
import { presets } from '../../../src/versions.ts'
import { ControllerCluster } from './controller-cluster.ts'

const cluster = (
  brokers: readonly number[] = [1, 2, 3],
  config: Readonly<Record<string, unknown>> = {},
  preset: keyof typeof presets = '0.8.2',
): ControllerCluster => {
  const made = new ControllerCluster(config, presets[preset])
  made.startAll(...brokers)
  return made
}

describe('failure of a broker', () => {
  const failing = (
    config: Record<string, string> = {},
    brokerConfig: Readonly<Record<string, unknown>> = {},
    preset: keyof typeof presets = '0.8.2',
  ) => {
    const c = cluster([1, 2, 3], brokerConfig, preset)
    c.createTopic('t', [[2, 3]], config)
    c.run(100)
    return c
  }

  it('elects a live member of the ISR, in the order of the assignment', () => {
    const c = cluster([1, 2, 3, 4])
    c.createTopic('t', [[2, 3, 4]])
    c.run(100)
    c.writeState('t', { isr: [2, 4, 3] })
    c.kill(2)
    c.run(100)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 3, leaderEpoch: 1, isr: [4, 3] })
    expect(c.traced(1, 'PartitionElected').at(-1)).toMatchObject({ election: 'offline', leader: 3 })
  })

  it('elects in the order of the ISR up to 0.8.1', () => {
    const c = cluster([1, 2, 3, 4], {}, '0.8.1')
    c.createTopic('t', [[2, 3, 4]])
    c.run(100)
    c.writeState('t', { isr: [2, 4, 3] })
    c.kill(2)
    c.run(100)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 4, isr: [4, 3] })
  })

  it('sends the requests of a batch in order: LeaderAndIsr to all, UpdateMetadata to all, then StopReplica', () => {
    const c = cluster()
    c.createTopic('t', [[1, 2, 3]])
    c.run(100)
    const before = c.received.length
    c.kill(3)
    c.run(100)
    // b3 gets nothing: its queue went with it.
    expect(c.summary(before)).toEqual([
      'b1 LeaderAndIsr t-0:1/1[1,2]',
      'b2 LeaderAndIsr t-0:1/1[1,2]',
      'b1 UpdateMetadata t-0:1/1[1,2]',
      'b2 UpdateMetadata t-0:1/1[1,2]',
    ])
    expect(c.traced(1, 'ReplicaLeftIsr')).toEqual([
      { kind: 'ReplicaLeftIsr', tp: 't-0', replica: 3, isr: [1, 2], leader: 1, leaderEpoch: 1 },
    ])
  })

  it('takes a follower out of the ISR with a new leader epoch, again if the leader writes in between', () => {
    const c = cluster()
    c.createTopic('t', [[1, 2, 3]])
    c.run(100)
    c.kill(3)
    // The controller reads the brokers and the state; its write is under way when the leader's own one lands.
    let written = false
    for (let i = 0; i < 200 && c.traced(1, 'ReplicaLeftIsr').length === 0; i++) {
      c.run(0.1)
      if (!written && c.traced(1, 'BrokerFailure').length > 0) {
        c.run(1.2)
        c.writeState('t', { isr: [1, 3] })
        written = true
      }
    }
    c.run(100)
    expect(written).toBe(true)
    expect(c.state('t').leaderAndIsr).toEqual({ leader: 1, leaderEpoch: 1, isr: [1], zkVersion: 2 })
    // One write of the leader and one of the controller; what lost the race changed nothing.
    expect(c.zooKeeper.writes.filter((write) => write === `setData ${zkPaths.partitionState('t', 0)}`)).toHaveLength(2)
  })

  it('elects a replica outside the ISR if that is allowed, and loses the others from the ISR', () => {
    const c = failing()
    c.writeState('t', { isr: [2] })
    c.kill(2)
    c.run(100)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 3, leaderEpoch: 1, isr: [3] })
    expect(c.traced(1, 'PartitionElected').at(-1)).toMatchObject({ election: 'offline-unclean', leader: 3 })
  })

  it('leaves the partition without a leader, and the ISR as it was, if the topic forbids that', () => {
    const c = failing({ 'unclean.leader.election.enable': 'false' })
    c.writeState('t', { isr: [2] })
    c.kill(2)
    c.run(100)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: -1, leaderEpoch: 1, isr: [2] })
    expect(c.traced(1, 'PartitionOffline')[0]).toMatchObject({ tp: 't-0', isr: [2] })
    c.start(2)
    c.run(100)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 2, leaderEpoch: 2, isr: [2] })
  })

  it("follows the topic's setting at the time of the election, else the broker's", () => {
    const forbidden = failing({}, { 'unclean.leader.election.enable': false })
    forbidden.writeState('t', { isr: [2] })
    forbidden.kill(2)
    forbidden.run(100)
    expect(forbidden.state('t').leaderAndIsr.leader).toBe(-1)
    const allowed = failing({ 'unclean.leader.election.enable': 'true' }, { 'unclean.leader.election.enable': false })
    allowed.writeState('t', { isr: [2] })
    allowed.kill(2)
    allowed.run(100)
    expect(allowed.state('t').leaderAndIsr.leader).toBe(3)
  })

  it('always allows it up to 0.8.1', () => {
    const c = failing({ 'unclean.leader.election.enable': 'false' }, {}, '0.8.1')
    c.writeState('t', { isr: [2] })
    c.kill(2)
    c.run(100)
    expect(c.state('t').leaderAndIsr.leader).toBe(3)
  })

  it('forgets the last member of the ISR where unclean election is allowed, so a worse replica may lead (M06)', () => {
    const c = failing()
    c.writeState('t', { isr: [3], leader: 3, leaderEpoch: 1 })
    c.kill(2)
    c.run(100)
    c.kill(3)
    c.run(100)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: -1, isr: [] })
    c.start(2)
    c.start(3)
    c.run(200)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 2, isr: [2] })
  })

  it('takes members that die at once out of the ISR in ascending order, so the highest id is kept', () => {
    const c = cluster([1, 2, 3, 4])
    c.createTopic('t', [[4, 2, 3]], { 'unclean.leader.election.enable': 'false' })
    c.run(100)
    c.kill(4)
    c.kill(2)
    c.kill(3)
    c.run(100)
    expect(c.traced(1, 'BrokerFailure')).toEqual([{ kind: 'BrokerFailure', brokers: [2, 3, 4] }])
    expect(c.traced(1, 'ReplicaLeftIsr').map(({ replica, isr, leader }) => [replica, isr, leader])).toEqual([
      [2, [4, 3], 4],
      [3, [4], 4],
      [4, [4], -1],
    ])
  })

  it('goes on serving a partition whose follower dies, and elects when the leader does', () => {
    const c = cluster([1, 2, 3])
    c.createTopic('t', [[2, 3]])
    c.createTopic('u', [[3, 2]])
    c.run(100)
    c.kill(3)
    c.run(100)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 2, leaderEpoch: 1, isr: [2] })
    expect(c.state('u').leaderAndIsr).toMatchObject({ leader: 2, leaderEpoch: 1, isr: [2] })
  })

  it('aborts when a controller with a higher epoch wrote the state (stale controller)', () => {
    const c = failing()
    c.writeState('t', { controllerEpoch: 2 })
    const version = c.state('t').leaderAndIsr.zkVersion
    c.kill(2)
    c.run(100)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 2, leaderEpoch: 0, isr: [2, 3], zkVersion: version })
    const subjects = c.traced(1, 'StateChangeFailed').map(({ subject }) => subject)
    expect(subjects).toEqual(['t-0', 't-0/2'])
  })

  it('does not see a broker that left and came back between two looks (M24)', () => {
    const c = failing()
    const before = c.received.length
    const data = c.zooKeeper.data(zkPaths.brokerId(2))!
    c.zooKeeper.delete(zkPaths.brokerId(2), -1)
    c.zooKeeper.put(zkPaths.brokerId(2), data)
    c.run(1000)
    expect(c.received.length).toBe(before)
    expect(c.traced(1, 'BrokerFailure')).toEqual([])
  })

  it('sees every broker fail, however soon after another it leaves, from 0.10 on', () => {
    for (let delay = 0; delay <= 20; delay++) {
      const c = failing({}, {}, '0.10.2')
      c.kill(3)
      c.run(delay)
      c.kill(2)
      c.run(1000)
      const failed = c.traced(1, 'BrokerFailure').flatMap(({ brokers }) => brokers as number[])
      expect([delay, failed.sort()]).toEqual([delay, [2, 3]])
    }
  })

  it('works on, after its session expired, until the new session is announced (M23)', () => {
    const c = failing()
    c.createTopic('u', [[3, 2]])
    c.run(100)
    c.kill(3)
    c.run(3)
    // The failure of broker 3 is being handled when the controller is cut off and given up.
    expect(c.traced(1, 'BrokerFailure')).toHaveLength(1)
    c.zk(1).disconnect()
    c.zk(1).expire()
    // The successor is elected and loads the states before the old one wakes up.
    c.run(60)
    expect(c.active()).toEqual([1, 2])
    expect(c.state('u')).toMatchObject({ controllerEpoch: 2, leaderAndIsr: { leader: 2, leaderEpoch: 1, isr: [2] } })
    expect(c.state('t')).toMatchObject({ controllerEpoch: 1, leaderAndIsr: { leader: 2, leaderEpoch: 0, isr: [2, 3] } })
    const before = c.received.length
    c.zk(1).reconnect({ expired: true })
    c.run(200)
    expect(c.active()).toEqual([2])
    // What the successor wrote stops the old one; what it only read does not.
    expect(c.state('u')).toMatchObject({ controllerEpoch: 2, leaderAndIsr: { leader: 2, leaderEpoch: 1, isr: [2] } })
    expect(c.state('t')).toMatchObject({ controllerEpoch: 1, leaderAndIsr: { leader: 2, leaderEpoch: 1, isr: [2] } })
    const late = c.received.slice(before).filter(({ request }) => request.controllerId === 1)
    expect(late.length).toBeGreaterThan(0)
    for (const { request } of late) expect(request.controllerEpoch).toBe(1)
  })
})

describe('start of a broker', () => {
  it('tells it all metadata, then its own replicas, then elects where a leader is missing', () => {
    const c = cluster([1, 2, 3])
    c.createTopic('t', [[2, 3]], { 'unclean.leader.election.enable': 'false' })
    c.createTopic('u', [[1, 2]])
    c.run(100)
    c.writeState('t', { isr: [2] })
    c.kill(2)
    c.run(100)
    const before = c.received.length
    c.start(2)
    c.run(100)
    expect(c.summary(before).filter((line) => line.startsWith('b2'))).toEqual([
      'b2 UpdateMetadata t-0:-1/1[2] u-0:1/1[1]',
      'b2 LeaderAndIsr t-0:-1/1[2] u-0:1/1[1]',
      'b2 UpdateMetadata t-0:-1/1[2] u-0:1/1[1]',
      'b2 LeaderAndIsr t-0:2/2[2]',
      'b2 UpdateMetadata t-0:2/2[2]',
    ])
    expect(c.traced(1, 'BrokerStartup').at(-1)).toEqual({ kind: 'BrokerStartup', brokers: [2] })
  })
})
