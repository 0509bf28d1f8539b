/** What a run comes to: plain values, fit for JSON and for a worker's message. */
import type { Figures } from '../../view/index.ts'
import type { SourceSpan } from '../plan.ts'

/** One thing that was expected, and what was found instead if it did not hold. */
export interface ExpectationResult {
  /** What was asked about: `message m1: copies`, `order of orders-0`, `step 7`. */
  readonly what: string
  readonly held: boolean
  readonly expected: string
  readonly found: string
  /** A sentence or two on how it came to be. */
  readonly because?: string
  readonly span: SourceSpan
}

/** The fate of one message, summed up. */
export interface MessageSummary {
  readonly message: string
  /** Client that sent it. */
  readonly by: string
  readonly topicPartition: string | null
  readonly acked: boolean
  readonly committed: boolean
  readonly gaveUp: boolean
  /** Appends that stand at the end. */
  readonly copies: number
  /** Offsets of those, in the log of the partition's last leader. */
  readonly offsets: readonly number[]
  /** Appends that are in no log any more. */
  readonly lost: number
  /** Times that consumers read it. */
  readonly read: number
}

/** A guarantee of Kafka's that was broken in this run. */
export interface BrokenPromise {
  readonly name: string
  /** What it guarantees. */
  readonly statement: string
  /** True where the configuration or the release does not promise it. */
  readonly permitted: boolean
  /** Why it is permitted, or why it is not. */
  readonly reason: string
  readonly count: number
  /** The first of them, one sentence each. */
  readonly breaches: readonly string[]
}

/** Why a run ended before its time. */
export type RunFailure =
  /** A step's trigger did not come, or its target does not exist: the story cannot go on. */
  | { readonly kind: 'step'; readonly message: string; readonly atUs: number; readonly span: SourceSpan }
  /** An assertion of the simulator broke: a bug of ours. */
  | {
      readonly kind: 'bug'
      readonly message: string
      readonly atUs: number
      readonly kernelStep: number
      readonly stack: string
    }

export interface RunResult {
  /** The scenario's file. */
  readonly scenario: string
  readonly seed: number
  readonly protocol: string
  readonly held: boolean
  readonly expectations: readonly ExpectationResult[]
  readonly messages: readonly MessageSummary[]
  readonly promises: PromiseSummary
  /** Figures that the scenario asks to be told (`tell`). */
  readonly figures?: Figures
  readonly traceHash: string
  /** Kernel events processed. */
  readonly events: number
  readonly virtualMs: number
  /** Real time; 0 where the caller gave no clock. */
  readonly wallMs: number
  readonly failure?: RunFailure
}

export interface PromiseSummary {
  /** Names of the guarantees that were watched. */
  readonly watched: readonly string[]
  readonly broken: readonly BrokenPromise[]
}
