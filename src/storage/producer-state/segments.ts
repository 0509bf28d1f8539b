/** The memory of producers and the segments that it is about: replay of the log, transaction indexes. */
import { CompressionError } from '../compression/codec.ts'
import { CorruptLogError, LogError } from '../errors.ts'
import type { LogFormat } from '../log-format.ts'
import type { LogSegment } from '../log-segment.ts'
import { Batch } from '../record/batch.ts'
import { isBatch } from '../record/entry.ts'
import type { AbortedTransaction } from '../transaction-index.ts'
import { type CompletedTransaction, ProducerAppend } from './producer-append.ts'
import { ProducerEntry } from './producer-entry.ts'
import { scansKnowSnapshot, snapshotsOnlyWhereNone } from './producer-rules.ts'
import type { ProducerState } from './producer-state.ts'

/** A marker is written: the transaction is decided, and if it was aborted, the index of its segment says so. */
export function endTransaction(state: ProducerState, segment: LogSegment, completed: CompletedTransaction): void {
  const { producerId, firstOffset, lastOffset, isAborted } = completed
  const lastStableOffset = state.lastStableOffset(completed)
  if (isAborted) segment.transactionIndex?.append({ producerId, firstOffset, lastOffset, lastStableOffset })
  state.completeTransaction(completed)
}

/**
 * Takes an entry of a segment that is being recovered into account, and writes the segment's transaction index anew.
 * @param position of the entry in the segment's file
 * @throws CorruptLogError a control batch that cannot be opened, or whose record is none, or a marker that no log has
 * there: Kafka's broker does not start on any of them (`KafkaException`, `IllegalArgumentException`; a record that is none
 * only makes it cut the log, behind the batch, and then it reads the batch once more for the producers)
 */
export function recoverEntry(
  state: ProducerState,
  segment: LogSegment,
  bytes: Uint8Array,
  at: number,
  end: number,
  position: number,
): void {
  if (!isBatch(bytes, at)) return
  const batch = new Batch(bytes, at, end)
  let completed: CompletedTransaction | undefined
  try {
    completed = state.replay(batch)
  } catch (error) {
    throw asDamage(error, segment, position)
  }
  if (completed !== undefined) {
    checkMarker(state, segment, completed, position)
    endTransaction(state, segment, completed)
  }
  state.updateMapEndOffset(batch.lastOffset + 1)
}

/** Offsets are outside of the CRC, so a marker may say one that no index of transactions can hold. */
function checkMarker(state: ProducerState, segment: LogSegment, completed: CompletedTransaction, position: number) {
  const { lastOffset, isAborted } = completed
  const before = isAborted ? segment.transactionIndex?.transactions.at(-1)?.lastOffset : undefined
  if (before !== undefined && before >= lastOffset) {
    throw new CorruptLogError(
      segment.log.path,
      position,
      `an abort marker at offset ${lastOffset} after one at ${before}`,
    )
  }
  checkOpen(state, segment, completed, position)
}

function checkOpen(
  state: ProducerState,
  segment: LogSegment,
  { producerId, firstOffset, lastOffset }: CompletedTransaction,
  position: number,
): void {
  if (state.isOngoing(firstOffset)) return
  const transaction = `the transaction of producer ${producerId} at ${firstOffset}`
  throw new CorruptLogError(
    segment.log.path,
    position,
    `a marker at offset ${lastOffset} for ${transaction}, which is not open`,
  )
}

/** What the records of a control batch are not, said of the file that it stands in. */
function asDamage(error: unknown, { log }: LogSegment, position: number): unknown {
  const isDamage = error instanceof CompressionError || error instanceof LogError
  return isDamage ? new CorruptLogError(log.path, position, error.message) : error
}

export interface ReplayedLog {
  /** In order. */
  readonly segments: readonly LogSegment[]
  readonly format: LogFormat
  readonly logStartOffset: number
}

export interface RebuildOptions {
  readonly nowMs: number
  /**
   * The log was just opened after an orderly stop. No snapshot then means that none was ever taken, by an older release,
   * and there is nothing to look for.
   */
  readonly cleanShutdown: boolean
  /** `scan`: a memory of its own for a segment that is about to be scanned; `lastOffset` is where that begins. */
  readonly purpose: 'log' | 'scan'
}

