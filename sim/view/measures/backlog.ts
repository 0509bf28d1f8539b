/**
 * The backlog of a group against time: messages that are committed and that nobody of the group has processed yet, in the
 * partitions that it reads, from where it began. Kafka's tools tell a consumer's lag, which is nearly the same: they go by
 * what was committed by the group, not by what its application has done.
 */
import type { Micros } from '../../../src/host/index.ts'
import type { Ledger } from '../ledger.ts'

export interface Backlog {
  readonly group: string
  /** Each change: what the backlog is from that moment on. */
  readonly points: readonly BacklogPoint[]
  readonly peak: number
  /** The last moment at which it was as large as that; 0 if there never was a backlog. */
  readonly peakAtUs: Micros
  /** From that moment to the one when nothing was left; undefined if something is left. */
  readonly drainedUs: Micros | undefined
  /** At the end. */
  readonly left: number
}

export interface BacklogPoint {
  readonly atUs: Micros
  readonly messages: number
}

export function backlogOf(ledger: Ledger, group: string): Backlog {
  const points = pointsOf(ledger, group)
  let peak = 0
  let peakAtUs = 0
  points.forEach(({ messages }, index) => {
    if (messages < peak || messages === 0) return
    peak = messages
    // As large as that up to the next change.
    peakAtUs = points[index + 1]?.atUs ?? ledger.endUs
  })
  const drainedAtUs = points.find(({ atUs, messages }) => peak > 0 && atUs >= peakAtUs && messages === 0)?.atUs
  return {
    group,
    points,
    peak,
    peakAtUs,
    drainedUs: drainedAtUs === undefined ? undefined : drainedAtUs - peakAtUs,
    left: points.at(-1)?.messages ?? 0,
  }
}

function pointsOf(ledger: Ledger, group: string): BacklogPoint[] {
  const books = ledger.applications.groups.get(group)
  if (books === undefined) return []
  const cameAt = new Map<string, Micros>()
  for (const { copies } of ledger.messages.values()) {
    for (const { tp, offset, committed } of copies) {
      const beganAt = books.beganAt.get(tp)
      if (committed !== undefined && beganAt !== undefined && offset >= beganAt)
        cameAt.set(`${tp} ${offset}`, committed.atUs)
    }
  }
  const changes = [...cameAt.values()].map((atUs) => ({ atUs, by: 1 }))
  for (const times of books.processed.values()) {
    for (const { by, tp, offset } of times) {
      // Once: what is done a second time was no longer waiting.
      if (cameAt.delete(`${tp} ${offset}`)) changes.push({ atUs: by.atUs, by: -1 })
    }
  }
  changes.sort((a, b) => a.atUs - b.atUs)
  const points: BacklogPoint[] = []
  let messages = 0
  for (const { atUs, by } of changes) {
    messages += by
    if (points.at(-1)?.atUs === atUs) points.pop()
    points.push({ atUs, messages })
  }
  return points
}
