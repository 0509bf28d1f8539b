/**
 * What an oracle is: one guarantee, watched over a whole run. It reports violations as they happen (or at the end), and
 * says afterwards whether the guarantee was promised under the run's configuration and faults. A violation of what was
 * promised is a bug, of the simulator or of the protocol version; any other is permitted, with the reason in words.
 */

import { type ProtocolVersions, presets } from '../../src/versions.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan } from '../scenario/plan.ts'
import type { RunFacts } from './facts.ts'
import type { Truth } from './truth.ts'

export interface Violation {
  readonly oracle: string
  readonly atUs: number
  readonly seq: number
  readonly tp?: string
  readonly message?: string
  /** One sentence that a person understands. */
  readonly detail: string
}

export interface Promised {
  readonly promised: boolean
  readonly reason: string
}

export interface Oracle {
  readonly name: string
  readonly statement: string
  /** Kinds of events that it wants to see. */
  readonly kinds: readonly string[]
  /** Called after the record is in the truth. */
  apply(record: TraceRecord, truth: Truth): void
  finish(truth: Truth): void
  /** As they came; once `promised` was asked, `KEPT_VIOLATIONS` of them, those that nothing excuses first. */
  readonly violations: readonly Violation[]
  readonly count: number
  promised(plan: ClusterPlan, facts: RunFacts): Promised
}

/** A run of a fuzzer can break one guarantee thousands of times: these many are kept. */
export const KEPT_VIOLATIONS = 200

/** What `excuse` may look at. */
export interface Circumstances {
  readonly plan: ClusterPlan
  readonly versions: ProtocolVersions
  readonly facts: RunFacts
}

/** Where in the trace a violation shows. */
export interface Moment {
  readonly seq: number
  readonly atUs: number
}

/** The common part. `V` is what an oracle remembers of a violation beside the report, to judge it by. */
export abstract class OracleBase<V = undefined> implements Oracle {
  abstract readonly name: string
  abstract readonly statement: string
  abstract readonly kinds: readonly string[]
  private readonly notes: V[] = []
  private readonly reported: Violation[] = []
  violations: readonly Violation[] = this.reported
  count = 0

  abstract apply(record: TraceRecord, truth: Truth): void

  finish(_truth: Truth): void {}

  /**
   * Why a violation was permitted, or undefined if it was not.
   * @param note what the oracle remembered of it; undefined asks about the run as a whole, where nothing was violated
   */
  protected abstract excuse(circumstances: Circumstances, note: V | undefined): string | undefined

  /** Why the guarantee holds where nothing excuses it. */
  protected abstract readonly promise: string

  promised(plan: ClusterPlan, facts: RunFacts): Promised {
    const circumstances: Circumstances = { plan, versions: presets[plan.protocol], facts }
    if (this.notes.length === 0) {
      const excuse = this.excuse(circumstances, undefined)
      return excuse === undefined
        ? { promised: true, reason: this.promise }
        : { promised: false, reason: `not promised: ${excuse}` }
    }
    const excuses = new Set<string>()
    const unexcused: Violation[] = []
    const excused: Violation[] = []
    this.notes.forEach((note, i) => {
      const excuse = this.excuse(circumstances, note)
      if (excuse !== undefined) excuses.add(excuse)
      const list = excuse === undefined ? unexcused : excused
      list.push(this.reported[i]!)
    })
    this.violations = [...unexcused, ...excused].slice(0, KEPT_VIOLATIONS)
    return unexcused.length > 0
      ? { promised: true, reason: this.promise }
      : { promised: false, reason: `not promised: ${[...excuses].join('; ')}` }
  }

  protected report(moment: Moment, note: V, violation: Pick<Violation, 'detail' | 'tp' | 'message'>): void {
    this.count++
    this.notes.push(note)
    this.reported.push({ oracle: this.name, atUs: moment.atUs, seq: moment.seq, ...violation })
  }
}
