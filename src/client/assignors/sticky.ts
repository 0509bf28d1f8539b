/**
 * `sticky` (KIP-54, 0.11; `StickyAssignor.java` at 1.1.1): as even as can be, and of all even assignments one that moves
 * little. Members bring along what they had. A member that the group went on without still tells of what is somebody
 * else's by now: up to 2.2 both keep it; since 2.3 members tell the generation, and the later one counts (KIP-341).
 *
 * Where Kafka walks over hash maps the order is that of Java's hash map here as well: it decides who gets what.
 */
import { type AssignedPartition, ByteReader, ByteWriter, javaHashOrder, javaStringHash } from '../../protocol/index.ts'
import {
  type Assignments,
  type Assignor,
  compareText,
  type MemberSubscription,
  type PartitionCounts,
} from './assignor.ts'
import { PartitionMovements } from './partition-movements.ts'

/** A partition, the same object wherever it stands, so that it can be compared. */
export interface Slot extends AssignedPartition {
  /** Members that subscribe to the topic. */
  readonly takers: string[]
}

export const stickyAssignor: Assignor = {
  name: 'sticky',
  assign: (partitions, members) => new StickyAssignment(partitions, members).result(),
  userData: (owned, generation) => (owned === undefined ? null : encodePrevious(owned, generation)),
}

/** A member says that it had a partition. */
interface Claim {
  readonly memberId: string
  /** In which generation, from those who tell. */
  readonly generation: number | undefined
  /** It still subscribes to the topic. */
  readonly wants: boolean
}

class StickyAssignment {
  /** In the order of Java's hash map. */
  private readonly slots: readonly Slot[]
  /** What each member may get. */
  private readonly mayGet = new Map<string, Slot[]>()
  private readonly has = new Map<string, Slot[]>()
  private readonly ownerOf = new Map<Slot, string>()
  private readonly movements = new PartitionMovements()
  /** Members that take part in moves, the one with the least first. */
  private readonly movable = new Set<string>()
  /** Who had a partition in the generation before the latest that anybody tells of. */
  private readonly hadBefore = new Map<Slot, string>()
  private readonly isFresh: boolean
  /** What members told that they had, and it still exists. */
  private readonly previous: Array<readonly [string, Slot]> = []

  constructor(partitions: PartitionCounts, members: readonly MemberSubscription[]) {
    const ordered = javaHashOrder(members, ({ memberId }) => javaStringHash(memberId))
    const topics = javaHashOrder([...partitions.keys()], javaStringHash)
    const all = topics.flatMap((topic) =>
      Array.from({ length: partitions.get(topic)! }, (_, partition): Slot => ({ topic, partition, takers: [] })),
    )
    this.slots = javaHashOrder(all, slotHash)
    const byName = new Map(all.map((slot) => [nameOf(slot), slot]))
    for (const { memberId, topics: wanted } of ordered) {
      const may: Slot[] = []
      for (const topic of wanted) {
        for (let partition = 0; partition < (partitions.get(topic) ?? 0); partition++) {
          const slot = byName.get(nameOf({ topic, partition }))!
          may.push(slot)
          slot.takers.push(memberId)
        }
      }
      this.mayGet.set(memberId, may)
      this.has.set(memberId, [])
      this.movable.add(memberId)
    }
    this.isFresh = this.takePrevious(members, byName)
  }

  /** What members had, as far as it still exists and they still want it. @returns whether nobody had told of anything */
  private takePrevious(members: readonly MemberSubscription[], byName: ReadonlyMap<string, Slot>): boolean {
    let fresh = true
    const claims = new Map<Slot, Claim[]>()
    for (const { memberId, topics, userData } of members) {
      if (userData === null || userData.length === 0) continue
      fresh = false
      const { partitions, generation } = decodePrevious(userData)
      for (const partition of partitions) {
        const slot = byName.get(nameOf(partition))
        if (slot === undefined) continue
        const claim = { memberId, generation, wants: topics.includes(slot.topic) }
        const others = claims.get(slot)
        if (generation === undefined) this.believe(slot, claim)
        else if (others === undefined) claims.set(slot, [claim])
        // Of two who had it in one generation the first is believed.
        else if (others.every((other) => other.generation !== generation)) others.push(claim)
      }
    }
    for (const [slot, rivals] of claims) {
      const [latest, before] = rivals.sort((a, b) => b.generation! - a.generation!)
      this.believe(slot, latest!)
      if (before !== undefined) this.hadBefore.set(slot, before.memberId)
    }
    return fresh
  }

