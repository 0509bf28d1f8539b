/**
 * Offsets that came as part of a transaction, until its marker comes (`pendingTransactionalOffsetCommits` of
 * `kafka/coordinator/group/GroupMetadata.scala`, 0.11 to 3.9). A marker that commits makes them count, unless the group has
 * committed something later meanwhile.
 */
import type { Digest } from '../host/index.ts'
import type { OffsetAndMetadata, TopicPartition } from '../protocol/index.ts'

/** An offset, and where in the offsets topic it stands. */
export interface LoggedOffset extends OffsetAndMetadata {
  readonly logOffset: number
}

interface PendingOffset {
  readonly offset: OffsetAndMetadata
  /** Undefined until the log has it. */
  logOffset: number | undefined
}

export interface DecidedOffsets {
  readonly groupId: string
  /** Those that the log has. */
  readonly offsets: ReadonlyMap<TopicPartition, LoggedOffset>
}

export class TransactionalOffsets {
  /** By producer id, group, and partition. */
  private readonly producers = new Map<number, Map<string, Map<TopicPartition, PendingOffset>>>()

  /** A commit is on its way into the log. */
  prepare(producerId: number, groupId: string, offsets: ReadonlyMap<TopicPartition, OffsetAndMetadata>): void {
    const known = this.of(producerId, groupId)
    for (const [tp, offset] of offsets) known.set(tp, { offset, logOffset: undefined })
  }

  /** The log has it. */
  written(
    producerId: number,
    groupId: string,
    offsets: ReadonlyMap<TopicPartition, OffsetAndMetadata>,
    logOffset: number,
  ): void {
    const known = this.producers.get(producerId)?.get(groupId)
    let at = logOffset
    for (const [tp, offset] of offsets) {
      const pending = known?.get(tp)
      if (pending?.offset === offset) pending.logOffset = at
      at++
    }
  }

  /** The log did not take it. */
  failed(producerId: number, groupId: string, offsets: ReadonlyMap<TopicPartition, OffsetAndMetadata>): void {
    const known = this.producers.get(producerId)?.get(groupId)
    for (const [tp, offset] of offsets) if (known?.get(tp)?.offset === offset) known.delete(tp)
    if (known?.size === 0) this.forget(producerId, groupId)
  }

  /** Read from the log. */
  load(producerId: number, groupId: string, tp: TopicPartition, offset: OffsetAndMetadata, logOffset: number): void {
    this.of(producerId, groupId).set(tp, { offset, logOffset })
  }

  /** The transaction of a producer has ended; gives back what it had brought of groups that `isMeant`. */
  take(producerId: number, isMeant: (groupId: string) => boolean): DecidedOffsets[] {
    const decided: DecidedOffsets[] = []
    for (const [groupId, pending] of [...(this.producers.get(producerId) ?? [])]) {
      if (!isMeant(groupId)) continue
      const offsets = new Map<TopicPartition, LoggedOffset>()
      for (const [tp, { offset, logOffset }] of pending) {
        if (logOffset !== undefined) offsets.set(tp, { ...offset, logOffset })
      }
      decided.push({ groupId, offsets })
      this.forget(producerId, groupId)
    }
    return decided
  }

  /** Somebody has an offset of this partition in an open transaction. */
  isPending(groupId: string, tp: TopicPartition): boolean {
    for (const groups of this.producers.values()) if (groups.get(groupId)?.has(tp) === true) return true
    return false
  }

  hasPending(groupId: string): boolean {
    for (const groups of this.producers.values()) if (groups.has(groupId)) return true
    return false
  }

  /** This broker coordinates these groups no more. */
  removeGroups(isGone: (groupId: string) => boolean): void {
    for (const [producerId, groups] of [...this.producers]) {
      for (const groupId of [...groups.keys()]) if (isGone(groupId)) this.forget(producerId, groupId)
    }
  }

  private of(producerId: number, groupId: string): Map<TopicPartition, PendingOffset> {
    let groups = this.producers.get(producerId)
    if (groups === undefined) this.producers.set(producerId, (groups = new Map()))
    let pending = groups.get(groupId)
    if (pending === undefined) groups.set(groupId, (pending = new Map()))
    return pending
  }

  private forget(producerId: number, groupId: string): void {
    const groups = this.producers.get(producerId)
    groups?.delete(groupId)
    if (groups?.size === 0) this.producers.delete(producerId)
  }

  digest(digest: Digest): void {
    for (const [producerId, groups] of this.producers) {
      digest.int(producerId)
      for (const [groupId, pending] of groups) {
        digest.string(groupId)
        for (const [tp, { offset, logOffset }] of pending)
          digest
            .string(tp)
            .int(offset.offset)
            .int(logOffset ?? -1)
      }
    }
  }
}
