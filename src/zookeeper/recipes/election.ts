/** What both election recipes share: how a contender takes part, and what it believes. */
import type { Digest } from '../../host/index.ts'
import type { WatchedEvent } from '../client/watched-event.ts'
import type { Zxid } from '../zxid.ts'
import type { ElectionEvent } from './events.ts'

export interface Election {
  /** Path of the persistent parent. */
  readonly path: string
  /**
   * The zxid that created this contender's leading node, while it believes that it leads; undefined otherwise. It rises
   * from leader to leader, so whoever takes orders from leaders can refuse those of an older one (fencing).
   */
  readonly epoch: Zxid | undefined
  /** Takes part. Without effect while it does. */
  enter(): void
  /** Gives its place up by deleting its node, and does not take part any more. */
  resign(): void
  /** The session is gone: whatever it held is gone with it. It takes part again when `opened` is called. */
  expired(): void
  opened(): void
  watched(event: Exclude<WatchedEvent, { type: 'None' }>): void
  digest(digest: Digest): void
}

export interface ElectionListener {
  elected(election: Election, epoch: Zxid): void
  /** It leads no more, and knows it: it resigned, or learned that its session is over. */
  deposed(election: Election): void
}

type WithoutSubject<E> = E extends ElectionEvent ? Omit<E, 'contender' | 'election'> : never
/** An event of one contender in one election. */
export type ElectionNews = WithoutSubject<ElectionEvent>
