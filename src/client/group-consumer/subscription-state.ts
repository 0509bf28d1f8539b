/**
 * What a consumer subscribes to, what it is assigned, and where it stands in each partition (`SubscriptionState.java`,
 * 0.9.0.1). A position is the offset behind the last message that the application was given.
 */
import type { Digest } from '../../host/index.ts'
import { type AssignedPartition, type TopicPartition, topicPartition } from '../../protocol/index.ts'

/** Topics by name, or all whose whole name matches. */
export type Subscribes = { readonly topics: readonly string[] } | { readonly pattern: string }

interface PartitionPosition extends AssignedPartition {
  /** Next offset to be given to the application; undefined until it is known. */
  position: number | undefined
  awaitsReset: boolean
}

export class SubscriptionState {
  readonly pattern: RegExp | undefined
  private subscribed: readonly string[]
  private readonly assigned = new Map<TopicPartition, PartitionPosition>()

  private readonly givesUpAtOnce: boolean

  /**
   * @param givesUpAtOnce what a pattern does not find any more is given up at once, not only with the next assignment
   *   (0.9): metadata of a broker that does not know a topic yet are reason enough
   */
  constructor(subscribes: Subscribes, givesUpAtOnce: boolean) {
    this.givesUpAtOnce = givesUpAtOnce
    if ('topics' in subscribes) {
      this.subscribed = [...subscribes.topics]
      this.pattern = undefined
    } else {
      this.subscribed = []
      this.pattern = new RegExp(`^(?:${subscribes.pattern})$`)
    }
  }

  get topics(): readonly string[] {
    return this.subscribed
  }

  /** The topics that match now. @returns whether they have changed */
  match(topics: readonly string[]): boolean {
    const { pattern } = this
    if (pattern === undefined) return false
    const matching = topics.filter((topic) => pattern.test(topic))
    if (matching.length === this.subscribed.length && matching.every((topic) => this.subscribed.includes(topic))) {
      return false
    }
    this.subscribed = matching
    if (this.givesUpAtOnce) {
      for (const [tp, { topic }] of this.assigned) if (!matching.includes(topic)) this.assigned.delete(tp)
    }
    return true
  }

  assign(partitions: readonly AssignedPartition[]): void {
    this.assigned.clear()
    for (const { topic, partition } of partitions) {
      this.assigned.set(topicPartition(topic, partition), { topic, partition, position: undefined, awaitsReset: false })
    }
  }

  get partitions(): readonly AssignedPartition[] {
    return [...this.assigned.values()].map(({ topic, partition }) => ({ topic, partition }))
  }

  get names(): readonly TopicPartition[] {
    return [...this.assigned.keys()]
  }

  isAssigned(tp: TopicPartition): boolean {
    return this.assigned.has(tp)
  }

  /** Undefined where it is not known, or the partition is somebody else's. */
  position(tp: TopicPartition): number | undefined {
    return this.assigned.get(tp)?.position
  }

  /** Goes to an offset, if the partition is still assigned. */
  seek(tp: TopicPartition, offset: number): void {
    const state = this.assigned.get(tp)
    if (state === undefined) return
    state.position = offset
    state.awaitsReset = false
  }

  /** The position is out of range. */
  needReset(tp: TopicPartition): void {
    const state = this.assigned.get(tp)
    if (state === undefined) return
    state.position = undefined
    state.awaitsReset = true
  }

  /** All positions are to be asked of the group again. */
  forgetPositions(): void {
    for (const state of this.assigned.values()) {
      state.position = undefined
      state.awaitsReset = false
    }
  }

  awaitsReset(tp: TopicPartition): boolean {
    return this.assigned.get(tp)?.awaitsReset === true
  }

  /** Partitions that are to begin at an end of the log. */
  get awaitingReset(): readonly AssignedPartition[] {
    return this.withoutPosition.filter(({ topic, partition }) => this.awaitsReset(topicPartition(topic, partition)))
  }

  get withoutPosition(): readonly AssignedPartition[] {
    return [...this.assigned.values()].filter(({ position }) => position === undefined)
  }

  /** Partitions that can be fetched, with where to go on. */
  get fetchable(): ReadonlyArray<AssignedPartition & { readonly position: number }> {
    return [...this.assigned.values()].filter(
      (state): state is PartitionPosition & { position: number } => state.position !== undefined,
    )
  }

  /** What a commit without offsets of its own commits: all that the application was given. */
  get allConsumed(): ReadonlyMap<TopicPartition, number> {
    return new Map(this.fetchable.map(({ topic, partition, position }) => [topicPartition(topic, partition), position]))
  }

  digest(digest: Digest): void {
    digest.string(this.subscribed.join())
    for (const [tp, { position, awaitsReset }] of this.assigned) {
      digest
        .string(tp)
        .int(position ?? -1)
        .boolean(awaitsReset)
    }
  }
}
