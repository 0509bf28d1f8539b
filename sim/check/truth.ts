/**
 * Ghost state of a run: what is really the case in the cluster, folded from the trace alone by plain mutation, because
 * it is fed every record of every fuzzed run. Oracles look at it after each record.
 *
 * Partition state is what ZooKeeper's leader committed, not what any broker believes. A message is committed when a
 * leader in the name of that state moves its high watermark past it; see `PartitionTruth`.
 */
import { messageName } from '../../src/client/index.ts'
import type { SystemEvent } from '../../src/events.ts'
import {
  decodeAssignment,
  decodePartitionState,
  decodeTopicConfig,
  NO_LEADER,
  partitionOfStatePath,
  splitTopicPartition,
  type TopicPartition,
  topicPartition,
  zkPaths,
} from '../../src/protocol/index.ts'
import type { ZnodeChange } from '../../src/zookeeper/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { ControlTruth } from './control-truth.ts'
import { type Entry, type KnownEntry, sameEntry } from './entry.ts'
import { type Evidence, noFacts, type RunFacts } from './facts.ts'
import { increment, SendingTruth } from './message-truth.ts'
import { newReplica, PartitionTruth, type ReplicaTruth, type Undone } from './partition-truth.ts'
import { TransactionTruth } from './transaction-truth.ts'

type Told = SystemEvent | WorldEvent
type Of<K extends Told['kind']> = Extract<Told, { readonly kind: K }>

/** 2 for `b2`; undefined for machines that are not brokers. */
export const brokerOfMachine = (machine: string): number | undefined =>
  /^b\d+$/.test(machine) ? Number(machine.slice(1)) : undefined

/** Disk faults that change content for good. A torn write is part of a power loss, and recovery finds it. */
const corrupting: ReadonlySet<string> = new Set(['bit-rot', 'misdirected-write'])

export class Truth {
  readonly partitions = new Map<TopicPartition, PartitionTruth>()
  private readonly sending = new SendingTruth()
  readonly messages = this.sending.messages
  /** Messages of produce requests under way, by `requestKey`. */
  readonly requests = this.sending.requests
  /** Topic-level configuration as ZooKeeper holds it. */
  readonly topicConfig = new Map<string, Readonly<Record<string, string>>>()
  readonly facts: RunFacts = noFacts()
  readonly control = new ControlTruth()
  readonly transactions = new TransactionTruth()
  private readonly brokers = new Map<string, number | undefined>()
  private readonly assignments = new Map<string, ReadonlyMap<number, readonly number[]>>()

  /** The partition that the present record touched. */
  partition: PartitionTruth | undefined
  /** The replica that the present record is about. */
  replica: ReplicaTruth | undefined
  /** What the present record undid. */
  undone: readonly Undone[] = []
  /** The true high watermark before the present record. */
  trueHighWatermarkBefore = 0
  seq = -1
  atUs = 0

  apply(record: TraceRecord): void {
    this.seq = record.seq
    this.atUs = record.atUs
    this.partition = undefined
    this.replica = undefined
    this.undone = []
    this.control.apply(record)
    const event = record.event as Told
    this.transactions.apply(record, this.entriesBefore(record))
    switch (event.kind) {
      case 'Appended':
        this.appended(this.touch(record, event.tp), event)
        break
      case 'MarkersAppended':
        this.marked(this.touch(record, event.tp), event)
        break
      case 'HighWatermark':
        this.highWatermark(this.touch(record, event.tp), event)
        break
      case 'BecameLeader':
        this.becameLeader(this.touch(record, event.tp), event)
        break
      case 'BecameFollower':
        this.becameFollower(this.touch(record, event.tp), event)
        break
      case 'IsrShrunk':
      case 'IsrExpanded':
        this.isrIs(this.touch(record, event.tp), event.isr)
        break
      case 'IsrUpdateFailed':
        this.isrUpdateFailed(this.touch(record, event.tp), event)
        break
      case 'IsrProposed':
        this.touch(record, event.tp).proposed = event.isr
        break
      case 'FollowerPosition':
        this.followerPosition(this.touch(record, event.tp), event)
        break
      case 'LogTruncated':
        this.truncated(this.touch(record, event.tp), event.to)
        break
      case 'SegmentsDeleted':
        this.touch(record, event.tp).logStart = event.logStartOffset
        break
      case 'Truncated':
        this.explainCut(this.touch(record, event.tp), event)
        break
      case 'LogLoaded':
        this.loaded(this.touch(record, event.tp), event.logEndOffset, event.logStartOffset)
        break
      case 'ReplicaCreated':
        this.created(this.touch(record, event.tp), event.logEndOffset, event.highWatermark)
        break
      case 'ReplicaDeleted': {
        const { broker } = this.touch(record, event.tp)
        this.partition!.replicas.delete(broker)
        break
      }
      case 'ZkCommitted':
        for (const change of event.changes) this.znode(change)
        break
      case 'ProcessEnded':
        this.processEnded(record.machine, event)
        break
      case 'PowerLost':
        if (event.filesChanged > 0) this.powerLost(this.brokerOf(record.machine))
        break
      case 'DiskFault':
        if (corrupting.has(event.fault)) this.corrupted(this.brokerOf(record.machine), event.path)
        break
      case 'MessageHanded':
        this.sending.handed(event, this.seq, this.atUs)
        break
      case 'ProduceSent':
        this.sending.sent(event, this.facts)
        break
      case 'ProduceFailed':
        this.sending.failed(event, this.seq, this.facts)
        break
      case 'ProducerSequencesReset':
        increment(this.facts.resetSequences, event.client)
        break
    }
  }

