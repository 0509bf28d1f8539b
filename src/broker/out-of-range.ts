/**
 * A follower whose fetch offset the leader does not have (replication.md 2.7; F12; M19, M20;
 * `ReplicaFetcherThread.handleOffsetOutOfRange`, 0.8.2.2; `AbstractFetcherThread.fetchOffsetAndTruncate`, 2.4.1).
 */
import { type Task, until } from '../host/index.ts'
import { type BrokerEndpoint, EARLIEST_TIME, LATEST_TIME } from '../protocol/index.ts'
import type { FetchState } from './fetch-state.ts'
import type { FetcherSettings, FetcherTarget } from './fetcher-target.ts'

/** The fetcher that met it. */
export interface OutOfRangeContext {
  readonly source: BrokerEndpoint
  readonly settings: FetcherSettings
  readonly target: FetcherTarget
  /** It was shut down meanwhile. */
  readonly hasEnded: boolean
  /** Asks the leader for an end of its log. */
  offset(state: FetchState, time: number): Task<number | 'fenced' | 'error'>
}

/** @returns the offset to go on from; `fenced`, or `error` if the leader could not be asked or the disk failed */
export function* handleOffsetOutOfRange(
  fetcher: OutOfRangeContext,
  state: FetchState,
): Task<number | 'fenced' | 'error'> {
  const { target, settings, source } = fetcher
  const { tp, topic } = state
  const { outOfRange } = settings.versions
  const leaderEnd = yield* fetcher.offset(state, LATEST_TIME)
  if (typeof leaderEnd === 'string') return leaderEnd
  const ownEnd = target.logEndOffset(tp)
  if (leaderEnd < ownEnd) {
    const mayCut = outOfRange === 'never-halt'
    const unclean = mayCut || (yield* until<boolean>((resume) => target.uncleanElectionEnabled(topic, resume)))
    if (fetcher.hasEnded) return 'error'
    if (!unclean) {
      target.haltBroker(
        `log truncation is not allowed for topic ${topic}: leader ${source.id} ends at ${leaderEnd}, ` +
          `replica ${settings.brokerId} at ${ownEnd}`,
      )
    }
    return target.truncate(tp, leaderEnd, 'out-of-range') ? leaderEnd : 'error'
  }
  const leaderStart = yield* fetcher.offset(state, EARLIEST_TIME)
  if (typeof leaderStart === 'string') return leaderStart
  // KAFKA-2143: the leader may have caught up meanwhile; only a log that it has left behind is of no more use.
  if (outOfRange !== 'halt-or-wipe' && leaderStart <= ownEnd) return ownEnd
  return target.truncateFullyAndStartAt(tp, leaderStart) ? leaderStart : 'error'
}
