/**
 * The part of the fold for brokers and their logs: what each replica holds, believes, and has on disk.
 *
 * A log is cut by whichever event tells first (`LogTruncated` of the storage engine, `Truncated` of the replica
 * manager, `LogLoaded` or `ReplicaCreated` of a restart that found less): cutting twice changes nothing.
 */
import { type Micros, unreachable } from '../../src/host/index.ts'
import type { EventOf } from './any-event.ts'
import { emptyReplica } from './cluster-view.ts'
import type { ViewDraft } from './fold.ts'
import { type LoggedMessage, MessageLog } from './message-log.ts'
import { brokerName } from './names.ts'

/** The reason of a cut that only the storage engine has told of so far. */
const STORAGE = 'log truncated'

type ReplicaDraft = ViewDraft['brokers'][string]['replicas'][string]

/** Kinds that concern one replica of one partition. */
type ReplicaEvent = EventOf<
  | 'ReplicaCreated'
  | 'BecameLeader'
  | 'BecameFollower'
  | 'Truncated'
  | 'Appended'
  | 'HighWatermark'
  | 'FollowerPosition'
  | 'IsrShrunk'
  | 'IsrExpanded'
  | 'LogLoaded'
  | 'LogTruncated'
  | 'SegmentsDeleted'
  | 'SegmentRolled'
  | 'SegmentsCompacted'
>

export function foldBrokerEvent(
  view: ViewDraft,
  machine: string,
  atUs: Micros,
  event: ReplicaEvent | EventOf<'BrokerStarted' | 'ReplicaDeleted' | 'HighWatermarksCheckpointed'>,
): void {
  const broker = (view.brokers[machine] ??= { id: idOf(machine), registered: false, replicas: {} })
  switch (event.kind) {
    case 'BrokerStarted':
      broker.id = event.brokerId
      return
    case 'ReplicaDeleted':
      delete broker.replicas[event.tp]
      return
    case 'HighWatermarksCheckpointed':
      for (const tp of Object.keys(event.entries)) {
        const replica = (broker.replicas[tp] ??= { ...emptyReplica, followers: {} })
        replica.checkpointed = event.entries[tp]!
      }
      return
    default:
      foldReplicaEvent((broker.replicas[event.tp] ??= { ...emptyReplica, followers: {} }), broker.id, atUs, event)
  }
}

function foldReplicaEvent(replica: ReplicaDraft, brokerId: number, atUs: Micros, event: ReplicaEvent): void {
  switch (event.kind) {
    case 'ReplicaCreated':
      // After a power loss the whole log may be missing, and nothing of it was loaded.
      if (event.logEndOffset < replica.logEndOffset) cut(replica, event.logEndOffset, 'recovery', atUs)
      replica.logEndOffset = event.logEndOffset
      replica.highWatermark = event.highWatermark
      // A checkpoint that a power loss took back: the file is older than the last one we saw written.
      if (replica.checkpointed !== undefined && event.highWatermark < replica.checkpointed) {
        replica.checkpointed = event.highWatermark
      }
      return
    case 'BecameLeader':
      replica.role = 'leader'
      replica.leader = brokerId
      replica.leaderEpoch = event.leaderEpoch
      replica.isr = event.isr
      replica.zkVersion = event.zkVersion
      replica.logEndOffset = event.logEndOffset
      replica.highWatermark = event.highWatermark
      replica.followers = {}
      return
    case 'BecameFollower':
      replica.role = 'follower'
      replica.leader = event.leader
      replica.leaderEpoch = event.leaderEpoch
      replica.isr = []
      replica.zkVersion = -1
      replica.followers = {}
      replica.logEndOffset = event.logEndOffset
      replica.highWatermark = event.highWatermark
      return
    case 'Truncated':
      cut(replica, event.to, event.reason, atUs, event.from)
      replica.highWatermark = event.highWatermark
      return
    case 'LogTruncated':
      cut(replica, event.to, STORAGE, atUs, event.from)
      return
    case 'LogLoaded':
      if (event.logEndOffset < replica.logEndOffset) cut(replica, event.logEndOffset, 'recovery', atUs)
      replica.log = replica.log.startAt(event.logStartOffset)
      replica.logStartOffset = event.logStartOffset
      replica.logEndOffset = event.logEndOffset
      replica.segments = event.segments ?? replica.segments
      return
    case 'SegmentsDeleted':
      replica.log = replica.log.startAt(event.logStartOffset)
      replica.logStartOffset = event.logStartOffset
      return
    case 'Appended': {
      const { leaderEpoch, messages } = event
      const logged: LoggedMessage[] = []
      for (const { offset, key, value } of messages) logged.push({ offset, key, value, epoch: leaderEpoch })
      replica.log = replica.log.append(logged)
      replica.logEndOffset = event.logEndOffset
      return
    }
    case 'SegmentRolled':
      replica.segments = [...replica.segments, event.baseOffset]
      return
    case 'SegmentsCompacted': {
      const gone = event.dropped.map(({ offset }) => offset)
      replica.lastCompaction = gone.map((offset) => replica.log.get(offset)).filter((one) => one !== undefined)
      replica.log = replica.log.without(gone)
      const merged = event.baseOffsets.slice(1)
      replica.segments = replica.segments.filter((baseOffset) => !merged.includes(baseOffset))
      return
    }
    case 'HighWatermark':
      replica.highWatermark = event.to
      return
    case 'FollowerPosition':
      replica.followers[brokerName(event.follower)] = event.logEndOffset
      return
    case 'IsrShrunk':
    case 'IsrExpanded':
      replica.isr = event.isr
      replica.zkVersion = event.zkVersion
      return
    default:
      unreachable(event)
  }
}

/** A log that starts anew (`to` past its end, after an out-of-range fetch) loses everything it had. */
function cut(replica: ReplicaDraft, to: number, reason: string, atUs: Micros, from = replica.logEndOffset): void {
  if (to === from) return
  const last = replica.lastTruncation
  const restarted = to > replica.logEndOffset
  const messages = restarted ? replica.log.toArray() : replica.log.between(to, from)
  replica.log = restarted ? MessageLog.empty : replica.log.truncateTo(to)
  replica.logEndOffset = to
  if (restarted) replica.logStartOffset = to
  replica.segments = restarted ? [to] : replica.segments.filter((base, i) => i === 0 || base <= to)
  // Storage and replica manager tell of the same cut at the same moment: the second only adds its reason.
  const same = last !== undefined && last.atUs === atUs && last.to === to && messages.length === 0
  replica.lastTruncation = same
    ? { ...last, reason: reason === STORAGE ? last.reason : reason }
    : { from, to, reason, atUs, cut: messages }
}

/** The process is gone, and with it what it believed. The disk stays. */
export function forgetBroker(view: ViewDraft, machine: string): void {
  const broker = view.brokers[machine]
  if (broker === undefined) return
  for (const tp of Object.keys(broker.replicas)) {
    const replica = broker.replicas[tp]!
    replica.role = 'none'
    replica.leader = -1
    replica.leaderEpoch = -1
    replica.isr = []
    replica.zkVersion = -1
    replica.followers = {}
    replica.highWatermark = Math.min(replica.checkpointed ?? 0, replica.logEndOffset)
  }
}

const idOf = (machine: string): number => (/^b\d+$/.test(machine) ? Number(machine.slice(1)) : -1)
