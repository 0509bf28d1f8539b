/** I-PROCESSED-ONCE: what the applications of a group make of its messages. */
import type { SystemEvent } from '../../src/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan, GroupConsumerPlan, OldConsumerPlan } from '../scenario/plan.ts'
import { type DoneInTransaction, TransactionalOutputs } from '../view/transactional-outputs.ts'
import { lossExcuse } from './excuses.ts'
import type { Evidence } from './facts.ts'
import { offsetsEvidence } from './offsets-evidence.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import { SharedAssignments, sharedExcuse } from './shared-assignments.ts'
import { StaleResets, staleResetExcuse } from './stale-resets.ts'
import type { Truth } from './truth.ts'

type Event = Extract<
  SystemEvent | WorldEvent,
  {
    readonly kind:
      | 'MessageProcessed'
      | 'MessagesRead'
      | 'PositionSet'
      | 'ConsumerRebalanced'
      | 'OffsetReset'
      | 'OffsetsCommitted'
      | 'GroupAssigned'
      | 'FetchFailed'
      | 'ConsumerCommitted'
      | 'OffsetsExpired'
      | 'CommitFailed'
      | 'ProcessEnded'
  }
>

/** How a message came to be processed not once: it was lost to the group, or done again. */
interface Slip {
  readonly what: 'lost' | 'repeated'
  readonly group: string
  /** The group began a partition at the end of its log, for want of an offset. */
  readonly skipped: boolean
  /** Commits of the group failed; offsets of it expired. */
  readonly commitFailed: boolean
  readonly expired: boolean
  /** Two members had been dealt the partition; one was told by a replaced leader to begin elsewhere. */
  readonly shared: boolean
  readonly stale: boolean
  /** What is known against the partition's log, and against those of the offsets topic. */
  readonly evidence: Evidence
}

interface Books {
  /** `topic-partition message`. */
  readonly done: Set<string>
  /** `topic-partition offset message`, with who did it last: a message may stand in a log twice. */
  readonly doneBy: Map<string, string>
  readonly beganAt: Map<string, number>
  readonly committed: Map<string, number>
  skipped: boolean
  commitFailed: boolean
  expired: boolean
}

export class ProcessedOnceOracle extends OracleBase<Slip> {
  readonly name = 'I-PROCESSED-ONCE'
  readonly statement =
    'The applications of a group process each message that the group has passed, and process it once.'
  readonly kinds = [
    'MessageProcessed',
    'MessagesRead',
    'PositionSet',
    'ConsumerRebalanced',
    'OffsetReset',
    'OffsetsCommitted',
    'GroupAssigned',
    'FetchFailed',
    'ConsumerCommitted',
    'OffsetsExpired',
    'CommitFailed',
    'ProcessEnded',
    'ProducerIdAssigned',
    'ProcessingBegan',
    'Appended',
    'MarkersAppended',
  ]
  protected readonly promise =
    'nothing of what the consumers of the group were told to do can lose a message or have it done again'
  private readonly shared = new SharedAssignments()
  private readonly staleResets = new StaleResets()
  private readonly groups = new Map<string, Books>()
  private readonly outputs = new TransactionalOutputs()
  /** By client: its group, and what it was given and has not processed. */
  private readonly inHand = new Map<string, { readonly group: string; readonly messages: Set<string> }>()

