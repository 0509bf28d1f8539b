import { describe, expect, it } from 'vitest'
import { requestPreferredElection, requestTopicDeletion } from '../../../src/controller/index.ts'
import { LEADER_DURING_DELETE, zkPaths } from '../../../src/protocol/index.ts'
import { presets } from '../../../src/versions.ts'
import { ControllerCluster } from './controller-cluster.ts'

const cluster = (brokers: readonly number[], preset: keyof typeof presets = '0.8.2'): ControllerCluster => {
  const made = new ControllerCluster({ 'delete.topic.enable': true }, presets[preset])
  made.zooKeeper.put(zkPaths.deleteTopics)
  made.startAll(...brokers)
  return made
}

const created = (brokers: readonly number[], replicas: ReadonlyArray<readonly number[]>): ControllerCluster => {
  const c = cluster(brokers)
  c.createTopic('t', replicas)
  c.run(100)
  return c
}

const deleteTopic = (c: ControllerCluster, topic = 't'): void => {
  c.admin((zk) => requestTopicDeletion(zk, topic))
}

const halts = (c: ControllerCluster, on: number): unknown[] =>
  c.traced(on, 'TopicDeletionHalted').map(({ reason }) => reason)

const isGone = (c: ControllerCluster, topic = 't'): boolean =>
  [zkPaths.topic(topic), zkPaths.configTopic(topic), zkPaths.deleteTopic(topic)].every(
    (path) => c.zooKeeper.data(path) === undefined,
  )

