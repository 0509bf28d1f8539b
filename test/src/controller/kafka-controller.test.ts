import { describe, expect, it } from 'vitest'
import { decodeController, zkPaths } from '../../../src/protocol/index.ts'
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

describe('election of the controller', () => {
  it('makes the first broker the controller, with epoch 1', () => {
    const c = cluster()
    expect(c.active()).toEqual([1])
    expect(c.controller(1).epoch).toBe(1)
    expect(c.zooKeeper.data(zkPaths.controllerEpoch)).toBe('1')
    expect(decodeController(c.zooKeeper.data(zkPaths.controller)!)).toBe(1)
    expect(c.traced(1, 'ControllerElected')).toEqual([{ kind: 'ControllerElected', brokerId: 1, controllerEpoch: 1 }])
  })

  it('elects another broker with a higher epoch when the controller dies, and leaders for what it led', () => {
    const c = cluster()
    c.createTopic('t', [
      [1, 2, 3],
      [2, 3, 1],
    ])
    c.run(100)
    c.kill(1)
    c.run(200)
    const [successor] = c.active()
    expect(c.active()).toHaveLength(1)
    expect(c.controller(successor!).epoch).toBe(2)
    expect(c.state('t', 0)).toMatchObject({
      controllerEpoch: 2,
      leaderAndIsr: { leader: 2, leaderEpoch: 1, isr: [2, 3] },
    })
    expect(c.state('t', 1)).toMatchObject({
      controllerEpoch: 1,
      leaderAndIsr: { leader: 2, leaderEpoch: 0, isr: [2, 3, 1] },
    })
  })

  it('tells live replicas the current epochs when it takes over, then everybody the metadata', () => {
    const c = cluster()
    c.createTopic('t', [[2, 3]])
    c.run(100)
    c.kill(1)
    const before = c.received.length
    c.run(200)
    expect(c.summary(before)).toEqual(
      expect.arrayContaining(['b2 LeaderAndIsr t-0:2/0[2,3]', 'b3 LeaderAndIsr t-0:2/0[2,3]']),
    )
    const sent = c.received.slice(before)
    expect(new Set(sent.map(({ request }) => request.controllerEpoch))).toEqual(new Set([2]))
    expect(sent.at(-1)!.request.api).toBe('UpdateMetadata')
  })

  it('resigns when its session expired and stands again', () => {
    const c = cluster()
    c.zk(1).disconnect()
    c.zk(1).expire()
    c.run(100)
    const [second] = c.active().filter((id) => id !== 1)
    expect(c.active()).toEqual([1, second])
    c.zk(1).reconnect({ expired: true })
    c.run(100)
    expect(c.active()).toEqual([second])
    expect(c.controller(1).epoch).toBe(0)
    expect(c.traced(1, 'ControllerResigned')).toEqual([{ kind: 'ControllerResigned', brokerId: 1, controllerEpoch: 1 }])
    c.kill(second!)
    c.run(200)
    expect(c.active()).toHaveLength(1)
    expect(c.controller(c.active()[0]!).epoch).toBe(3)
  })

  it('leaves a broker alone whose session expired while another is the controller', () => {
    const c = cluster()
    c.zk(2).disconnect()
    c.zk(2).expire()
    c.zk(2).reconnect({ expired: true })
    c.run(100)
    expect(c.active()).toEqual([1])
    c.kill(1)
    c.kill(3)
    c.run(200)
    expect(c.active()).toEqual([2])
    expect(c.controller(2).epoch).toBe(2)
  })

  it('counts a write of its own that it sent twice as done (KAFKA-1382), but not up to 0.8.1', () => {
    const raced = (preset: keyof typeof presets): number => {
      const c = cluster([1, 2, 3], {}, preset)
      c.createTopic('t', [[1, 2]])
      c.run(100)
      const setData = c.zooKeeper.setData.bind(c.zooKeeper)
      const path = zkPaths.partitionState('t', 0)
      let lost = 1
      c.zooKeeper.setData = (at, data, version) => {
        const result = setData(at, data, version)
        // The first answer is lost, and the client library sends the write again.
        return at === path && lost-- > 0 ? setData(at, data, version) : result
      }
      c.kill(2)
      c.run(100)
      expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 1, isr: [1] })
      return c.traced(1, 'ReplicaLeftIsr').length
    }
    expect(raced('0.8.2')).toBe(1)
    expect(raced('0.8.1')).toBe(0)
  })

  it('resigns and stands again when its node is deleted', () => {
    const c = cluster([1])
    c.zooKeeper.delete(zkPaths.controller, -1)
    c.run(100)
    expect(c.active()).toEqual([1])
    expect(c.controller(1).epoch).toBe(2)
    expect(c.traced(1, 'ControllerResigned')).toHaveLength(1)
  })

  it('goes on with the epoch it read when it loses the race for the next one, as 0.8.2 does', () => {
    const c = new ControllerCluster()
    c.zooKeeper.put(zkPaths.controllerEpoch, '5')
    c.start(1)
    // Reads of /controller, its creation, and the read of the epoch take a millisecond each.
    c.run(3.2)
    c.zooKeeper.setData(zkPaths.controllerEpoch, '6', -1)
    c.run(100)
    expect(c.active()).toEqual([1])
    expect(c.controller(1).epoch).toBe(5)
    expect(c.traced(1, 'StateChangeFailed')).toHaveLength(1)
  })

  it('gives the node up to others when another controller makes the epoch node first', () => {
    const c = new ControllerCluster()
    c.start(1)
    // The fourth call finds no epoch node to raise; the fifth would make it.
    c.run(4.2)
    c.zooKeeper.put(zkPaths.controllerEpoch, '1')
    c.start(2)
    c.run(100)
    expect(c.traced(1, 'StateChangeFailed')[0]).toMatchObject({ subject: 'becoming the controller' })
    expect(c.active()).toEqual([2])
    expect(c.controller(2).epoch).toBe(2)
  })

  it('lets go of everything at its shutdown', () => {
    const c = cluster([1, 2])
    c.createTopic('t', [[1, 2]])
    c.run(100)
    c.controller(1).shutdown()
    expect(c.controller(1).isActive).toBe(false)
    const before = c.received.length
    c.createTopic('u', [[1, 2]])
    c.run(1000)
    expect(c.received.length).toBe(before)
  })

  it('says the same digest for the same course of events, and another one after more of them', () => {
    const run = (ms: number): string => {
      const c = cluster()
      c.createTopic('t', [[1, 2, 3]])
      c.run(ms)
      return c.digest(1)
    }
    expect(run(100)).toBe(run(100))
    expect(run(100)).not.toBe(run(1))
  })
})

