/**
 * The ledger's picture of the logs: which copy stands at which offset of which broker, who leads by ZooKeeper's word, and
 * from that when a copy is replicated, committed, cut off and lost. Fed by `Ledger`, from trace records alone.
 *
 * Committed: a broker that ZooKeeper held for the leader (then, without another leader in between) had its high
 * watermark past the offset. A deposed leader that does not know it yet commits nothing.
 */

import type { TracedMessage } from '../../src/broker/events.ts'
import {
  decodePartitionState,
  partitionOfStatePath,
  type TopicPartition,
  topicPartition,
} from '../../src/protocol/index.ts'
import type { ZnodeChange } from '../../src/zookeeper/events.ts'
import type { CopyCut, CopyRecord, Decision } from './message-record.ts'
import { brokerName, messageName } from './names.ts'

/** A copy while the ledger writes it. */
export interface OpenCopy extends CopyRecord {
  holders: string[]
  reached: Map<string, Decision>
  committed: Decision | undefined
  acknowledged: Decision | undefined
  cuts: CopyCut[]
  lost: Decision | undefined
}

/** One broker's log of one partition: copies by offset - start; holes where the ledger knows no copy. */
interface DiskLog {
  readonly tp: TopicPartition
  readonly broker: string
  start: number
  copies: (OpenCopy | undefined)[]
  role: 'leader' | 'follower' | 'none'
  /** Broker that it follows. */
  leader: string
  epoch: number
  /** Copies below this offset were seen under the watermark of this broker as leader. */
  committedTo: number
}

interface Authority {
  leader: string | undefined
  /** Epoch in which the present leader took over from another one. */
  sinceEpoch: number
  lastLeader: string | undefined
}

export class LedgerLogs {
  readonly #disks = new Map<string, Map<TopicPartition, DiskLog>>()
  readonly #authority = new Map<TopicPartition, Authority>()
  readonly #newCopy: (copy: OpenCopy) => void
  /** Copies of each message, newest last, to recognise them on followers. */
  readonly #copiesOf: (message: string) => readonly OpenCopy[]

  constructor(newCopy: (copy: OpenCopy) => void, copiesOf: (message: string) => readonly OpenCopy[]) {
    this.#newCopy = newCopy
    this.#copiesOf = copiesOf
  }

  /** The broker whose log is the partition's: ZooKeeper's leader, or the last one if nobody leads. */
  leaderOf(tp: TopicPartition): string | undefined {
    return this.#authority.get(tp)?.lastLeader
  }

  /** The broker that ZooKeeper names acts as leader. */
  isLed(tp: TopicPartition): boolean {
    const leader = this.#authority.get(tp)?.leader
    return leader !== undefined && this.#disks.get(leader)?.get(tp)?.role === 'leader'
  }

  /** Known copies in the log of the partition's (last) leader, in offset order. */
  authoritativeLog(tp: TopicPartition): OpenCopy[] {
    const leader = this.leaderOf(tp)
    const disk = leader === undefined ? undefined : this.#disks.get(leader)?.get(tp)
    return disk === undefined ? [] : disk.copies.filter((copy) => copy !== undefined)
  }

  isAuthoritative(copy: CopyRecord): boolean {
    const leader = this.leaderOf(copy.tp)
    return leader !== undefined && copy.holders.includes(leader)
  }