  /** The log that an append is about, as it was before. */
  private entriesBefore({ machine, event }: TraceRecord): readonly KnownEntry[] | undefined {
    if (event.kind !== 'Appended') return undefined
    const { tp } = event as Of<'Appended'>
    return this.partitions.get(tp)?.replicas.get(this.brokerOf(machine) ?? -1)?.entries ?? []
  }

  /** The truth of a partition, made on first mention. */
  partitionOf(tp: TopicPartition): PartitionTruth {
    let partition = this.partitions.get(tp)
    if (partition === undefined) {
      const { topic, partition: number } = splitTopicPartition(tp)
      partition = new PartitionTruth(tp, topic, number)
      partition.assigned = this.assignments.get(topic)?.get(number)
      this.partitions.set(tp, partition)
    }
    return partition
  }

  /** As `brokerOfMachine`, remembered. */
  brokerOf(machine: string): number | undefined {
    let broker = this.brokers.get(machine)
    if (broker === undefined && !this.brokers.has(machine))
      this.brokers.set(machine, (broker = brokerOfMachine(machine)))
    return broker
  }

  private select(partition: PartitionTruth): void {
    this.partition = partition
    this.trueHighWatermarkBefore = partition.committed.length
    partition.keepEvidence = false
  }

  private touch(record: TraceRecord, tp: TopicPartition): ReplicaTruth {
    const partition = this.partitionOf(tp)
    this.select(partition)
    const replica = this.replicaOf(partition, this.brokerOf(record.machine) ?? -1)
    replica.running = true
    this.replica = replica
    return replica
  }

  /** A broker's copy, made on first mention. */
  replicaOf(partition: PartitionTruth, broker: number): ReplicaTruth {
    let replica = partition.replicas.get(broker)
    if (replica === undefined) partition.replicas.set(broker, (replica = newReplica(broker)))
    return replica
  }

  private appended(replica: ReplicaTruth, event: Of<'Appended'>): void {
    const leader = event.role === 'leader' ? undefined : this.partition!.actingLeader()
    for (const { offset, key, value, transaction } of event.messages) {
      const name = value === null ? null : messageName(value)
      const source = leader?.entries[offset]
      const entry: Entry =
        source !== undefined && source.name === name && source.key === key
          ? source
          : { name, key, epoch: event.leaderEpoch, ...(transaction === undefined ? {} : { transaction }) }
      replica.entries[offset] = entry
      if (event.role === 'leader' && name !== null) this.sending.touch(name, this.seq)
    }
    replica.entries.length = event.logEndOffset
  }

  private marked(replica: ReplicaTruth, event: Of<'MarkersAppended'>): void {
    const leader = event.role === 'leader' ? undefined : this.partition!.actingLeader()
    for (const { offset, committed, producerId, epoch } of event.markers) {
      const key = `${committed ? 'COMMIT' : 'ABORT'} of producer ${producerId} in epoch ${epoch}`
      const source = leader?.entries[offset]
      const entry: Entry = { name: null, key, epoch: event.leaderEpoch, marker: { producerId, epoch, committed } }
      replica.entries[offset] = source?.key === key ? source : entry
    }
    replica.entries.length = event.logEndOffset
  }

  private highWatermark(replica: ReplicaTruth, event: Of<'HighWatermark'>): void {
    replica.highWatermark = event.to
    if (event.role === 'follower') return
    replica.confirmed = Math.max(replica.confirmed, event.to)
    this.partition!.commit(replica, event.to, this.seq, this.atUs)
  }