describe('topics', () => {
  it('makes the first live replica of a new partition its leader, with all live ones in sync', () => {
    const c = cluster([1, 2])
    c.createTopic('t', [
      [3, 2, 1],
      [1, 2, 3],
    ])
    c.run(100)
    expect(c.state('t', 0)).toEqual({
      controllerEpoch: 1,
      leaderAndIsr: { leader: 2, leaderEpoch: 0, isr: [2, 1], zkVersion: 0 },
    })
    expect(c.state('t', 1)).toEqual({
      controllerEpoch: 1,
      leaderAndIsr: { leader: 1, leaderEpoch: 0, isr: [1, 2], zkVersion: 0 },
    })
    expect(c.traced(1, 'TopicCreated')).toEqual([
      { kind: 'TopicCreated', topic: 't', assignment: { 0: [3, 2, 1], 1: [1, 2, 3] } },
    ])
    const created = c.received.filter(({ request }) => request.api === 'LeaderAndIsr')
    expect(created.map(({ broker }) => broker)).toEqual([1, 2])
    const { request } = created[0]!
    expect(request).toMatchObject({
      controllerId: 1,
      controllerEpoch: 1,
      liveLeaders: [
        { id: 1, host: 'b1', port: 9092 },
        { id: 2, host: 'b2', port: 9092 },
      ],
      partitionStates: [
        { topic: 't', partition: 0, replicas: [3, 2, 1], controllerEpoch: 1 },
        { topic: 't', partition: 1, replicas: [1, 2, 3], controllerEpoch: 1 },
      ],
    })
  })

  it('keeps a partition without a live replica waiting until one comes', () => {
    const c = cluster([1])
    c.createTopic('t', [[2, 3]])
    c.run(100)
    expect(c.zooKeeper.data(zkPaths.partitionState('t', 0))).toBeUndefined()
    expect(c.traced(1, 'PartitionOffline')[0]).toMatchObject({ tp: 't-0' })
    c.start(3)
    c.run(100)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 3, leaderEpoch: 0, isr: [3] })
  })

  it('gives new partitions of a known topic leaders', () => {
    const c = cluster([1, 2])
    c.createTopic('t', [[1, 2]])
    c.run(100)
    c.createTopic('t', [
      [1, 2],
      [2, 1],
    ])
    c.run(100)
    expect(c.state('t', 1).leaderAndIsr).toMatchObject({ leader: 2, isr: [2, 1] })
    expect(c.state('t', 0).leaderAndIsr.zkVersion).toBe(0)
  })

  describe('added while a controller takes over', () => {
    /** For each millisecond of a take-over: whether a partition that was added then has a leader in the end. */
    const led = (preset: keyof typeof presets): boolean[] =>
      Array.from({ length: 40 }, (_, ms) => {
        const c = new ControllerCluster({}, presets[preset])
        c.createTopic('t', [[1]])
        c.start(1)
        c.run(ms + 0.2)
        c.createTopic('t', [[1], [1]])
        c.run(100)
        expect(c.state('t').leaderAndIsr.leader).toBe(1)
        return c.zooKeeper.data(zkPaths.partitionState('t', 1)) !== undefined
      })

    it.each(['1.1', '2.0'] as const)('have leaders, whenever that was (%s)', (preset) => {
      expect(led(preset)).not.toContain(false)
    })

    it.each(['0.8.2', '0.9', '0.11'] as const)(
      'have none, if it had read their topic and did not watch it (%s)',
      (preset) => {
        const outcome = led(preset)
        expect(outcome).toContain(false)
        expect([outcome.at(0), outcome.at(-1)]).toEqual([true, true])
      },
    )
  })

  it('treats a state node that it finds as the work of another controller, even if it made it itself', () => {
    const c = cluster([1, 2])
    c.zooKeeper.put(
      zkPaths.partitionState('t', 0),
      '{"controller_epoch":1,"leader":2,"version":1,"leader_epoch":0,"isr":[2]}',
    )
    c.createTopic('t', [[1, 2]])
    c.run(100)
    expect(
      c.received.filter(
        ({ request }) =>
          request.api === 'LeaderAndIsr' && request.partitionStates.some((p) => p.leaderAndIsr.leader === 1),
      ),
    ).toEqual([])
    expect(c.traced(1, 'StateChangeFailed').map(({ subject }) => subject)).toContain('t-0')
  })
})