  apply(record: TraceRecord, truth: Truth): void {
    const event = record.event as Event
    for (const done of this.outputs.apply(event as SystemEvent)) this.processed(record, done, truth)
    switch (event.kind) {
      case 'PositionSet':
        this.begins(event.client, event.group, event.tp, event.offset, event.from === 'latest')
        break
      case 'ConsumerRebalanced':
        for (const tp of Object.keys(event.offsets)) {
          this.begins(event.client, event.group, tp, event.offsets[tp]!, false)
        }
        break
      case 'OffsetReset': {
        const group = this.inHand.get(event.client)?.group
        if (group !== undefined) this.begins(event.client, group, event.tp, event.to, true)
        break
      }
      case 'MessagesRead': {
        const inHand = this.inHand.get(event.client)?.messages
        if (inHand === undefined) break
        for (const { offset } of event.messages) {
          const name = truth.partitions.get(event.tp)?.standingLog()[offset]?.name
          if (name != null) inHand.add(`${event.tp} ${name}`)
        }
        break
      }
      case 'MessageProcessed':
        this.processed(record, event, truth)
        break
      case 'ConsumerCommitted':
        // What a coordinator keeps, the coordinator tells.
        if (event.storage === 'zookeeper') this.committed(event.group, event.offsets)
        break
      case 'OffsetsCommitted':
        this.committed(event.group, event.offsets)
        break
      case 'GroupAssigned':
        this.shared.apply(event)
        break
      case 'FetchFailed':
        this.staleResets.apply(event, truth)
        break
      case 'OffsetsExpired':
        this.booksOf(event.group).expired = true
        break
      case 'CommitFailed':
        this.booksOf(event.group).commitFailed = true
        break
      case 'ProcessEnded':
        this.inHand.delete(record.machine)
        break
    }
  }

  override finish(truth: Truth): void {
    for (const [group, books] of this.groups) {
      for (const [tp, next] of books.committed) {
        const partition = truth.partitions.get(tp)
        const beganAt = books.beganAt.get(tp)
        if (partition === undefined || beganAt === undefined) continue
        const log = partition.standingLog()
        const start = Math.max(beganAt, partition.actingLeader()?.logStart ?? 0)
        for (let offset = start; offset < Math.min(next, log.length); offset++) {
          const name = log[offset]?.name
          if (name == null) continue
          const message = `${tp} ${name}`
          if (books.done.has(message) || this.isInHand(group, message)) continue
          this.report(truth, this.slip('lost', group, tp, truth), {
            tp,
            message: name,
            detail: `Nobody of group ${group} has processed ${name} (offset ${offset} of ${tp}), and the group has committed ${next} as the next offset to read.`,
          })
        }
      }
    }
  }

  /** A member goes to an offset; -1: it is still to ask where to begin. */
  private begins(client: string, group: string, tp: string, offset: number, atAnEnd: boolean): void {
    if (this.inHand.get(client)?.group !== group) this.inHand.set(client, { group, messages: new Set() })
    if (offset < 0) return
    const books = this.booksOf(group)
    const known = books.beganAt.get(tp)
    if (known === undefined || offset < known) books.beganAt.set(tp, offset)
    else if (atAnEnd) books.skipped = true
  }

  private committed(group: string, offsets: Readonly<Record<string, number>>): void {
    const { committed } = this.booksOf(group)
    for (const tp of Object.keys(offsets)) committed.set(tp, offsets[tp]!)
  }

  private processed(record: TraceRecord, event: DoneInTransaction, truth: Truth): void {
    const { client, group, tp, message } = event
    const { done, doneBy } = this.booksOf(group)
    const key = `${tp} ${message}`
    const place = `${tp} ${event.offset} ${message}`
    const before = doneBy.get(place)
    if (before !== undefined) {
      const detail = `${client} processed ${message} (offset ${event.offset} of ${tp}), which group ${group} had done before (${before}).`
      this.report(record, this.slip('repeated', group, tp, truth), { tp, message, detail })
    }
    doneBy.set(place, client)
    done.add(key)
    this.inHand.get(client)?.messages.delete(key)
  }

  private isInHand(group: string, message: string): boolean {
    for (const one of this.inHand.values()) if (one.group === group && one.messages.has(message)) return true
    return false
  }

  private slip(what: Slip['what'], group: string, tp: string, truth: Truth): Slip {
    const { skipped, commitFailed, expired } = this.booksOf(group)
    const evidence = offsetsEvidence(truth, tp)
    const clients = [...this.inHand].filter(([, one]) => one.group === group).map(([client]) => client)
    const shared = this.shared.hasAny(group, tp)
    return {
      what,
      group,
      skipped,
      commitFailed,
      expired,
      shared,
      stale: this.staleResets.hasAny(clients, tp),
      evidence,
    }
  }