  get partitions(): TopicPartition[] {
    return [...this.#authority.keys()]
  }

  znodesChanged(changes: readonly ZnodeChange[]): void {
    for (const change of changes) {
      if (change.op === 'delete') continue
      const of = partitionOfStatePath(change.path)
      if (of === undefined) continue
      const { leader: id, leaderEpoch } = decodePartitionState(change.data, 0).leaderAndIsr
      const tp = topicPartition(of.topic, of.partition)
      let authority = this.#authority.get(tp)
      if (authority === undefined) {
        authority = { leader: undefined, sinceEpoch: 0, lastLeader: undefined }
        this.#authority.set(tp, authority)
      }
      const leader = id < 0 ? undefined : brokerName(id)
      if (leader !== authority.leader) authority.sinceEpoch = leaderEpoch
      authority.leader = leader
      if (leader !== undefined) authority.lastLeader = leader
    }
  }

  becameLeader(broker: string, tp: TopicPartition, epoch: number, highWatermark: number, by: Decision): void {
    const disk = this.#disk(broker, tp)
    disk.role = 'leader'
    disk.epoch = epoch
    disk.committedTo = disk.start
    this.advanced(broker, tp, highWatermark, by)
  }

  becameFollower(broker: string, tp: TopicPartition, leader: string, epoch: number): void {
    const disk = this.#disk(broker, tp)
    disk.role = 'follower'
    disk.leader = leader
    disk.epoch = epoch
  }

  stopped(broker: string): void {
    for (const disk of this.#disks.get(broker)?.values() ?? []) disk.role = 'none'
  }

  appendedByLeader(
    broker: string,
    tp: TopicPartition,
    epoch: number,
    messages: readonly TracedMessage[],
    by: Decision,
  ): void {
    const disk = this.#disk(broker, tp)
    for (const { offset, key, value } of messages) {
      this.#put(disk, offset, this.#open(messageName(value, key), tp, offset, epoch, broker, by), by)
    }
  }

  appendedByFollower(broker: string, tp: TopicPartition, messages: readonly TracedMessage[], by: Decision): void {
    const disk = this.#disk(broker, tp)
    for (const { offset, key, value } of messages) {
      const name = messageName(value, key)
      this.#put(disk, offset, this.#recognise(disk, offset, name) ?? this.#open(name, tp, offset, -1, '', by), by)
    }
  }

  /** The high watermark of a leader reached `to`. */
  advanced(broker: string, tp: TopicPartition, to: number, by: Decision): void {
    const disk = this.#disk(broker, tp)
    if (disk.role !== 'leader') return
    const authority = this.#authority.get(tp)
    if (authority?.leader !== broker || disk.epoch < authority.sinceEpoch) return
    for (let offset = disk.committedTo; offset < to; offset++) {
      const copy = disk.copies[offset - disk.start]
      if (copy !== undefined) copy.committed ??= by
    }
    disk.committedTo = Math.max(disk.committedTo, to)
  }

  /** A log now ends at `to`: what stood there is off this disk. Past its end: the log starts anew at `to`. */
  cut(broker: string, tp: TopicPartition, to: number, reason: CopyCut['reason'], by: Decision): void {
    const disk = this.#disk(broker, tp)
    const end = disk.start + disk.copies.length
    const restarted = to > end && reason === 'truncated'
    const keep = restarted ? 0 : Math.max(0, to - disk.start)
    const cut = disk.copies.splice(keep)
    if (restarted) disk.start = to
    disk.committedTo = Math.min(disk.committedTo, to)
    for (const copy of cut) {
      if (copy === undefined) continue
      copy.holders = copy.holders.filter((holder) => holder !== broker)
      copy.cuts.push({ broker, by, reason })
      if (copy.holders.length === 0) copy.lost = by
    }
  }

  /** Records were taken out of the middle of a log, as its configuration has it. */
  compacted(broker: string, tp: TopicPartition, offsets: readonly number[], by: Decision): void {
    const disk = this.#disk(broker, tp)
    for (const offset of offsets) this.#remove(disk, offset, 'compacted', by)
  }

  /** A log now begins at `start`: what stood below was deleted, as its configuration has it. */
  expired(broker: string, tp: TopicPartition, start: number, by: Decision): void {
    const disk = this.#disk(broker, tp)
    const end = Math.min(start, disk.start + disk.copies.length)
    for (let offset = disk.start; offset < end; offset++) this.#remove(disk, offset, 'expired', by)
  }

  /** The log of the partition's leader is without the copy because that was compacted, or deleted for its age. */
  isRemoved(copy: CopyRecord): boolean {
    const leader = this.leaderOf(copy.tp)
    if (leader === undefined || copy.holders.includes(leader)) return false
    const reason = copy.cuts.findLast(({ broker }) => broker === leader)?.reason
    return reason === 'compacted' || reason === 'expired'
  }

  #remove(disk: DiskLog, offset: number, reason: 'compacted' | 'expired', by: Decision): void {
    const copy = disk.copies[offset - disk.start]
    if (copy === undefined) return
    disk.copies[offset - disk.start] = undefined
    copy.holders = copy.holders.filter((holder) => holder !== disk.broker)
    copy.cuts.push({ broker: disk.broker, by, reason })
  }

  /** A follower's message is the leader's copy at that offset; if the leader cut it since, the newest that fits. */
  #recognise(disk: DiskLog, offset: number, name: string): OpenCopy | undefined {
    const source = this.#disks.get(disk.leader)?.get(disk.tp)
    const copy = source?.copies[offset - source.start]
    if (copy !== undefined && copy.message === name) return copy
    const copies = this.#copiesOf(name)
    for (let index = copies.length - 1; index >= 0; index--) {
      const candidate = copies[index]!
      if (candidate.tp === disk.tp && candidate.offset === offset) return candidate
    }
    return undefined
  }

  #open(
    message: string,
    tp: TopicPartition,
    offset: number,
    epoch: number,
    broker: string,
    appended: Decision,
  ): OpenCopy {
    const copy: OpenCopy = {
      message,
      tp,
      offset,
      epoch,
      broker,
      appended,
      holders: [],
      reached: new Map(),
      committed: undefined,
      acknowledged: undefined,
      cuts: [],
      lost: undefined,
    }
    this.#newCopy(copy)
    return copy
  }

  #put(disk: DiskLog, offset: number, copy: OpenCopy, by: Decision): void {
    if (disk.copies.length === 0) disk.start = offset
    while (disk.start + disk.copies.length < offset) disk.copies.push(undefined)
    disk.copies[offset - disk.start] = copy
    copy.holders.push(disk.broker)
    if (!copy.reached.has(disk.broker)) copy.reached.set(disk.broker, by)
    copy.lost = undefined
  }

  #disk(broker: string, tp: TopicPartition): DiskLog {
    let logs = this.#disks.get(broker)
    if (logs === undefined) this.#disks.set(broker, (logs = new Map()))
    let disk = logs.get(tp)
    if (disk === undefined) {
      disk = { tp, broker, start: 0, copies: [], role: 'none', leader: '', epoch: -1, committedTo: 0 }
      logs.set(tp, disk)
    }
    return disk
  }
}