  /** Where the logs of leader and follower differ just before the follower's position, they differ unnoticed. */
  private followerPosition(leader: ReplicaTruth, event: Of<'FollowerPosition'>): void {
    const follower = this.replicaOf(this.partition!, event.follower)
    leader.positions.set(event.follower, Math.max(leader.positions.get(event.follower) ?? 0, event.logEndOffset))
    follower.confirmed = Math.max(follower.confirmed, event.logEndOffset)
    follower.countedBeyondIn = event.logEndOffset > leader.entries.length ? leader.leaderEpoch : -1
    const last = event.logEndOffset - 1
    if (last < 0 || last >= leader.entries.length) return
    const ours = leader.entries[last]
    // The follower may have cut it off since it asked.
    const theirs = last < follower.entries.length ? follower.entries[last] : follower.lost.last(last)
    if (theirs === undefined) return
    if (ours?.epoch !== theirs?.epoch && !sameEntry(ours, theirs)) this.note('divergentFollowers', follower)
  }

  private isrIs(leader: ReplicaTruth, isr: readonly number[]): void {
    leader.isr = isr
    leader.proposed = []
  }

  private isrUpdateFailed(leader: ReplicaTruth, { isr, withdrawn }: Of<'IsrUpdateFailed'>): void {
    if (withdrawn === true) leader.proposed = []
    const partition = this.partition!
    const { state } = partition
    if (state === undefined || state.leaderEpoch !== leader.leaderEpoch || state.isr.join() !== isr.join()) return
    for (const id of isr) {
      if (!leader.isr.includes(id)) this.replicaOf(partition, id).memberUnknownIn = state.leaderEpoch
    }
  }

  private becameLeader(replica: ReplicaTruth, event: Of<'BecameLeader'>): void {
    const partition = this.partition!
    replica.role = 'leader'
    replica.leaderEpoch = event.leaderEpoch
    this.isrIs(replica, event.isr)
    replica.positions.clear()
    replica.highWatermark = event.highWatermark
    if (!partition.isAuthoritative(replica)) return
    this.undone = partition.undo(replica)
    partition.commit(replica, event.highWatermark, this.seq, this.atUs)
  }

  private becameFollower(replica: ReplicaTruth, event: Of<'BecameFollower'>): void {
    replica.role = 'follower'
    replica.follows = event.leader
    replica.leaderEpoch = event.leaderEpoch
    this.isrIs(replica, [])
    replica.highWatermark = event.highWatermark
  }

  private truncated(replica: ReplicaTruth, to: number): void {
    const before = replica.entries.length
    const partition = this.partition!
    const cause = to >= replica.highWatermark ? 'own-high-watermark' : 'unexplained'
    replica.lost.take(replica.entries, to > before ? 0 : to, { cause, joins: replica.joins })
    if (to > before) {
      replica.entries = new Array<KnownEntry>(to)
      replica.logStart = to
      this.note('wipedLogs', replica)
    } else {
      if (to < partition.agreement(replica)) this.note('committedCutOff', replica)
      if (to < before && partition.state?.isr.includes(replica.broker) === true) this.note('confirmedCutOff', replica)
      replica.entries.length = to
    }
    replica.agrees = Math.min(replica.agrees, to)
    replica.lowestCut = Math.min(replica.lowestCut, to)
    replica.highWatermark = Math.min(replica.highWatermark, to)
  }

  /** The broker tells why it cut the log, after the log has told that it was cut. */
  private explainCut(replica: ReplicaTruth, { from, to, reason }: Of<'Truncated'>): void {
    if (from === to || reason === 'became-follower') return
    const leader = replica.follows === undefined ? undefined : this.partition!.replicas.get(replica.follows)
    replica.lost.wasBecause(reason === 'high-watermark' ? 'own-high-watermark' : reason, leader?.lost)
    if (reason === 'high-watermark') this.note('unknownEpochCuts', replica)
  }

  /** A log was opened: it holds a beginning of what was written. */
  private loaded(replica: ReplicaTruth, logEndOffset: number, logStartOffset: number): void {
    replica.logStart = logStartOffset
    replica.role = 'none'
    this.cutOrGrow(replica, logEndOffset)
    replica.powerFailed = false
  }

  private created(replica: ReplicaTruth, logEndOffset: number, highWatermark: number): void {
    this.cutOrGrow(replica, logEndOffset)
    replica.powerFailed = false
    replica.highWatermark = highWatermark
  }

  /** A log whose directory a power loss took away is not loaded at all: only its replica is created, empty. */
  private cutOrGrow(replica: ReplicaTruth, logEndOffset: number): void {
    if (logEndOffset < replica.entries.length) {
      const cause = replica.powerFailed ? 'power-loss' : replica.diskFaulty ? 'disk-fault' : 'unexplained'
      replica.lost.take(replica.entries, logEndOffset, { cause, joins: replica.joins })
      if (cause !== 'unexplained') this.note('shortenedLogs', replica)
    }
    replica.entries.length = logEndOffset
    replica.agrees = Math.min(replica.agrees, logEndOffset)
  }