  private booksOf(group: string): Books {
    let books = this.groups.get(group)
    if (books === undefined) {
      const empty = { skipped: false, commitFailed: false, expired: false }
      books = { done: new Set(), doneBy: new Map(), beganAt: new Map(), committed: new Map(), ...empty }
      this.groups.set(group, books)
    }
    return books
  }

  protected excuse({ plan, versions }: Circumstances, note: Slip | undefined): string | undefined {
    if (note === undefined) return undefined
    const members = membersOf(plan, note.group)
    const discipline = note.what === 'lost' ? lossOf(members) : repetitionOf(members)
    if (discipline !== undefined) return discipline
    if (note.what === 'lost' && note.skipped) {
      return 'where the group had no offset it began at the end of the log (auto.offset.reset), past what had come meanwhile'
    }
    if (note.what === 'repeated' && note.commitFailed) {
      return 'a commit failed, for the group had gone on without the member, which processed what it had all the same'
    }
    if (note.what === 'repeated' && note.expired) return 'offsets of the group had expired (offsets.retention.minutes)'
    if (note.shared) return sharedExcuse(versions)
    return lossExcuse(versions, note.evidence) ?? (note.stale ? staleResetExcuse(versions) : undefined)
  }
}

type Member = GroupConsumerPlan | OldConsumerPlan

const membersOf = (plan: ClusterPlan, group: string): Member[] =>
  plan.clients
    .filter((client) => client.kind === 'group-consumer' || client.kind === 'old-consumer')
    .filter((client) => client.group === group)

const streamsOf = ({ subscription }: OldConsumerPlan): number =>
  'topics' in subscription ? subscription.topics.reduce((sum, { streams }) => sum + streams, 0) : subscription.streams

/** The commit discipline that may lose what it commits. */
function lossOf(members: readonly Member[]): string | undefined {
  if (members.some(({ processing }) => processing.commits === 'before')) {
    return 'the application commits before it processes (at most once): what it held when it died is committed, and nobody is given it again'
  }
  const old = members.filter((member) => member.kind === 'old-consumer')
  if (old.some(({ processing }) => processing.commits === 'auto')) {
    return 'automatic commits of a high-level consumer cover what its iterators have handed out, also what is being processed'
  }
  if (old.some((member) => streamsOf(member) > 1 && member.processing.commits !== 'never')) {
    return 'a commit of a high-level consumer covers what all its streams have handed out, also what other threads are processing'
  }
  const handsOver = members.find(({ processing }) => processing.handsOver && processing.commits !== 'never')
  if (handsOver === undefined) return undefined
  return handsOver.processing.commits === 'auto'
    ? 'automatic commits cover what poll has handed out, whether or not it was processed by the thread that has it'
    : 'the application commits what it has handed to another thread, which may not have processed it'
}

/** The commit discipline that leaves done what is not committed. */
function repetitionOf(members: readonly Member[]): string | undefined {
  const commits = (...kinds: ReadonlyArray<Member['processing']['commits']>): boolean =>
    members.some(({ processing }) => kinds.includes(processing.commits))
  if (commits('after', 'after-each')) {
    return 'the application commits after it has processed (at least once): what it had done and not committed is given to the next owner again'
  }
  if (commits('auto')) {
    return 'automatic commits come at intervals (auto.commit.interval.ms): what was done since the last one is given to the next owner again'
  }
  if (commits('never')) return 'nobody commits: each owner begins anew'
  if (members.some(({ kind }) => kind === 'old-consumer')) {
    return 'a commit of a high-level consumer covers what it still owns by then, and nobody keeps one that does not hear of the end of its session from reading on (M32)'
  }
  return members.some(({ processing }) => processing.withoutWaiting)
    ? 'the application does not wait for its commits, and one of them may not have come about'
    : undefined
}
