/**
 * What applications have done with messages, group by group: the books that a story is judged by. A group's application has
 * lost a message that the group has committed its way past and that none of its members ever processed; what it processed
 * twice it has done twice, whoever did it.
 */
import type { SystemEvent } from '../../src/events.ts'
import type { TopicPartition } from '../../src/protocol/index.ts'
import { type EventOf, eventOf, type ViewRecord } from './any-event.ts'
import type { Decision } from './message-record.ts'
import { messageName } from './names.ts'
import { type DoneInTransaction, TransactionalOutputs } from './transactional-outputs.ts'

export interface ProcessedRecord {
  readonly by: Decision
  readonly client: string
  readonly tp: TopicPartition
  readonly offset: number
}

/** One group's books. */
export interface GroupBooks {
  /** By message, each time that its effect came about. */
  readonly processed: ReadonlyMap<string, readonly ProcessedRecord[]>
  /** Where the group first began to read each partition. */
  readonly beganAt: ReadonlyMap<TopicPartition, number>
  /** Next offset to read, as last committed. */
  readonly committed: ReadonlyMap<TopicPartition, number>
  /** Every commit that went further than those before it, by partition. */
  readonly advances: ReadonlyMap<TopicPartition, readonly CommittedRecord[]>
}

export interface CommittedRecord {
  readonly by: Decision
  readonly client: string
  /** Next offset to read. */
  readonly next: number
}

interface OpenBooks extends GroupBooks {
  readonly processed: Map<string, ProcessedRecord[]>
  readonly beganAt: Map<TopicPartition, number>
  readonly committed: Map<TopicPartition, number>
  readonly advances: Map<TopicPartition, CommittedRecord[]>
}

/** A message that stands in a partition's log. */
export interface StandingMessage {
  readonly message: string
  readonly offset: number
}

export class ApplicationBooks {
  readonly #groups = new Map<string, OpenBooks>()
  /** What each living member of a group has been given and has not processed yet. */
  readonly #inHand = new Map<string, { readonly group: string; readonly messages: Set<string> }>()

  /** Effects of applications that work in transactions. */
  readonly #outputs = new TransactionalOutputs()

  get groups(): ReadonlyMap<string, GroupBooks> {
    return this.#groups
  }

  apply(record: ViewRecord): void {
    const event = eventOf(record)
    for (const done of this.#outputs.apply(event as SystemEvent)) {
      this.#inHand.get(done.client)?.messages.delete(done.message)
      this.#process(done, { seq: record.seq, atUs: record.atUs })
    }
    switch (event.kind) {
      case 'MessageProcessed':
        this.#inHand.get(event.client)?.messages.delete(event.message)
        return this.#process(event, { seq: record.seq, atUs: record.atUs })
      case 'MessagesRead': {
        const inHand = this.#inHand.get(event.client)?.messages
        for (const { key, value } of event.messages) inHand?.add(messageName(value, key))
        return
      }
      case 'ProcessEnded':
        this.#inHand.delete(record.machine)
        return
      case 'PositionSet':
        return this.#begin(event.client, event.group, event.tp, event.offset)
      case 'ConsumerRebalanced':
        for (const tp of Object.keys(event.offsets)) this.#begin(event.client, event.group, tp, event.offsets[tp]!)
        return
      case 'OffsetReset': {
        const group = this.#inHand.get(event.client)?.group
        if (group !== undefined) this.#begin(event.client, group, event.tp, event.to)
        return
      }
      case 'OffsetsCommitted':
        return this.#commit(event, { seq: record.seq, atUs: record.atUs })
      case 'ConsumerCommitted':
        // What a coordinator keeps, the coordinator tells.
        if (event.storage === 'zookeeper') this.#commit(event, { seq: record.seq, atUs: record.atUs })
        return
      default:
        return
    }
  }

  /** How often a group has processed a message; of all groups together if none is named. */
  timesProcessed(message: string, group?: string): number {
    let times = 0
    for (const [name, { processed }] of this.#groups) {
      if (group === undefined || name === group) times += processed.get(message)?.length ?? 0
    }
    return times
  }

  /** Messages that a group has processed more than once. */
  repeated(group: string): string[] {
    const books = this.#groups.get(group)
    return books === undefined ? [] : [...books.processed].filter(([, times]) => times.length > 1).map(([name]) => name)
  }

  /**
   * Messages that nobody of the group will ever see (any more), and nobody has processed. What a living member still has
   * in hand is not lost yet.
   * @param logOf what stands in a partition
   */
  lost(group: string, logOf: (tp: TopicPartition) => readonly StandingMessage[]): string[] {
    const books = this.#groups.get(group)
    if (books === undefined) return []
    const inHand = [...this.#inHand.values()].filter((one) => one.group === group)
    const lost = new Set<string>()
    for (const [tp, committed] of books.committed) {
      const beganAt = books.beganAt.get(tp)
      if (beganAt === undefined) continue
      for (const { message, offset } of logOf(tp)) {
        if (offset < beganAt || offset >= committed || books.processed.has(message)) continue
        if (!inHand.some(({ messages }) => messages.has(message))) lost.add(message)
      }
    }
    return [...lost]
  }

  /** A member goes to an offset; -1: it is still to ask where to begin. */
  #begin(client: string, group: string, tp: TopicPartition, offset: number): void {
    if (!this.#inHand.has(client)) this.#inHand.set(client, { group, messages: new Set() })
    if (offset < 0) return
    const { beganAt } = this.#of(group)
    const known = beganAt.get(tp)
    if (known === undefined || offset < known) beganAt.set(tp, offset)
  }

  #commit({ group, client, offsets }: EventOf<'OffsetsCommitted'> | EventOf<'ConsumerCommitted'>, by: Decision): void {
    const { committed, advances } = this.#of(group)
    for (const tp of Object.keys(offsets)) {
      const next = offsets[tp]!
      committed.set(tp, next)
      const known = advances.get(tp)
      if (known === undefined) advances.set(tp, [{ by, client, next }])
      else if (next > known.at(-1)!.next) known.push({ by, client, next })
    }
  }

  #process({ group, client, tp, offset, message }: DoneInTransaction, by: Decision): void {
    const { processed } = this.#of(group)
    const times = processed.get(message)
    if (times === undefined) processed.set(message, [{ by, client, tp, offset }])
    else times.push({ by, client, tp, offset })
  }

  #of(group: string): OpenBooks {
    let books = this.#groups.get(group)
    if (books === undefined) {
      books = { processed: new Map(), beganAt: new Map(), committed: new Map(), advances: new Map() }
      this.#groups.set(group, books)
    }
    return books
  }
}