  private believe(slot: Slot, { memberId, wants }: Claim): void {
    this.previous.push([memberId, slot])
    // Also who does not want it any more counts as the owner until somebody else has it.
    this.ownerOf.set(slot, memberId)
    if (wants) this.has.get(memberId)!.push(slot)
  }

  result(): Assignments {
    const sorted = this.sortedSlots()
    const taken = new Set([...this.has.values()].flat())
    const initializing = this.size(this.sortedMovable().at(-1)!) === 0
    for (const slot of sorted) if (!taken.has(slot) && slot.takers.length > 0) this.give(slot)
    const reassignable = sorted.filter((slot) => slot.takers.length > 1)
    const fixed = [...this.has.keys()].filter((memberId) => !this.canTakePart(memberId))
    for (const memberId of fixed) this.movable.delete(memberId)
    this.balance(reassignable, initializing)
    return new Map([...this.has].map(([memberId, slots]) => [memberId, slots.map(toPartition)]))
  }

  private size(memberId: string): number {
    return this.has.get(memberId)!.length
  }

  private sortedMovable(): string[] {
    return [...this.movable].sort((a, b) => this.size(a) - this.size(b) || compareText(a, b))
  }

  /**
   * The order in which partitions are dealt out and moved: where all subscribe to the same, from those who have most;
   * else those first that few can take.
   */
  private sortedSlots(): Slot[] {
    if (this.isFresh || !this.subscriptionsAreTheSame()) {
      return [...this.slots].sort(
        (a, b) => a.takers.length - b.takers.length || compareText(a.topic, b.topic) || a.partition - b.partition,
      )
    }
    const left = new Map([...this.has.keys()].map((memberId): [string, Slot[]] => [memberId, []]))
    for (const [memberId, slot] of this.previous) left.get(memberId)!.push(slot)
    const sorted = new Set<Slot>()
    for (;;) {
      let most: string | undefined
      for (const [memberId, slots] of left) {
        const more = most === undefined ? 1 : slots.length - left.get(most)!.length || compareText(memberId, most)
        if (more > 0) most = memberId
      }
      const slots = most === undefined ? undefined : left.get(most)!
      if (slots === undefined || slots.length === 0) break
      // What somebody else had before is the first to go.
      const returning = slots.findIndex((slot) => this.hadBefore.has(slot))
      sorted.add(slots.splice(Math.max(0, returning), 1)[0]!)
    }
    for (const slot of this.slots) sorted.add(slot)
    return [...sorted]
  }

  private subscriptionsAreTheSame(): boolean {
    const same = <T>(lists: readonly T[][]): boolean =>
      lists.every((list, i) => i === 0 || sameElements(list, lists[i - 1]!))
    return same(this.slots.map(({ takers }) => takers)) && same([...this.mayGet.values()])
  }

  /** To the member with the least that may have it. */
  private give(slot: Slot): void {
    const taker = this.sortedMovable().find((memberId) => slot.takers.includes(memberId))!
    this.has.get(taker)!.push(slot)
    this.ownerOf.set(slot, taker)
  }

  /** Members that have all that they can get, of which nothing can go to another, are left alone. */
  private canTakePart(memberId: string): boolean {
    const slots = this.has.get(memberId)!
    return slots.length < this.mayGet.get(memberId)!.length || slots.some(({ takers }) => takers.length > 1)
  }

