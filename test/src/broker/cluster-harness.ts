/**
 * A whole cluster under test, through the doors that a user has: a plan, clients, faults, and a probe machine that speaks
 * Kafka's protocol to any broker. What happened is read off the trace. Every wait is bounded, by virtual time and by
 * kernel events, and says what it waited for and what happened last when it fails.
 */
import { Cluster } from '../../../sim/cluster/cluster.ts'
import { expireSession, SessionTracker } from '../../../sim/faults/session.ts'
import type { TraceRecord, World } from '../../../sim/kernel/index.ts'
import type {
  ClientPlan,
  ClusterPlan,
  ProducerPlan,
  SimpleConsumerPlan,
  TopicPlan,
} from '../../../sim/scenario/plan.ts'
import type { AnyEvent } from '../../../sim/view/any-event.ts'
import { type FileSystem, fromUtf8 } from '../../../src/host/index.ts'
import {
  decodePartitionState,
  ErrorCode,
  type FetchResponse,
  type KafkaRequest,
  type KafkaResponse,
  type LeaderAndIsr,
  type LeaderAndIsrRequest,
  type LeaderAndIsrResponse,
  type ProduceResponse,
  type ResponseTo,
  type RpcResult,
  zkPaths,
} from '../../../src/protocol/index.ts'
import { readRecords } from '../../../src/storage/index.ts'
import { leaderAndIsrRequest, PROBE, ProbeProcess, produceRequest } from './probe.ts'

const MS = 1_000
export const TP = 'orders-0'
const KERNEL_EVENTS_MAX = 2_000_000

type Kind = AnyEvent['kind']
/** The event with a kind; some events share one shape. */
export type EventOf<K extends Kind> = AnyEvent extends infer E
  ? E extends { readonly kind: string }
    ? K extends E['kind']
      ? E
      : never
    : never
  : never

/** What the trace says of one replica on one broker. */
export interface SeenReplica {
  role: 'leader' | 'follower' | 'none'
  leaderEpoch: number
  leader: number
  leo: number
  hw: number
  isr: readonly number[]
}

export const topic = (overrides: Partial<TopicPlan> = {}): TopicPlan => ({
  name: 'orders',
  partitions: 1,
  replicas: [[1, 2, 3]],
  replicationFactor: 3,
  config: {},
  ...overrides,
})

export const producer = (name: string, acks: number, config: Record<string, unknown> = {}): ProducerPlan => ({
  kind: 'producer',
  name,
  config: { 'request.required.acks': acks, ...config },
  bootstrap: [],
})

export const consumer = (name: string, overrides: Partial<SimpleConsumerPlan> = {}): ClientPlan => ({
  kind: 'consumer',
  name,
  topic: 'orders',
  partition: 0,
  from: 'earliest',
  config: {},
  bootstrap: [],
  ...overrides,
})

export interface HarnessOptions {
  readonly plan?: Partial<ClusterPlan>
  readonly seed?: number
  readonly dataDirectory?: (machine: string) => FileSystem
  /** Without it the trace is not kept: for long runs that look at `onRecord` only. */
  readonly keep?: boolean
}

export class ClusterHarness {
  readonly cluster: Cluster
  readonly world: World
  readonly records: TraceRecord[] = []
  readonly sessions = new SessionTracker()
  /** Znodes, as committed. */
  readonly znodes = new Map<string, { data: string; version: number }>()
  private readonly replicas = new Map<string, SeenReplica>()
  private probe: ProbeProcess | undefined
  private readonly watchers = new Set<(record: TraceRecord) => void>()

  constructor(options: HarnessOptions = {}) {
    const plan: ClusterPlan = {
      protocol: '0.8.2',
      zookeeper: 1,
      zookeeperConfig: { tickTimeMs: 2000, initLimit: 10, syncLimit: 5 },
      brokers: 3,
      brokerConfig: {},
      brokerConfigOf: {},
      network: { latencyUs: { low: 500, high: 1500 } },
      topics: [topic()],
      clients: [],
      ...options.plan,
    }
    const keep = options.keep ?? true
    this.cluster = new Cluster(plan, {
      seed: options.seed ?? 1,
      freezeMessages: true,
      ...(options.dataDirectory === undefined ? {} : { dataDirectory: options.dataDirectory }),
      observe: (world) => world.trace.subscribe((record) => this.observe(record, keep)),
    })
    this.world = this.cluster.world
    this.world.addMachine(PROBE).boot((host) => (this.probe = new ProbeProcess(host)))
  }

  get nowMs(): number {
    return this.world.now / MS
  }

  /** A cluster whose topics all have a leader and a full ISR, with one broker as the controller. */
  static ready(options: HarnessOptions = {}): ClusterHarness {
    const harness = new ClusterHarness(options)
    harness.untilReady()
    return harness
  }

