// Evidence by which an anomaly is named, record by record; and what is not enough of it.
import { describe, expect, it } from 'vitest'
import { partitionAnomaly, strayAnomaly } from '../../../sim/check/anomalies.ts'
import { ControlTruth } from '../../../sim/check/control-truth.ts'
import {
  ErrorCode,
  encodeAssignment,
  encodeController,
  encodePartitionState,
  zkPaths,
} from '../../../src/protocol/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import type { ZnodeChange } from '../../../src/zookeeper/events.ts'

const SESSIONS = { b1: '0x1', b2: '0x2', admin: '0x9' } as const
type Machine = keyof typeof SESSIONS

/** Tells a run, a millisecond a record. */
class Run {
  readonly control = new ControlTruth()
  private seq = 0

  constructor() {
    for (const [owner, session] of Object.entries(SESSIONS)) {
      this.tell('zk1', { kind: 'ZkSessionCreated', session, owner, timeoutMs: 4000 })
    }
    for (const id of [1, 2]) {
      this.tell(`b${id}`, { kind: 'ProcessStarted', life: 1 })
      this.write(`b${id}` as Machine, { op: 'create', path: zkPaths.brokerId(id), data: '', ephemeralOwner: null })
    }
  }

  tell(machine: string, event: { readonly kind: string } & Record<string, unknown>): this {
    const seq = ++this.seq
    this.control.apply({ seq, atUs: seq * 1000, machine, step: seq, cause: -1, event })
    return this
  }

  write(by: Machine, change: ZnodeChange): this {
    const session = SESSIONS[by]
    return this.tell('zk1', { kind: 'ZkCommitted', zxid: this.seq + 1, txn: change.op, session, changes: [change] })
  }

  elect(id: 1 | 2, epoch: number): this {
    const by = `b${id}` as const
    return this.write(by, { op: 'create', path: zkPaths.controller, data: encodeController(id, 0), ephemeralOwner: by })
      .write(by, { op: 'setData', path: zkPaths.controllerEpoch, data: String(epoch), version: epoch })
      .tell(by, { kind: 'ControllerElected', brokerId: id, controllerEpoch: epoch })
  }

  assign(op: 'create' | 'setData', by: Machine, ...replicas: ReadonlyArray<readonly number[]>): this {
    const data = encodeAssignment(new Map(replicas.map((ids, partition) => [partition, ids])))
    const path = zkPaths.topic('t')
    return this.write(by, op === 'create' ? { op, path, data, ephemeralOwner: null } : { op, path, data, version: 1 })
  }

  state(by: Machine, leader: number, leaderEpoch: number, isr: readonly number[] = [leader]): this {
    const data = encodePartitionState({ leader, leaderEpoch, isr, zkVersion: 0 }, this.control.controller.epoch)
    const path = zkPaths.partitionState('t', 0)
    return this.write(by, { op: 'create', path, data, ephemeralOwner: null })
  }

  decide(by: Machine, controllerEpoch: number, leader: number, leaderEpoch: number, isr: readonly number[]): this {
    const data = encodePartitionState({ leader, leaderEpoch, isr, zkVersion: leaderEpoch }, controllerEpoch)
    return this.write(by, { op: 'setData', path: zkPaths.partitionState('t', 0), data, version: leaderEpoch })
  }

  leads(by: 'b1' | 'b2', controllerEpoch: number): this {
    return this.tell(by, { kind: 'BecameLeader', tp: 't-0', leaderEpoch: 0, controllerEpoch, isr: [1], zkVersion: 0 })
  }

  stray(id: 1 | 2, preset: PresetName): string | undefined {
    return strayAnomaly(this.control, this.control.brokerOf(id), 't-0', presets[preset])?.id
  }

  watch(session: string): this {
    return this.tell('zk1', { kind: 'ZkWatchFired', session, event: 'NodeDataChanged', path: zkPaths.topic('t') })
  }

  anomaly(partition: number, preset: PresetName): string | undefined {
    return partitionAnomaly(this.control, this.control.partitions.get(`t-${partition}`)!, presets[preset])?.id
  }
}

describe('a partition that was added and never got a leader', () => {
  const grown = (): Run => new Run().assign('create', 'admin', [1]).elect(1, 1).assign('setData', 'admin', [1], [2])

  it('is D17 if no watch told the controller, before 1.1', () => {
    expect(grown().anomaly(1, '0.11')).toBe('D17')
    expect(grown().watch(SESSIONS.b2).anomaly(1, '0.11')).toBe('D17')
    expect(grown().anomaly(1, '1.1')).toBeUndefined()
  })

  it('is nothing known if a watch told it', () => {
    expect(grown().watch(SESSIONS.b1).anomaly(1, '0.11')).toBeUndefined()
  })

  it('is nothing known if the controller had taken over by then, or came later', () => {
    const late = new Run()
      .assign('create', 'admin', [1])
      .elect(1, 1)
      .tell('b1', { kind: 'BrokerStartup', brokers: [2] })
    expect(late.assign('setData', 'admin', [1], [2]).anomaly(1, '0.11')).toBeUndefined()
    expect(grown().elect(2, 2).anomaly(1, '0.11')).toBeUndefined()
  })

  it('is nothing known if it is as old as its topic', () => {
    expect(new Run().elect(1, 1).assign('create', 'admin', [1], [2]).anomaly(1, '0.11')).toBeUndefined()
  })
})

