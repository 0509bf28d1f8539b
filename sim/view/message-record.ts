/**
 * What the ledger keeps of one message: who sent it, which copies leaders appended, and what became of each, with the
 * trace record that decided it.
 *
 * A message is known by its name (first line of its value). A copy is one append by one leader; a retry that is
 * appended again is another copy of the same message.
 */
import type { Micros } from '../../src/host/index.ts'
import type { TopicPartition } from '../../src/protocol/index.ts'

/** The trace record that decided something. */
export interface Decision {
  readonly seq: number
  readonly atUs: Micros
}

/** One disk lost a copy. */
export interface CopyCut {
  readonly broker: string
  readonly by: Decision
  /** `compacted`, `expired`: as the topic's configuration has it; nothing that counts is lost. */
  readonly reason: 'truncated' | 'recovery' | 'deleted' | 'compacted' | 'expired'
}

export interface CopyRecord {
  readonly message: string
  readonly tp: TopicPartition
  readonly offset: number
  /** Epoch of the leader that appended it, and that leader; -1 and `''` if it was there before the run. */
  readonly epoch: number
  readonly broker: string
  readonly appended: Decision
  /** Brokers whose logs hold it now, in the order in which they got it. */
  readonly holders: readonly string[]
  /** Every broker that ever held it, and since when. */
  readonly reached: ReadonlyMap<string, Decision>
  /** The high watermark of the leader that ZooKeeper knew passed it. */
  readonly committed: Decision | undefined
  /** A client was told NoError for this copy. */
  readonly acknowledged: Decision | undefined
  readonly cuts: readonly CopyCut[]
  /** No broker's log holds it any more. */
  readonly lost: Decision | undefined
}

/** One try to have it appended. */
export interface AttemptRecord {
  readonly by: Decision
  readonly client: string
  readonly broker: string
  /** From 1. */
  readonly attempt: number
  readonly requiredAcks: number
  /** `pending` until an answer came; for acks 0 it stays so. */
  readonly outcome: string
  readonly ended: Decision | undefined
}

export interface MessageRecord {
  readonly message: string
  readonly key: string | null
  readonly topic: string
  /** The client that the application handed it to; empty if nobody did (it was there before the run). */
  readonly client: string
  readonly handed: Decision | undefined
  readonly attempts: readonly AttemptRecord[]
  readonly copies: readonly CopyRecord[]
  /** First acknowledgement (acks other than 0). */
  readonly acknowledged:
    | (Decision & {
        readonly tp: TopicPartition
        readonly offset: number
        readonly requiredAcks: number
        readonly broker: string
      })
    | undefined
  readonly gaveUp: (Decision & { readonly error: string }) | undefined
  /** The full queue of an async producer did not take it, or `send` of a Java producer failed, and why. */
  readonly dropped: (Decision & { readonly why: string | undefined; readonly error: string }) | undefined
  /** Its producer died with the message in its queue, unsent, or waiting to be sent again. */
  readonly lostInQueue: Decision | undefined
  readonly reads: ReadonlyArray<{
    readonly by: Decision
    readonly client: string
    readonly tp: TopicPartition
    readonly offset: number
  }>
}
