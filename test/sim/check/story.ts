/** Builds traces by hand, in the words of a cluster with one partition `orders-0` on b1, b2 and b3. */

import { Checker, type OracleResult } from '../../../sim/check/index.ts'
import type { WorldEvent } from '../../../sim/kernel/events.ts'
import type { ClusterPlan } from '../../../sim/scenario/plan.ts'
import type { SystemEvent } from '../../../src/events.ts'
import { encodeAssignment, encodePartitionState, zkPaths } from '../../../src/protocol/index.ts'

export const TP = 'orders-0'

export const plan = (overrides: Partial<ClusterPlan> = {}): ClusterPlan => ({
  protocol: '0.8.2',
  zookeeper: 1,
  zookeeperConfig: { tickTimeMs: 2000, initLimit: 10, syncLimit: 5 },
  brokers: 3,
  brokerConfig: {},
  brokerConfigOf: {},
  network: { latencyUs: { low: 1000, high: 1000 } },
  topics: [{ name: 'orders', partitions: 1, replicas: [[1, 2, 3]], replicationFactor: 3, config: {} }],
  clients: ['p1', 'p2'].map((name) => ({
    kind: 'producer',
    name,
    config: { 'request.required.acks': -1 },
    bootstrap: [],
  })),
  ...overrides,
})

export class Story {
  readonly checker: Checker
  private seq = 0
  private version = -1
  private zxid = 1
  private correlationId = 0
  private readonly logs = new Map<string, string[]>()

  constructor(clusterPlan: ClusterPlan = plan(), oracles?: readonly string[]) {
    this.checker = new Checker(clusterPlan, oracles === undefined ? {} : { oracles })
    const data = encodeAssignment(new Map([[0, [1, 2, 3]]]))
    this.on('zk1', {
      kind: 'ZkCommitted',
      zxid: 1,
      txn: 'create',
      session: 's',
      changes: [{ op: 'create', path: zkPaths.topic('orders'), data, ephemeralOwner: null }],
    })
  }

  on(machine: string, event: SystemEvent | WorldEvent): this {
    const seq = this.seq++
    this.checker.apply({ seq, atUs: seq * 1000, machine, step: seq, cause: -1, event })
    return this
  }

  /** ZooKeeper commits a new partition state. */
  state(leader: number, leaderEpoch: number, isr: readonly number[]): this {
    const path = zkPaths.partitionState('orders', 0)
    const version = ++this.version
    const data = encodePartitionState({ leader, leaderEpoch, isr, zkVersion: version }, 1)
    const change =
      version === 0
        ? ({ op: 'create', path, data, ephemeralOwner: null } as const)
        : ({ op: 'setData', path, data, version } as const)
    return this.on('zk1', { kind: 'ZkCommitted', zxid: ++this.zxid, txn: change.op, session: 's', changes: [change] })
  }

  /** ZooKeeper forgets the partition; the next state is created anew. */
  deleteState(): this {
    this.version = -1
    const changes = [{ op: 'delete', path: zkPaths.partitionState('orders', 0) }] as const
    return this.on('zk1', { kind: 'ZkCommitted', zxid: ++this.zxid, txn: 'delete', session: 's', changes })
  }

  leader(machine: string, leaderEpoch: number, isr: readonly number[], highWatermark = 0): this {
    const logEndOffset = this.log(machine).length
    return this.on(machine, {
      kind: 'BecameLeader',
      tp: TP,
      leaderEpoch,
      isr,
      zkVersion: this.version,
      logEndOffset,
      highWatermark,
    })
  }

  follower(machine: string, leader: number, leaderEpoch: number, highWatermark = 0): this {
    const logEndOffset = this.log(machine).length
    return this.on(machine, { kind: 'BecameFollower', tp: TP, leader, leaderEpoch, logEndOffset, highWatermark })
  }

  /** b1 leads epoch 0 with b2 and b3 in the ISR. */
  begin(): this {
    return this.state(1, 0, [1, 2, 3]).leader('b1', 0, [1, 2, 3]).follower('b2', 1, 0).follower('b3', 1, 0)
  }