describe('deletion of topics', () => {
  it('has brokers forget the topic, takes the replicas out of the ISR, deletes them, and then the nodes', () => {
    const c = created([1, 2, 3], [[2, 3]])
    const before = c.received.length
    deleteTopic(c)
    c.run(300)
    expect(isGone(c)).toBe(true)
    const lines = c.summary(before)
    const to2 = lines.filter((line) => line.startsWith('b2'))
    expect(to2[0]).toBe(`b2 UpdateMetadata t-0:${LEADER_DURING_DELETE}/0[2,3]`)
    expect(to2.indexOf('b2 StopReplica t-0')).toBeGreaterThan(0)
    expect(to2.indexOf('b2 StopReplica+delete t-0')).toBeGreaterThan(to2.indexOf('b2 StopReplica t-0'))
    // Nobody is told of the shrinking ISR of a partition that goes.
    expect(lines.filter((line) => line.includes('LeaderAndIsr'))).toEqual([])
    expect(c.traced(1, 'TopicDeleted')).toEqual([{ kind: 'TopicDeleted', topic: 't' }])
  })

  it('lets a topic of the same name be created again', () => {
    const c = created([1, 2, 3], [[2, 3]])
    deleteTopic(c)
    c.run(300)
    c.createTopic('t', [[3, 1]])
    c.run(200)
    expect(c.state('t').leaderAndIsr).toMatchObject({ leader: 3, leaderEpoch: 0, isr: [3, 1] })
    deleteTopic(c)
    c.run(300)
    expect(isGone(c)).toBe(true)
  })

  it('does nothing where it is disabled', () => {
    const c = new ControllerCluster()
    c.zooKeeper.put(zkPaths.deleteTopics)
    c.startAll(1, 2)
    c.createTopic('t', [[2]])
    c.run(100)
    deleteTopic(c)
    c.run(300)
    expect(c.state('t').leaderAndIsr.leader).toBe(2)
    expect(c.zooKeeper.data(zkPaths.deleteTopic('t'))).toBe('')
  })

  it('crosses out a topic that does not exist', () => {
    const c = cluster([1])
    c.zooKeeper.put(zkPaths.deleteTopic('nothing'))
    c.run(100)
    expect(c.zooKeeper.children(zkPaths.deleteTopics)).toEqual([])
  })

  it('waits for a dead replica, and goes on when its broker returns', () => {
    const c = created([1, 2, 3], [[2, 3]])
    c.kill(3)
    c.run(100)
    deleteTopic(c)
    c.run(1000)
    expect(halts(c, 1)).toEqual(['dead-replicas'])
    expect(isGone(c)).toBe(false)
    const before = c.received.length
    c.start(3)
    c.run(300)
    expect(isGone(c)).toBe(true)
    // What was deleted before the halt is not deleted again.
    expect(c.summary(before)).not.toContain('b2 StopReplica+delete t-0')
    expect(c.summary(before)).toContain('b3 StopReplica+delete t-0')
  })

  it('is halted when a broker dies that was told to delete and has not answered', () => {
    const c = created([1, 2, 3], [[2, 3]])
    c.mute.add(3)
    deleteTopic(c)
    c.run(200)
    c.kill(3)
    c.run(200)
    expect(halts(c, 1)).toEqual(['replica-not-deleted'])
    c.mute.delete(3)
    c.start(3)
    c.run(300)
    expect(isGone(c)).toBe(true)
  })

  it('is halted by a broker that cannot delete, until that broker starts again', () => {
    const c = created([1, 2, 3], [[2, 3]])
    c.undeletable.add(3)
    deleteTopic(c)
    c.run(1000)
    expect(halts(c, 1)).toEqual(['replica-not-deleted'])
    c.kill(3)
    c.run(100)
    c.undeletable.clear()
    c.start(3)
    c.run(300)
    expect(isGone(c)).toBe(true)
  })

  it('holds the next request to a broker back until its answer has been dealt with', () => {
    const c = created([1, 2, 3], [[2], [2]])
    const before = c.received.length
    deleteTopic(c)
    c.run(300)
    const deletions = c.received.slice(before).filter(({ request }) => request.api === 'StopReplica')
    expect(deletions.map(({ broker }) => broker)).toEqual([2, 2, 2, 2])
    expect(isGone(c)).toBe(true)
  })

  it('is finished by the next controller', () => {
    const c = created([1, 2, 3], [[2, 3]])
    c.mute.add(3)
    deleteTopic(c)
    c.run(100)
    c.kill(1)
    c.run(400)
    expect(isGone(c)).toBe(false)
    c.mute.delete(3)
    const [active] = c.active()
    c.kill(3)
    c.run(100)
    c.start(3)
    c.run(500)
    expect(active).toBe(2)
    expect(isGone(c)).toBe(true)
  })

  it('keeps its partitions from being elected, rebalanced, expanded and moved', () => {
    const c = created([1, 2, 3], [[2, 3]])
    c.mute.add(3)
    deleteTopic(c)
    c.run(100)
    const epoch = c.state('t').leaderAndIsr.leaderEpoch
    c.admin((zk) => requestPreferredElection(zk, [{ topic: 't', partition: 0 }]))
    c.zooKeeper.put(
      zkPaths.reassignPartitions,
      '{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[1]}]}',
    )
    c.zooKeeper.setData(zkPaths.topic('t'), '{"version":1,"partitions":{"0":[2,3],"1":[1]}}', -1)
    c.run(300)
    expect(c.state('t').leaderAndIsr.leaderEpoch).toBe(epoch)
    expect(c.zooKeeper.data(zkPaths.partitionState('t', 1))).toBeUndefined()
    expect(c.zooKeeper.data(zkPaths.reassignPartitions)).toBeUndefined()
    expect(c.traced(1, 'StateChangeFailed').at(-1)).toMatchObject({ reason: 't is to be deleted' })
  })

  it('waits until the partitions of the topic have moved, if it was asked for before they began to', () => {
    const c = created([1, 2, 3], [[2, 3]])
    c.kill(3)
    c.run(100)
    deleteTopic(c)
    c.run(100)
    c.kill(1)
    c.run(300)
    // The new controller finds a reassignment that was never carried out, and a topic to delete.
    expect(halts(c, 2)).toEqual(['dead-replicas'])
  })

  describe('of a topic whose nodes are gone already', () => {
    const orphan = (preset: keyof typeof presets): ControllerCluster => {
      const c = cluster([1, 2], preset)
      c.createTopic('u', [[2]])
      c.run(100)
      c.kill(1)
      c.zooKeeper.put(zkPaths.deleteTopic('ghost'))
      c.run(300)
      deleteTopic(c, 'u')
      c.run(300)
      return c
    }

    it('ends the thread of 0.8.2, and with it all deletions', () => {
      const c = orphan('0.8.2')
      expect(isGone(c, 'u')).toBe(false)
      expect(c.traced(2, 'StateChangeFailed')).toContainEqual({
        kind: 'StateChangeFailed',
        subject: 'deletion of topics',
        reason: 'the partitions of ghost are not watched: it did not exist',
      })
    })
  })
})