describe('a leader that follows another one', () => {
  /** b2 had a replica of the first topic `t`, which moved away and went; the next one has its leader on b2. */
  const renamed = (noticed: boolean, oldEpoch: number, oldLeader: number, newEpoch: number): Run => {
    const run = new Run().elect(1, 1).assign('create', 'admin', [1, 2]).state('b1', 1, oldEpoch)
    if (noticed) run.tell('b1', { kind: 'BrokerStartup', brokers: [2] })
    else {
      run.write('b2', { op: 'delete', path: zkPaths.brokerId(2) })
      run.tell('b1', { kind: 'BrokerFailure', brokers: [2] })
    }
    run.tell('b2', { kind: 'BecameFollower', tp: 't-0', leaderEpoch: oldEpoch, leader: oldLeader, leo: 0, hw: 0 })
    run.assign('setData', 'b1', [1])
    if (!noticed) {
      run.write('b2', { op: 'create', path: zkPaths.brokerId(2), data: '', ephemeralOwner: null })
      run.tell('b1', { kind: 'BrokerStartup', brokers: [2] })
    }
    run.write('b1', { op: 'delete', path: zkPaths.topic('t') })
    return run.assign('create', 'admin', [2]).state('b1', 2, newEpoch)
  }

  it('is D11 if it never heard that its old replica was to go, and has a leader epoch that is no lower', () => {
    expect(renamed(false, 3, 1, 0).anomaly(0, '0.9')).toBe('D11')
    expect(renamed(false, 2, 1, 2).anomaly(0, '0.9')).toBe('D11')
    expect(renamed(false, 2, 1, 2).anomaly(0, '3.7')).toBe('D11')
  })

  it('is nothing known if it was there when its replica was to go, or the epoch is news to it', () => {
    expect(renamed(true, 2, 1, 2).anomaly(0, '0.9')).toBeUndefined()
    expect(renamed(false, 2, 1, 3).anomaly(0, '3.7')).toBeUndefined()
  })

  it('is nothing known if the equal epoch names the leader that it follows', () => {
    expect(renamed(false, 2, 2, 2).anomaly(0, '3.7')).toBeUndefined()
  })
})

describe('a leader that refuses the topic, for its log is of an older one', () => {
  const refused = { kind: 'LeaderAndIsrRefused', tp: 't-0', errorCode: ErrorCode.InconsistentTopicId }
  const loaded = { kind: 'LogLoaded', tp: 't-0', logStartOffset: 0, logEndOffset: 0, recovered: true }
  /** b2 had a replica of the first topic `t`; the second one is on b2 alone, which finds a log when it starts again. */
  const returned = (deleted: boolean): Run => {
    const run = new Run().elect(1, 1).assign('create', 'admin', [1, 2]).state('b1', 1, 0)
    run.tell('b2', { kind: 'BecameFollower', tp: 't-0', leaderEpoch: 0, leader: 1, leo: 0, hw: 0 })
    if (deleted) run.tell('b2', { kind: 'ReplicaDeleted', tp: 't-0' })
    else run.write('b2', { op: 'delete', path: zkPaths.brokerId(2) }).assign('setData', 'b1', [1])
    run.write('b1', { op: 'delete', path: zkPaths.topic('t') }).assign('create', 'admin', [2])
    run.tell('b2', { kind: 'ProcessEnded', how: 'power-loss' }).tell('b2', { kind: 'ProcessStarted', life: 2 })
    return run.tell('b2', loaded).state('b1', 2, 0)
  }

  it('is D36 if a power loss brought the log back that it had deleted, before 3.0', () => {
    expect(returned(true).tell('b2', refused).anomaly(0, '2.8')).toBe('D36')
    expect(returned(true).tell('b2', refused).anomaly(0, '3.3')).toBeUndefined()
  })

  it('is D11 if it was not there when its replica was to go', () => {
    expect(returned(false).tell('b2', refused).anomaly(0, '4.1')).toBe('D11')
  })

  it('is nothing known if it did not refuse, or had made a log of its own since', () => {
    expect(returned(true).anomaly(0, '2.8')).toBeUndefined()
    const anew = { kind: 'BecameFollower', tp: 't-0', leaderEpoch: 0, leader: 2, leo: 0, hw: 0 }
    const run = new Run().elect(1, 1).assign('create', 'admin', [2]).state('b1', 2, 0)
    run.tell('b2', { kind: 'ReplicaDeleted', tp: 't-0' }).tell('b2', anew).tell('b2', loaded).tell('b2', refused)
    expect(run.anomaly(0, '2.8')).toBeUndefined()
  })
})