  private processEnded(machine: string, event: Of<'ProcessEnded'>): void {
    const broker = this.brokerOf(machine)
    if (broker === undefined) return
    if (event.how !== 'exit') this.facts.crashes++
    for (const partition of this.partitions.values()) {
      const replica = partition.replicas.get(broker)
      if (replica === undefined) continue
      replica.running = false
      replica.role = 'none'
    }
  }

  /** Where a log was cut and written anew, either content may come back after the power failed. */
  private powerLost(broker: number | undefined): void {
    if (broker === undefined) return
    this.facts.powerLosses++
    for (const partition of this.partitions.values()) {
      const replica = partition.replicas.get(broker)
      if (replica === undefined) continue
      replica.powerFailed = true
      const { entries, lowestCut } = replica
      for (let offset = lowestCut; offset < entries.length; offset++) entries[offset] = undefined
      replica.lowestCut = Number.POSITIVE_INFINITY
    }
  }

  private znode(change: ZnodeChange): void {
    const { path } = change
    if (!path.startsWith('/brokers/topics/') && !path.startsWith('/config/topics/')) return
    const state = partitionOfStatePath(path)
    if (state !== undefined) {
      const partition = this.partitionOf(topicPartition(state.topic, state.partition))
      this.select(partition)
      // A topic of that name may come again: nothing of this one is promised for it.
      if (change.op === 'delete') this.partitions.delete(partition.tp)
      else this.partitionState(partition, change.data, change.op === 'create' ? 0 : change.version)
      return
    }
    const topic = path.slice(path.lastIndexOf('/') + 1)
    if (path === zkPaths.configTopic(topic)) {
      if (change.op === 'delete') this.topicConfig.delete(topic)
      else if (change.data !== '') this.topicConfig.set(topic, decodeTopicConfig(change.data))
    } else if (path === zkPaths.topic(topic)) {
      if (change.op === 'delete') this.assignments.delete(topic)
      else if (change.data !== '') this.assign(topic, decodeAssignment(change.data))
    }
  }

  private assign(topic: string, assignment: ReadonlyMap<number, readonly number[]>): void {
    this.assignments.set(topic, assignment)
    for (const [number, replicas] of assignment) this.partitionOf(topicPartition(topic, number)).assigned = replicas
  }

  private partitionState(partition: PartitionTruth, data: string, version: number): void {
    const before = partition.state
    const state = decodePartitionState(data, version).leaderAndIsr
    if (before === undefined || before.leader !== state.leader) partition.ledSince = state.leaderEpoch
    if (before !== undefined && before.isr.length > 0 && state.isr.length === 0) {
      for (const id of before.isr) this.note('emptiedIsrs', this.replicaOf(partition, id))
      partition.breaks.push({ leaderEpoch: state.leaderEpoch, why: 'emptiedIsrs' })
    }
    if (before !== undefined && state.leader > NO_LEADER) {
      if (!before.isr.includes(state.leader)) {
        this.note('uncleanElections', this.replicaOf(partition, state.leader))
        partition.breaks.push({ leaderEpoch: state.leaderEpoch, why: 'uncleanElections' })
      }
      for (const id of state.isr) {
        if (!before.isr.includes(id) && id !== state.leader) this.joined(partition, id, state.leader)
      }
    }
    partition.state = state
  }

  /**
   * The leader wrote a follower into the ISR, as it may when the follower has reached its high watermark. While the
   * write is under way that mark stands still, but the follower may fall back, even restart with less.
   */
  private joined(partition: PartitionTruth, id: number, leaderId: number): void {
    const replica = this.replicaOf(partition, id)
    const leader = this.replicaOf(partition, leaderId)
    replica.joins++
    const position = leader.positions.get(id)
    replica.joinedTooEarly = position !== undefined && position < leader.highWatermark
    if (replica.joinedTooEarly || partition.agreement(replica) >= partition.trueHighWatermark) return
    this.note('incompleteJoins', replica)
  }

  /** Writes down evidence about a replica of the present partition. */
  note(what: keyof Evidence, replica: ReplicaTruth): void {
    this.facts[what]++
    this.partition!.evidence[what]++
    replica.evidence[what]++
    replica.suspect = true
  }

  /** A fault in a partition's directory concerns that partition; one in a checkpoint concerns all. */
  private corrupted(broker: number | undefined, path: string): void {
    if (broker === undefined) return
    const directory = path.slice(0, Math.max(0, path.indexOf('/')))
    const concerned = this.partitions.get(directory)
    for (const partition of concerned === undefined ? this.partitions.values() : [concerned]) {
      const replica = partition.replicas.get(broker)
      if (replica === undefined) continue
      this.select(partition)
      replica.diskFaulty = true
      this.note('diskFaults', replica)
    }
  }
}
