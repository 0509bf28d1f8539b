/** A plan of a soak, played without a view and judged by the oracles. Plain values in and out. */
import type { TraceRecord } from '../kernel/index.ts'
import type { ScenarioPlan } from '../scenario/plan.ts'
import { runScenario } from '../scenario/runner/index.ts'

export interface JudgedRun {
  readonly traceHash: string
  readonly events: number
  readonly virtualMs: number
  /** An assertion of the simulator broke. */
  readonly bug?: {
    readonly message: string
    readonly atUs: number
    readonly kernelStep: number
    readonly stack: string
  }
  /** The plan could not be played: our mistake as well. */
  readonly stuck?: string
  /** Guarantees that were promised here and were broken all the same, with what was seen. */
  readonly broken: ReadonlyArray<BrokenGuarantee>
  /** Guarantees that were broken where nothing promises them. */
  readonly permitted: ReadonlyArray<BrokenGuarantee>
}

export interface BrokenGuarantee {
  readonly name: string
  readonly breaches: readonly string[]
}

export interface JudgedRunOptions {
  /** Sees each record of the trace, without the messages in it. */
  readonly count: (record: TraceRecord) => void
  /** Sees each record of the trace with its messages, for a replay that is written down. */
  readonly watch?: ((record: TraceRecord) => void) | undefined
  /** The guarantees to judge by; all of them unless named. */
  readonly oracles?: readonly string[]
}

export function judgedRun(plan: ScenarioPlan, { count, watch, oracles }: JudgedRunOptions): JudgedRun {
  const { failure, promises, traceHash, events, virtualMs } = runScenario(plan, {
    view: false,
    ...(oracles === undefined ? {} : { oracles }),
    subscribers: [{ apply: count }, ...(watch === undefined ? [] : [{ apply: watch, messages: true }])],
  })
  return {
    traceHash,
    events,
    virtualMs,
    ...(failure?.kind === 'bug' ? { bug: failure } : {}),
    ...(failure?.kind === 'step' ? { stuck: failure.message } : {}),
    broken: promises.broken.filter((promise) => !promise.permitted),
    permitted: promises.broken.filter((promise) => promise.permitted),
  }
}