  private balance(reassignable: readonly Slot[], initializing: boolean): void {
    const before = new Map([...this.movable].map((memberId) => [memberId, [...this.has.get(memberId)!]]))
    const moved = this.move(reassignable)
    if (initializing || !moved || this.score(this.has) < this.score(before)) return
    // It has become no more even: then it may as well stay as it was.
    for (const [memberId, slots] of before) this.has.set(memberId, slots)
  }

  private move(reassignable: readonly Slot[]): boolean {
    let any = false
    for (let modified = true; modified; ) {
      modified = false
      for (const slot of reassignable) {
        if (this.isBalanced()) break
        const owner = this.ownerOf.get(slot)!
        const before = this.hadBefore.get(slot)
        if (before !== undefined && this.has.get(owner)!.length > this.size(before) + 1) {
          this.reassign(slot, owner, before)
          any = true
          modified = true
          continue
        }
        if (!slot.takers.some((other) => this.has.get(owner)!.length > this.size(other) + 1)) continue
        this.reassign(slot, owner)
        any = true
        modified = true
      }
    }
    return any
  }

  private isBalanced(): boolean {
    const members = this.sortedMovable()
    if (members.length === 0 || this.size(members[0]!) >= this.size(members.at(-1)!) - 1) return true
    return members.every((memberId) => {
      const slots = this.has.get(memberId)!
      const may = this.mayGet.get(memberId)!
      if (slots.length === may.length) return true
      return may.every((slot) => slots.includes(slot) || slots.length >= this.size(this.ownerOf.get(slot)!))
    })
  }

  private reassign(slot: Slot, owner: string, to?: string): void {
    const taker = to ?? this.sortedMovable().find((memberId) => slot.takers.includes(memberId))!
    const moved = this.movements.partitionToMove(slot, owner, taker)
    const from = this.ownerOf.get(moved)!
    this.movements.moved(moved, from, taker)
    const slots = this.has.get(from)!
    slots.splice(slots.indexOf(moved), 1)
    this.has.get(taker)!.push(moved)
    this.ownerOf.set(moved, taker)
  }

  /** Sum of the differences between all pairs of members. */
  private score(assignments: ReadonlyMap<string, readonly Slot[]>): number {
    const sizes = [...this.movable].map((memberId) => assignments.get(memberId)!.length)
    let score = 0
    for (let i = 0; i < sizes.length; i++) {
      for (let j = i + 1; j < sizes.length; j++) score += Math.abs(sizes[i]! - sizes[j]!)
    }
    return score
  }
}

const nameOf = ({ topic, partition }: AssignedPartition): string => `${topic}-${partition}`
const toPartition = ({ topic, partition }: Slot): AssignedPartition => ({ topic, partition })

const sameElements = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.every((item) => b.includes(item)) && b.every((item) => a.includes(item))

/** `TopicPartition.hashCode` */
const slotHash = ({ topic, partition }: AssignedPartition): number =>
  (Math.imul(31, 31 + partition) + javaStringHash(topic)) | 0

/** Partitions by topic, the topics in the order of a hash map. */
function encodePrevious(partitions: readonly AssignedPartition[], generation: number | undefined): Uint8Array {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const known = byTopic.get(topic)
    if (known === undefined) byTopic.set(topic, [partition])
    else known.push(partition)
  }
  const writer = new ByteWriter()
  writer.array(
    javaHashOrder([...byTopic], ([topic]) => javaStringHash(topic)),
    ([topic, numbers]) => {
      writer.string(topic).array(numbers, (partition) => writer.int32(partition))
    },
  )
  if (generation !== undefined) writer.int32(generation)
  return writer.toBytes()
}

function decodePrevious(bytes: Uint8Array): {
  readonly partitions: readonly AssignedPartition[]
  readonly generation: number | undefined
} {
  const reader = new ByteReader(bytes)
  const partitions = reader
    .array(() => {
      const topic = reader.string()
      return reader.array(() => ({ topic, partition: reader.int32() }))
    })
    .flat()
  return { partitions, generation: reader.remaining >= 4 ? reader.int32() : undefined }
}