describe('an ISR with brokers that are no replicas', () => {
  /** Replicas move from b1 and b2 to b2 alone while b2 is in `/controller`. */
  const moved = (by: Machine, isr: readonly number[]): Run =>
    new Run()
      .assign('create', 'admin', [1, 2])
      .elect(1, 1)
      .elect(2, 2)
      .assign('setData', by, [2])
      .state('b2', 2, 3, isr)

  it('is M23 if a deposed controller took them away, before 2.1', () => {
    expect(moved('b1', [2, 1]).anomaly(0, '2.0')).toBe('M23')
    expect(moved('b1', [2, 1]).anomaly(0, '2.1')).toBeUndefined()
  })

  it('is nothing known if they are others, or the ISR has none', () => {
    expect(moved('b1', [2, 3]).anomaly(0, '2.0')).toBeUndefined()
    expect(moved('b1', [2]).anomaly(0, '2.0')).toBeUndefined()
  })

  it('is nothing known if the controller that stands took them away, or has moved the replicas since', () => {
    expect(moved('b2', [2, 1]).anomaly(0, '2.0')).toBeUndefined()
    expect(moved('b1', [2, 1]).assign('setData', 'b2', [2, 3]).anomaly(0, '2.0')).toBeUndefined()
  })
})

describe('a leader that its controller took away', () => {
  /** b1 stands with epoch 2; the controller of `electedIn` made b2 the leader. */
  const removed = (electedIn: number): Run =>
    new Run()
      .assign('create', 'admin', [1, 2])
      .elect(2, 1)
      .state('b2', 1, 0)
      .elect(1, 2)
      .decide('b2', electedIn, 2, 1, [1, 2])
      .decide('b1', 2, -1, 2, [1])

  it('is M23 if a deposed controller had elected it, before 2.1', () => {
    expect(removed(1).anomaly(0, '0.9')).toBe('M23')
    expect(removed(1).anomaly(0, '2.4')).toBeUndefined()
  })

  it('is nothing known if the controller that stands had elected it', () => {
    expect(removed(2).anomaly(0, '0.9')).toBeUndefined()
  })

  it('is nothing known if there is a leader again, or another controller since', () => {
    expect(removed(1).decide('b1', 2, 1, 3, [1]).anomaly(0, '0.9')).toBeUndefined()
    expect(removed(1).elect(2, 3).anomaly(0, '0.9')).toBeUndefined()
  })
})

describe('a leader of a partition that is not there', () => {
  const told = (controllerEpoch: number): Run => new Run().elect(2, 1).elect(1, 2).leads('b1', controllerEpoch)

  it('is M23 if a deposed controller told it to lead, before 2.1', () => {
    expect(told(1).stray(1, '0.8.2')).toBe('M23')
    expect(told(1).stray(1, '2.4')).toBeUndefined()
  })

  it('is nothing known if the controller that stood told it, or tells it again', () => {
    expect(told(2).stray(1, '0.8.2')).toBeUndefined()
    expect(told(2).elect(2, 3).stray(1, '0.8.2')).toBeUndefined()
    expect(told(1).leads('b1', 2).stray(1, '0.8.2')).toBeUndefined()
  })
})

describe('a controller that waits for its own registration to go', () => {
  const deaf = (): Run =>
    new Run().assign('create', 'admin', [2]).elect(1, 1).tell('b1', { kind: 'BrokerAwaitsItself', brokerId: 1 })

  it('is D28', () => {
    expect(deaf().anomaly(0, '0.8.2')).toBe('D28')
  })

  it('is nothing known once it is registered anew, or another broker is the controller', () => {
    const gone = deaf().write('b1', { op: 'delete', path: zkPaths.brokerId(1) })
    const again = gone.write('b1', { op: 'create', path: zkPaths.brokerId(1), data: '', ephemeralOwner: null })
    expect(again.tell('b2', { kind: 'BrokerStartup', brokers: [1, 2] }).control.brokerOf(1).awaitsItself).toBe(false)
    expect(deaf().elect(2, 2).anomaly(0, '0.8.2')).toBeUndefined()
  })

  it('is nothing known of a broker that is not the controller, or of one that could become it', () => {
    const other = (): Run =>
      new Run().assign('create', 'admin', [2]).tell('b2', { kind: 'BrokerAwaitsItself', brokerId: 2 })
    expect(other().elect(1, 1).anomaly(0, '0.8.2')).toBeUndefined()
    expect(other().anomaly(0, '0.8.2')).not.toBe('D28')
    expect(other().tell('b1', { kind: 'BrokerAwaitsItself', brokerId: 1 }).anomaly(0, '0.8.2')).toBe('D28')
  })
})
