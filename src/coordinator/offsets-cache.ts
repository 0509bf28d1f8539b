/** The offsets that a coordinator keeps in memory, by group and partition. */
import type { Digest } from '../host/index.ts'
import type { OffsetAndMetadata, TopicPartition } from '../protocol/index.ts'

/** `logOffset`: where in the offsets topic it stands, which tells the later of two; left out where nobody asks. */
export type CachedOffset = OffsetAndMetadata & { readonly logOffset?: number }

export class OffsetsCache {
  private readonly groups = new Map<string, Map<TopicPartition, CachedOffset>>()

  get(groupId: string, tp: TopicPartition): CachedOffset | undefined {
    return this.groups.get(groupId)?.get(tp)
  }

  /** All of a group, in the order of their first commit. */
  of(groupId: string): ReadonlyMap<TopicPartition, OffsetAndMetadata> {
    return this.groups.get(groupId) ?? NONE
  }

  get groupIds(): readonly string[] {
    return [...this.groups.keys()]
  }

  put(groupId: string, tp: TopicPartition, offset: CachedOffset): void {
    const known = this.groups.get(groupId)
    if (known === undefined) this.groups.set(groupId, new Map([[tp, offset]]))
    else known.set(tp, offset)
  }

  remove(groupId: string, tp: TopicPartition): void {
    const known = this.groups.get(groupId)
    known?.delete(tp)
    if (known?.size === 0) this.groups.delete(groupId)
  }

  /** Forgets a group; returns how many offsets it had. */
  removeGroup(groupId: string): number {
    const { size } = this.of(groupId)
    this.groups.delete(groupId)
    return size
  }

  digest(digest: Digest): void {
    digest.int(this.groups.size)
    for (const [groupId, offsets] of this.groups) {
      digest.string(groupId)
      for (const [tp, { offset, commitTimestamp }] of offsets) digest.string(tp).int(offset).int(commitTimestamp)
    }
  }
}

const NONE: ReadonlyMap<TopicPartition, OffsetAndMetadata> = new Map()
