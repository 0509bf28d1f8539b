/** I-OFFSET-MONOTONE: a group's committed offsets go forward. */
import type { SystemEvent } from '../../src/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { lossExcuse } from './excuses.ts'
import { type Evidence, noEvidence } from './facts.ts'
import { Generations } from './generations.ts'
import { offsetsEvidence } from './offsets-evidence.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import { SharedAssignments, sharedExcuse } from './shared-assignments.ts'
import { StaleResets, staleResetExcuse } from './stale-resets.ts'
import type { Truth } from './truth.ts'

type Event = Extract<
  SystemEvent,
  {
    readonly kind:
      | 'OffsetsCommitted'
      | 'ConsumerCommitted'
      | 'GenerationStarted'
      | 'GroupAssigned'
      | 'PositionSet'
      | 'OffsetReset'
      | 'FetchFailed'
  }
>

interface Committed {
  readonly next: number
  readonly by: string
  /** Of whom the group was then; undefined: nobody asks for that. */
  readonly generation: string | undefined
}

/** Why an offset went back. */
interface Regression {
  /** The commit named no generation: whoever writes last is right. */
  readonly unfenced: boolean
  /** The partition had been dealt to two members. */
  readonly shared: boolean
  /** The position itself had been set back, to an end of the log. */
  readonly reset: boolean
  /** … as a leader that had been replaced had it. */
  readonly stale: boolean
  /** What is known against the partition's log, and against the logs in which offsets and generations are kept. */
  readonly evidence: Evidence
  readonly kept: Evidence
}

/** From one generation to the next they may go back: the next owner begins where the one before had committed. */
export class OffsetMonotoneOracle extends OracleBase<Regression> {
  readonly name = 'I-OFFSET-MONOTONE'
  readonly statement = 'Within a generation of a group no commit sets an offset back.'
  readonly kinds = [
    'OffsetsCommitted',
    'ConsumerCommitted',
    'GenerationStarted',
    'GroupAssigned',
    'PositionSet',
    'OffsetReset',
    'FetchFailed',
  ]
  protected readonly promise = 'promised by coordinated groups (0.9)'
  private readonly generations = new Generations()
  private readonly shared = new SharedAssignments()
  private readonly staleResets = new StaleResets()
  private readonly committed = new Map<string, Committed>()
  /** `client topic-partition` of positions that were last set to an end of the log. */
  private readonly reset = new Set<string>()

  apply(record: TraceRecord, truth: Truth): void {
    const event = record.event as Event
    switch (event.kind) {
      case 'GenerationStarted':
        this.generations.apply(event)
        break
      case 'GroupAssigned':
        this.shared.apply(event)
        break
      case 'PositionSet':
        if (event.from === 'committed') this.reset.delete(`${event.client} ${event.tp}`)
        else this.reset.add(`${event.client} ${event.tp}`)
        break
      case 'OffsetReset':
        this.reset.add(`${event.client} ${event.tp}`)
        break
      case 'FetchFailed':
        this.staleResets.apply(event, truth)
        break
      case 'OffsetsCommitted': {
        const { member, generation } = event
        if (event.storage !== 'kafka') break
        this.commit(record, truth, event, generation < 0 ? undefined : this.generations.identity(member, generation))
        break
      }
      case 'ConsumerCommitted':
        if (event.storage === 'zookeeper') this.commit(record, truth, event, undefined)
        break
    }
  }

  private commit(
    record: TraceRecord,
    truth: Truth,
    event: Extract<Event, { readonly kind: 'OffsetsCommitted' | 'ConsumerCommitted' }>,
    generation: string | undefined,
  ): void {
    const { group, client, offsets, storage } = event
    for (const tp of Object.keys(offsets)) {
      const key = `${storage} ${group} ${tp}`
      const next = offsets[tp]!
      const before = this.committed.get(key)
      if (before !== undefined && next < before.next && before.generation === generation) {
        const unfenced = generation === undefined
        const shared = 'generation' in event && this.shared.has(group, event.generation, tp)
        const stale = this.staleResets.has(client, tp)
        const anomaly = unfenced ? 'M32: ' : shared ? 'D31: ' : stale ? 'D34: ' : ''
        const evidence = { ...(truth.partitions.get(tp)?.evidence ?? noEvidence()) }
        const kept = offsetsEvidence(truth)
        const detail = `${anomaly}${client} set the offset of group ${group} in ${tp} back to ${next}, which ${before.by} had committed at ${before.next}.`
        const reset = this.reset.has(`${client} ${tp}`)
        this.report(record, { unfenced, shared, reset, stale, evidence, kept }, { tp, detail })
      }
      this.committed.set(key, { next, by: client, generation })
    }
  }

  protected excuse({ versions }: Circumstances, note: Regression | undefined): string | undefined {
    if (note === undefined) return undefined
    if (note.unfenced) {
      return 'M32, commits without a generation are taken from anybody, also from who owns the partition no more (coordinated groups, 0.9)'
    }
    if (note.shared) return sharedExcuse(versions)
    // A generation that was lost may come back, and be gone on with where it was.
    if (!note.reset) return lossExcuse(versions, note.kept)
    return lossExcuse(versions, note.evidence) ?? (note.stale ? staleResetExcuse(versions) : undefined)
  }
}