  untilReady(withinMs = 30_000): void {
    const { topics } = this.cluster.plan
    const wanted = topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => `${name}-${partition}`),
    )
    const isUp = (tp: string): boolean => {
      const state = this.stateOf(tp)
      if (state === undefined || state.isr.length === 0) return false
      const leader = this.replica(`b${state.leader}`, tp)
      const followers = state.isr.filter((id) => id !== state.leader)
      return leader.role === 'leader' && followers.every((id) => this.replica(`b${id}`, tp).role === 'follower')
    }
    this.until('all partitions are led and followed', () => wanted.every(isUp), withinMs)
    // One round of fetches and metadata for all.
    this.runFor(1000)
  }

  // ---- running ----

  runFor(ms: number): void {
    this.runTo(this.world.now + ms * MS)
  }

  /** Runs until a condition holds, which is asked after each event. */
  until(what: string, condition: () => boolean, withinMs = 30_000): void {
    const limitUs = this.world.now + withinMs * MS
    if (condition()) return
    let holds = false
    this.runTo(limitUs, () => (holds = condition()))
    if (!holds) this.fail(`${what}: not within ${withinMs} ms`)
  }

  /** Runs until an event of a kind happens from now on; returns it. */
  event<K extends Kind>(
    kind: K,
    matches: (event: EventOf<K>, machine: string) => boolean = () => true,
    withinMs = 30_000,
  ): EventOf<K> {
    let found: EventOf<K> | undefined
    const watch = ({ event, machine }: TraceRecord): void => {
      if (found === undefined && event.kind === kind && matches(event as EventOf<K>, machine))
        found = event as EventOf<K>
    }
    this.watchers.add(watch)
    this.runTo(this.world.now + withinMs * MS, () => found !== undefined)
    this.watchers.delete(watch)
    return found ?? this.fail(`${kind} as wanted: not within ${withinMs} ms`)
  }

  /** Events of a kind so far (or since a number of records), with their machine. */
  seen<K extends Kind>(kind: K, since = 0): Array<EventOf<K> & { machine: string; atMs: number }> {
    return this.records
      .slice(since)
      .filter((record) => record.event.kind === kind)
      .map(({ event, machine, atUs }) => ({ ...(event as EventOf<K>), machine, atMs: atUs / MS }))
  }

  private runTo(untilUs: number, stop?: () => boolean): void {
    const first = this.world.steps
    this.world.run(untilUs, () => {
      if (this.world.steps - first > KERNEL_EVENTS_MAX) this.fail(`more than ${KERNEL_EVENTS_MAX} kernel events`)
      return stop?.() === true
    })
  }

  fail(message: string): never {
    const told = this.records.filter(({ event }) => !event.kind.includes('Checkpoint') && !event.kind.startsWith('Zk'))
    const last = told.slice(-25).map(({ atUs, machine, event }) => {
      const { kind, ...rest } = event as { kind: string }
      return `  ${(atUs / MS).toFixed(1)} ms ${machine} ${kind} ${JSON.stringify(rest)}`
    })
    throw new Error(`${message} (now ${this.nowMs} ms, ${this.world.steps} events)\nlast:\n${last.join('\n')}`)
  }

  // ---- what is the case ----

  replica(broker: string, tp = TP): SeenReplica {
    const key = `${broker} ${tp}`
    let replica = this.replicas.get(key)
    if (replica === undefined) {
      replica = { role: 'none', leaderEpoch: -1, leader: -1, leo: 0, hw: 0, isr: [] }
      this.replicas.set(key, replica)
    }
    return replica
  }

  /** The partition's state in ZooKeeper. */
  stateOf(tp = TP): LeaderAndIsr | undefined {
    const dash = tp.lastIndexOf('-')
    const node = this.znodes.get(zkPaths.partitionState(tp.slice(0, dash), Number(tp.slice(dash + 1))))
    return node === undefined ? undefined : decodePartitionState(node.data, node.version).leaderAndIsr
  }

  /** Values in a broker's log, read from its disk through the broker's own code only where it leads; `from` an offset. */
  values(broker: string, from = 0, replicaId = -1): string[] {
    const response = this.fetch(broker, from, { replicaId })
    return readRecords(response.partitions[0]!.records, { from }).map(({ value }) => fromUtf8(value!))
  }

  // ---- clients ----

  send(by: string, message: string, partition = 0): void {
    this.cluster.send({ by, topic: 'orders', partition, message })
  }

  /** Sends a message and waits until the application knows what came of it. */
  outcome(by: string, message: string, withinMs = 60_000): 'acked' | string {
    this.send(by, message)
    let outcome: string | undefined
    const watch = ({ event }: TraceRecord): void => {
      const e = event as AnyEvent
      if (e.kind === 'ProduceAcknowledged' && e.messages.includes(message)) outcome = 'acked'
      if (e.kind === 'ProducerGaveUp' && e.messages.includes(message)) outcome = e.error
    }
    this.watchers.add(watch)
    this.until(`an outcome of ${message}`, () => outcome !== undefined, withinMs)
    this.watchers.delete(watch)
    return outcome!
  }

  // ---- the probe ----

  /** Sends a request to a broker on a connection of its own, and waits for what comes of it. */
  call<R extends KafkaRequest>(broker: string, request: R, withinMs = 60_000): RpcResult<ResponseTo<R>> {
    const pending = this.start(broker, request)
    this.until(`an answer of ${broker} to ${request.api}`, () => pending.result !== undefined, withinMs)
    return pending.result as RpcResult<ResponseTo<R>>
  }

  /** Sends a request and does not wait; `result` is there when it ended. */
  start(broker: string, request: KafkaRequest): { result?: RpcResult<KafkaResponse> } {
    const pending: { result?: RpcResult<KafkaResponse> } = {}
    this.until('the probe runs', () => this.probe !== undefined)
    this.world.call(PROBE, `probe ${request.api}`, () =>
      this.probe!.call({ machine: broker, port: 9092 }, request, (result) => {
        pending.result = result
      }),
    )
    return pending
  }

  answer<R extends KafkaRequest>(broker: string, request: R, withinMs?: number): ResponseTo<R> {
    const result = this.call(broker, request, withinMs)
    return result.ok ? result.response : this.fail(`${broker} answered ${request.api} with ${result.failure}`)
  }

  /** Error code of a produce request of the probe. */
  produce(broker: string, values: readonly string[], acks: number, ackTimeoutMs = 1000, name = 'orders'): ErrorCode {
    const response: ProduceResponse = this.answer(broker, produceRequest(values, acks, ackTimeoutMs, name))
    return response.partitions[0]!.errorCode
  }

  fetch(
    broker: string,
    fetchOffset: number,
    options: { replicaId?: number; maxWaitMs?: number; minBytes?: number; partition?: number } = {},
  ): FetchResponse {
    const { replicaId = -1, maxWaitMs = 0, minBytes = 1, partition = 0 } = options
    return this.answer(broker, {
      api: 'Fetch',
      correlationId: 1,
      clientId: PROBE,
      replicaId,
      maxWaitMs,
      minBytes,
      partitions: [{ topic: 'orders', partition, fetchOffset, maxBytes: 1_000_000 }],
    })
  }

  /** Speaks to a broker as a controller would. */
  leaderAndIsr(broker: string, request: Partial<LeaderAndIsrRequest>): LeaderAndIsrResponse {
    return this.answer(broker, leaderAndIsrRequest(request))
  }

  expireSession(broker: string): void {
    expireSession(this.world, broker, this.sessions.of(broker), this.zooKeeperMachines)
  }

  get zooKeeperMachines(): string[] {
    return Array.from({ length: this.cluster.plan.zookeeper }, (_, i) => `zk${i + 1}`)
  }

  /** Holds back what these followers ask of a leader from now on; returns the function that lets it go. */
  holdFetches(leader: string, ...followers: string[]): () => void {
    const stop = this.world.network.intercept(({ name, from, to }) =>
      name === 'Fetch' && to === leader && followers.includes(from) ? 'hold' : 'pass',
    )
    // What they asked before has been answered when the longest wait of a fetch is over.
    this.runFor(600)
    return () => {
      stop()
      for (const follower of followers) this.world.network.release(follower, leader)
    }
  }

  /** Cuts a machine off from others, both ways. */
  cut(machine: string, ...others: string[]): void {
    for (const other of others) {
      this.world.network.cut(machine, other)
      this.world.network.cut(other, machine)
    }
  }

  heal(machine: string, ...others: string[]): void {
    for (const other of others) {
      this.world.network.heal(machine, other)
      this.world.network.heal(other, machine)
    }
  }

  // ---- folding the trace ----

  private observe(record: TraceRecord, keep: boolean): void {
    if (keep) this.records.push(record)
    this.sessions.apply(record)
    this.fold(record.machine, record.event as AnyEvent)
    for (const watch of this.watchers) watch(record)
  }

  private fold(machine: string, event: AnyEvent): void {
    switch (event.kind) {
      case 'ReplicaCreated':
        Object.assign(this.replica(machine, event.tp), { leo: event.logEndOffset, hw: event.highWatermark })
        return
      case 'BecameLeader': {
        const { leaderEpoch, isr, logEndOffset: leo, highWatermark: hw } = event
        Object.assign(this.replica(machine, event.tp), { role: 'leader', leaderEpoch, isr, leo, hw })
        return
      }
      case 'BecameFollower': {
        const { leader, leaderEpoch, logEndOffset: leo, highWatermark: hw } = event
        Object.assign(this.replica(machine, event.tp), { role: 'follower', leader, leaderEpoch, leo, hw, isr: [] })
        return
      }
      case 'Truncated':
        this.replica(machine, event.tp).leo = event.to
        return
      case 'Appended':
        this.replica(machine, event.tp).leo = event.logEndOffset
        return
      case 'HighWatermark':
        this.replica(machine, event.tp).hw = event.to
        return
      case 'IsrShrunk':
      case 'IsrExpanded':
        this.replica(machine, event.tp).isr = event.isr
        return
      case 'ProcessEnded':
        for (const [key, replica] of this.replicas) if (key.startsWith(`${machine} `)) replica.role = 'none'
        return
      case 'ZkCommitted':
        for (const change of event.changes) {
          if (change.op === 'delete') this.znodes.delete(change.path)
          else {
            const version = change.op === 'create' ? 0 : change.version
            this.znodes.set(change.path, { data: change.data, version })
          }
        }
    }
  }
}

export * from './probe.ts'
export { ErrorCode }