/**
 * Lets the memory end at `lastOffset`: from the newest snapshot at or below, and the log behind it
 * (`rebuildProducerState` of `kafka/log/Log.scala`; up to 1.1 `loadProducerState` and, for scans, `recoverSegment`).
 */
export function rebuildProducerState(
  state: ProducerState,
  { segments, format, logStartOffset }: ReplayedLog,
  lastOffset: number,
  options: RebuildOptions,
): void {
  const bases = segments.slice(-2).map(({ baseOffset }) => baseOffset)
  const early = snapshotsOnlyWhereNone(state.rules)
  if (knowsOfNone(state, format, options)) {
    // So that a later truncation need not begin at the start of the log.
    for (const offset of [...bases, lastOffset]) {
      state.updateMapEndOffset(offset)
      state.takeSnapshot()
    }
    return
  }
  const wasEmpty = state.isEmpty && state.mapEndOffset >= lastOffset
  state.truncateAndReload(logStartOffset, lastOffset, options.nowMs)
  if (lastOffset > state.mapEndOffset && !wasEmpty) {
    const from = state.mapEndOffset
    const first = Math.max(
      0,
      segments.findLastIndex(({ baseOffset }) => baseOffset <= from),
    )
    for (const segment of segments.slice(first)) {
      if (segment.baseOffset >= lastOffset) break
      state.updateMapEndOffset(Math.max(segment.baseOffset, state.mapEndOffset, logStartOffset))
      if (early ? options.purpose === 'log' : bases.includes(segment.baseOffset)) state.takeSnapshot()
      replaySegment(state, segment, lastOffset, options.purpose)
    }
  }
  state.updateMapEndOffset(lastOffset)
  if (!early || options.purpose === 'scan') state.takeSnapshot()
}

/** There are no producers in the log that anybody would have to look for. */
function knowsOfNone(state: ProducerState, format: LogFormat, { cleanShutdown, purpose }: RebuildOptions): boolean {
  const isNew = cleanShutdown && state.snapshotOffsets().length === 0
  if (!snapshotsOnlyWhereNone(state.rules)) return format.magic < 2 || isNew
  return purpose === 'log' && (isNew || (format.magic < 2 && state.snapshotOffsets().length === 0))
}

/**
 * Takes what a segment says below `lastOffset` into account, all of it at once (`loadProducersFromLog`).
 * @throws CorruptLogError as `recoverEntry` does; there is no place to cut the log here
 */
function replaySegment(
  state: ProducerState,
  segment: LogSegment,
  lastOffset: number,
  purpose: RebuildOptions['purpose'],
): void {
  const from = segment.positionOf(state.mapEndOffset)
  if (from < 0) return
  const appends = new Map<number, ProducerAppend>()
  const completed: Array<{ transaction: CompletedTransaction; position: number }> = []
  const known = purpose === 'log' || scansKnowSnapshot(state.rules) ? state : undefined
  segment.log.walkEntries(from, (bytes, at, end, position) => {
    if (!isBatch(bytes, at)) return true
    const batch = new Batch(bytes, at, end)
    if (batch.lastOffset >= lastOffset) return false
    const { producerId } = batch
    if (producerId < 0) return true
    let append = appends.get(producerId)
    if (append === undefined) {
      append =
        known?.prepareUpdate(producerId, 'replication') ??
        new ProducerAppend(new ProducerEntry(producerId), 'replication', state.rules)
      appends.set(producerId, append)
    }
    try {
      const transaction = append.append(batch)
      if (transaction !== undefined) completed.push({ transaction, position })
    } catch (error) {
      throw asDamage(error, segment, position)
    }
    return true
  })
  for (const append of appends.values()) state.update(append)
  for (const { transaction, position } of completed) {
    checkOpen(state, segment, transaction, position)
    state.completeTransaction(transaction)
  }
}

/** Entries of the transaction indexes from the segment in `slot` on that a reader of `from`..`to` must know. */
export function abortedTransactionsOf(
  segments: readonly LogSegment[],
  slot: number,
  from: number,
  to: number,
): AbortedTransaction[] {
  const found: AbortedTransaction[] = []
  for (const { transactionIndex } of segments.slice(slot)) {
    for (const transaction of transactionIndex?.transactions ?? []) {
      if (transaction.lastOffset >= from && transaction.firstOffset < to) found.push(transaction)
      if (transaction.lastStableOffset >= to) return found
    }
  }
  return found
}
