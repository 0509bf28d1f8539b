/**
 * How replicas lose what they had. Each cut of a log is remembered with its cause and the messages that it took away, so
 * that an oracle which misses a message on a replica can say how that very message went, and not merely that something
 * of the kind has happened in the run.
 */
import { type KnownEntry, sameEntry } from './entry.ts'

export type CutCause =
  /** On its way to follow a leader it cut off what lay above its own high watermark. */
  | 'own-high-watermark'
  /** On its way to follow a leader it cut off what the leader's log parts from. */
  | 'leader-epoch'
  /** Out of its leader's range, it cut back to the leader's end, or threw everything away. */
  | 'out-of-range'
  /** It came back shorter after its machine had lost power. */
  | 'power-loss'
  /** It came back shorter on a disk that had returned other bytes than were written. */
  | 'disk-fault'
  /** Nothing in the trace explains it: somebody's bug. */
  | 'unexplained'

export interface Cut {
  /** The record after the cut may tell more. */
  cause: CutCause
  /** How many times the replica had joined the ISR by then. */
  readonly joins: number
  /** What the leader had lost by then that it was cut to agree with. */
  leaderLost?: LostEntries
}

interface LostEntry {
  readonly entry: KnownEntry
  readonly cut: Cut
}

/** What one replica has lost, by offset. */
export class LostEntries {
  private readonly byOffset = new Map<number, LostEntry[]>()
  private latest: Cut | undefined

  /** All from offset `to` on is cut off. */
  take(entries: readonly KnownEntry[], to: number, cut: Cut): void {
    this.latest = cut
    for (let offset = to; offset < entries.length; offset++) {
      const lost = { entry: entries[offset], cut }
      const before = this.byOffset.get(offset)
      if (before === undefined) this.byOffset.set(offset, [lost])
      else before.push(lost)
    }
  }

  /**
   * What the broker says of the last cut.
   * @param leaderLost what the leader has lost that it follows
   */
  wasBecause(cause: CutCause, leaderLost: LostEntries | undefined): void {
    if (this.latest === undefined) return
    this.latest.cause = cause
    if (leaderLost !== undefined) this.latest.leaderLost = leaderLost
  }

  /** The last cut that took this message from this offset, if one did. */
  find(offset: number, entry: KnownEntry): Cut | undefined {
    return this.origin(offset, (lost) => sameEntry(lost, entry))
  }

  /** As `find`, for a message that is known by its name only. */
  findNamed(offset: number, name: string): Cut | undefined {
    return this.origin(offset, (lost) => lost === undefined || lost.name === name)
  }

  /** A replica that followed its leader has lost a message as the leader had. */
  private origin(offset: number, is: (entry: KnownEntry) => boolean, seen: readonly Cut[] = []): Cut | undefined {
    const cut = this.byOffset.get(offset)?.findLast(({ entry }) => is(entry))?.cut
    if (cut?.cause !== 'leader-epoch' || seen.includes(cut)) return cut
    return cut.leaderLost?.origin(offset, is, [...seen, cut]) ?? cut
  }

  /** What it lost last at this offset; undefined also where it never lost anything. */
  last(offset: number): KnownEntry {
    return this.byOffset.get(offset)?.at(-1)?.entry
  }

  /** Whether the replica ever had and lost anything at this offset. */
  has(offset: number): boolean {
    return this.byOffset.has(offset)
  }
}
