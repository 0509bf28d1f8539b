/**
 * Traces written by hand, for tests of the view: records with rising sequence numbers at times given in milliseconds,
 * and the three-message loss as a cluster would trace it.
 */

import {
  type AnyEvent,
  type ClusterView,
  initialView,
  Ledger,
  type ViewRecord,
  ViewRecorder,
} from '../../../sim/view/index.ts'
import { encodePartitionState, zkPaths } from '../../../src/protocol/index.ts'
import { makeZxid } from '../../../src/zookeeper/zxid.ts'

export class Story {
  readonly records: ViewRecord[] = []
  #atUs = 0

  /** Virtual time of what follows, in milliseconds. */
  at(ms: number): this {
    this.#atUs = ms * 1000
    return this
  }

  on(machine: string, ...events: AnyEvent[]): this {
    for (const event of events) this.records.push({ seq: this.records.length, atUs: this.#atUs, machine, event })
    return this
  }

  /** ZooKeeper commits a partition state of orders-0. */
  state(leader: number, leaderEpoch: number, isr: readonly number[], version: number): this {
    const data = encodePartitionState({ leader, leaderEpoch, isr, zkVersion: version }, 1)
    const path = zkPaths.partitionState('orders', 0)
    return this.on('zk1', {
      kind: 'ZkCommitted',
      zxid: makeZxid(1, this.records.length),
      txn: version === 0 ? 'create' : 'setData',
      session: '0x1',
      changes: [
        version === 0 ? { op: 'create', path, data, ephemeralOwner: null } : { op: 'setData', path, data, version },
      ],
    })
  }

  append(broker: string, role: 'leader' | 'follower', leaderEpoch: number, from: number, ...names: string[]): this {
    const messages = names.map((value, index) => ({ offset: from + index, key: null, value }))
    return this.on(broker, { kind: 'Appended', tp, role, leaderEpoch, messages, logEndOffset: from + names.length })
  }

  highWatermark(broker: string, role: 'leader' | 'follower', leaderEpoch: number, from: number, to: number): this {
    return this.on(broker, { kind: 'HighWatermark', tp, role, leaderEpoch, from, to })
  }

  lead(broker: string, leaderEpoch: number, isr: readonly number[], zkVersion: number, leo: number, hw: number): this {
    return this.on(broker, {
      kind: 'BecameLeader',
      tp,
      leaderEpoch,
      isr,
      zkVersion,
      logEndOffset: leo,
      highWatermark: hw,
    })
  }

  follow(broker: string, leader: number, leaderEpoch: number, leo: number, hw: number): this {
    return this.on(broker, { kind: 'BecameFollower', tp, leader, leaderEpoch, logEndOffset: leo, highWatermark: hw })
  }

  hand(client: string, message: string, acks = -1, broker = 1, attempt = 1): this {
    if (attempt === 1) this.on(client, { kind: 'MessageHanded', client, message, key: null, topic: 'orders' })
    return this.on(client, {
      kind: 'ProduceSent',
      client,
      tp,
      messages: [message],
      broker,
      attempt,
      requiredAcks: acks,
      correlationId: attempt,
    })
  }

  acknowledge(client: string, message: string, baseOffset: number, broker: number, requiredAcks = -1): this {
    return this.on(client, {
      kind: 'ProduceAcknowledged',
      client,
      tp,
      messages: [message],
      baseOffset,
      requiredAcks,
      broker,
    })
  }

  fail(client: string, message: string, error: string, retriesLeft = 3): this {
    return this.on(client, {
      kind: 'ProduceFailed',
      client,
      tp,
      messages: [message],
      error,
      maybeAppended: true,
      retriesLeft,
      broker: 1,
    })
  }

  /** View and ledger after all records. */
  told(): { view: ClusterView; ledger: Ledger } {
    const recorder = new ViewRecorder(plan)
    const ledger = new Ledger()
    for (const record of this.records) {
      recorder.apply(record)
      ledger.apply(record)
    }
    return { view: recorder.view, ledger }
  }
}

export const tp = 'orders-0'

export const plan: ClusterView = initialView({
  zookeeper: 1,
  brokers: 3,
  clients: ['p1', 'p2', 'p3', 'p4'].map((name) => ({ kind: 'producer', name, config: {}, bootstrap: [] })),
})

/** Leader b1 holds m1 m2 m3, b2 fetched m1 m2, b3 m1; HW of b1 is 1 and checkpointed. */
export function beforeTheCrash(): Story {
  const story = new Story().at(0)
  for (const machine of ['zk1', 'b1', 'b2', 'b3']) story.on(machine, { kind: 'ProcessStarted', life: 1 })
  story.on('zk1', {
    kind: 'ZkCommitted',
    zxid: makeZxid(1, 1),
    txn: 'create',
    session: '0x1',
    changes: [
      {
        op: 'create',
        path: '/brokers/topics/orders',
        data: '{"version":1,"partitions":{"0":[1,2,3]}}',
        ephemeralOwner: null,
      },
      { op: 'create', path: '/controller', data: '{"version":1,"brokerid":2,"timestamp":"5"}', ephemeralOwner: '0x1' },
      { op: 'create', path: '/controller_epoch', data: '1', ephemeralOwner: null },
      { op: 'create', path: '/brokers/ids/1', data: '{}', ephemeralOwner: '0x2' },
    ],
  })
  story.on('zk1', { kind: 'ZkSessionCreated', session: '0x2', owner: 'b1', timeoutMs: 6000 })
  story.at(10).state(1, 0, [1, 2, 3], 0)
  story.at(20).lead('b1', 0, [1, 2, 3], 0, 0, 0)
  story.at(21).follow('b2', 1, 0, 0, 0).follow('b3', 1, 0, 0, 0)
  story.at(1000).hand('p1', 'm1').append('b1', 'leader', 0, 0, 'm1')
  story.at(1002).append('b2', 'follower', 0, 0, 'm1').append('b3', 'follower', 0, 0, 'm1')
  story.at(1005).highWatermark('b1', 'leader', 0, 0, 1).acknowledge('p1', 'm1', 0, 1)
  story.at(1100).hand('p2', 'm2').append('b1', 'leader', 0, 1, 'm2')
  story.at(1102).append('b2', 'follower', 0, 1, 'm2').highWatermark('b2', 'follower', 0, 0, 1)
  story.at(1200).hand('p3', 'm3').append('b1', 'leader', 0, 2, 'm3')
  return story.at(5000).on('b1', { kind: 'HighWatermarksCheckpointed', entries: { [tp]: 1 } })
}

/** b1 dies, b2 is elected, m4 is committed, b1 comes back and cuts to 1; m2 and m3 are sent again. */
export function threeMessageLoss(): Story {
  const story = beforeTheCrash()
  story.at(6000).on('b1', { kind: 'ProcessEnded', how: 'crash', reason: '' })
  story.fail('p2', 'm2', 'disconnected').fail('p3', 'm3', 'disconnected')
  story.at(12000).on('zk1', { kind: 'ZkSessionClosed', session: '0x2', expired: true })
  story.state(2, 1, [2, 3], 1)
  story.at(12010).lead('b2', 1, [2, 3], 1, 2, 1).follow('b3', 2, 1, 1, 0)
  story.at(12020).append('b3', 'follower', 1, 1, 'm2')
  story.at(12030).highWatermark('b2', 'leader', 1, 1, 2)
  story.at(12100).hand('p4', 'm4', -1, 2).append('b2', 'leader', 1, 2, 'm4').append('b3', 'follower', 1, 2, 'm4')
  story.at(12110).highWatermark('b2', 'leader', 1, 2, 3).acknowledge('p4', 'm4', 2, 2)
  story.at(12300).on('b1', { kind: 'ProcessStarted', life: 2 })
  story.on('b1', { kind: 'LogLoaded', tp, logStartOffset: 0, logEndOffset: 3, recovered: true, truncatedBytes: 0 })
  story.on('b1', { kind: 'ReplicaCreated', tp, logEndOffset: 3, highWatermark: 1 })
  story.at(12400).on('b1', { kind: 'LogTruncated', tp, from: 3, to: 1 })
  story.on('b1', { kind: 'Truncated', tp, from: 3, to: 1, reason: 'became-follower', highWatermark: 1 })
  story.follow('b1', 2, 1, 1, 1)
  story.at(12410).append('b1', 'follower', 1, 1, 'm2', 'm4')
  story
    .at(12500)
    .hand('p2', 'm2', -1, 2, 2)
    .append('b2', 'leader', 1, 3, 'm2')
    .hand('p3', 'm3', -1, 2, 2)
    .append('b2', 'leader', 1, 4, 'm3')
  story.append('b3', 'follower', 1, 3, 'm2', 'm3').append('b1', 'follower', 1, 3, 'm2', 'm3')
  return story
    .at(12510)
    .highWatermark('b2', 'leader', 1, 3, 5)
    .acknowledge('p2', 'm2', 3, 2)
    .acknowledge('p3', 'm3', 4, 2)
}