  /** The next messages on a machine's log. */
  append(machine: string, role: 'leader' | 'follower', leaderEpoch: number, ...names: string[]): this {
    const log = this.log(machine)
    const messages = names.map((value, i) => ({ offset: log.length + i, key: null, value }))
    log.push(...names)
    return this.on(machine, { kind: 'Appended', tp: TP, role, leaderEpoch, messages, logEndOffset: log.length })
  }

  highWatermark(machine: string, role: 'leader' | 'follower', leaderEpoch: number, from: number, to: number): this {
    return this.on(machine, { kind: 'HighWatermark', tp: TP, role, leaderEpoch, from, to })
  }

  truncate(machine: string, to: number): this {
    const log = this.log(machine)
    const from = log.length
    log.length = to
    return this.on(machine, { kind: 'LogTruncated', tp: TP, from, to })
  }

  crash(machine: string): this {
    return this.on(machine, { kind: 'ProcessEnded', how: 'crash', reason: 'test' })
  }

  powerLoss(machine: string): this {
    return this.on(machine, { kind: 'ProcessEnded', how: 'power', reason: 'test' }).on(machine, {
      kind: 'PowerLost',
      filesChanged: 1,
      bytesLost: 100,
    })
  }

  load(machine: string, logEndOffset: number): this {
    this.log(machine).length = logEndOffset
    return this.on(machine, {
      kind: 'LogLoaded',
      tp: TP,
      logStartOffset: 0,
      logEndOffset,
      recovered: true,
      truncatedBytes: 0,
    })
  }

  hand(client: string, message: string): this {
    return this.on(client, { kind: 'MessageHanded', client, message, key: null, topic: 'orders' })
  }

  /** Sends and lets the broker answer; returns through the trace only. */
  send(client: string, message: string, broker: number, attempt = 1, requiredAcks = -1): this {
    const correlationId = this.correlationId++
    return this.on(client, {
      kind: 'ProduceSent',
      client,
      tp: TP,
      messages: [message],
      broker,
      attempt,
      requiredAcks,
      correlationId,
    })
  }

  /** The broker answers the last request sent. */
  answer(machine: string, client: string, baseOffset: number, requiredAcks = -1, errorCode: 0 | 6 = 0): this {
    const correlationId = this.correlationId - 1
    return this.on(machine, {
      kind: 'ProduceAnswered',
      tp: TP,
      errorCode,
      baseOffset,
      requiredAcks,
      client,
      correlationId,
    })
  }

  acknowledged(client: string, message: string, baseOffset: number, requiredAcks = -1, broker = 1): this {
    return this.on(client, {
      kind: 'ProduceAcknowledged',
      client,
      tp: TP,
      messages: [message],
      baseOffset,
      requiredAcks,
      broker,
    })
  }

  failed(client: string, message: string, error = 'disconnected'): this {
    return this.on(client, {
      kind: 'ProduceFailed',
      client,
      tp: TP,
      messages: [message],
      error,
      maybeAppended: true,
      retriesLeft: 1,
      broker: 1,
    })
  }

  read(client: string, offset: number, value: string, highWatermark: number, broker = 1): this {
    const messages = [{ offset, key: null, value }]
    return this.on(client, { kind: 'MessagesRead', client, tp: TP, messages, broker, highWatermark })
  }

  /** A message appended and replicated to all, committed everywhere. */
  commit(name: string, epoch = 0, leader = 'b1', others: readonly string[] = ['b2', 'b3']): this {
    const offset = this.log(leader).length
    this.append(leader, 'leader', epoch, name)
    for (const other of others) this.append(other, 'follower', epoch, name)
    this.highWatermark(leader, 'leader', epoch, offset, offset + 1)
    for (const other of others) this.highWatermark(other, 'follower', epoch, offset, offset + 1)
    return this
  }

  result(oracle: string): OracleResult {
    return this.results().find((result) => result.oracle === oracle)!
  }

  results(): readonly OracleResult[] {
    return this.checker.finish().results
  }

  /** Names of the oracles that fired. */
  broken(): string[] {
    return this.results()
      .filter((result) => !result.held)
      .map((result) => result.oracle)
  }

  private log(machine: string): string[] {
    let log = this.logs.get(machine)
    if (log === undefined) this.logs.set(machine, (log = []))
    return log
  }
}
