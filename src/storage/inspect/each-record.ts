/**
 * The records of an entry one at a time, without an array of them: a compressed batch may hold more records than fit into
 * memory as objects, though its bytes do.
 */
import { CompressionError, DecompressedTooLargeError } from '../compression/codec.ts'
import { allCodecs } from '../compression/registry.ts'
import { CorruptRecordError, LogError } from '../errors.ts'
import type { Batch } from '../record/batch.ts'
import { cursorOf, ensureCount } from '../record/batch-records.ts'
import { entryEnd, isCrcValid } from '../record/entry.ts'
import { innerPositions, innerReader, openWrapper } from '../record/legacy-records.ts'
import type { LogRecord } from '../record/record.ts'
import type { EntryWalk } from './entry-walk.ts'

/** What comes out of one compressed batch at most, unless a caller says otherwise. */
export const OPENED_BYTES_MAX = 64 * 1024 * 1024

/**
 * Visits the records of the entry that a walk stands at, up to the first that cannot be read.
 * @returns why not all could be visited; undefined if they were
 */
export function eachRecord(
  walk: EntryWalk,
  batch: Batch,
  openedBytesMax: number,
  visit: (record: LogRecord) => void,
): { readonly damaged: boolean; readonly message: string } | undefined {
  if (!walk.isWhole) {
    return { damaged: false, message: `an entry of ${walk.size} bytes is not opened: it is too large (--max-entry)` }
  }
  try {
    if (batch.magic === 2) eachOfBatch(batch, openedBytesMax, visit)
    else if (batch.codecId === 0) visit(batch.records()[0]!)
    else eachOfWrapper(batch, openedBytesMax, visit)
  } catch (error) {
    if (error instanceof DecompressedTooLargeError)
      return { damaged: false, message: `the entry is not opened: ${error.message} (--max-opened)` }
    if (error instanceof CompressionError || error instanceof LogError)
      return { damaged: true, message: `the entry cannot be opened: ${error.message}` }
    throw error
  }
  return undefined
}

function eachOfBatch(batch: Batch, openedBytesMax: number, visit: (record: LogRecord) => void): void {
  const count = batch.count!
  // What compaction leaves of a batch whose records are all gone: nothing to open.
  if (count === 0) return
  const cursor = cursorOf(batch, allCodecs, openedBytesMax)
  const baseOffset = batch.baseOffset!
  const baseTimestamp = batch.baseTimestamp!
  const appendTime = batch.timestampType === 'LogAppendTime' ? batch.maxTimestamp : undefined
  for (let i = 0; i < count; i++) {
    cursor.next()
    visit({
      offset: baseOffset + cursor.offsetDelta,
      timestamp: appendTime ?? baseTimestamp + cursor.timestampDelta,
      key: cursor.key,
      value: cursor.value,
      headers: cursor.headers,
    })
  }
  ensureCount(count, cursor)
}

function eachOfWrapper(batch: Batch, openedBytesMax: number, visit: (record: LogRecord) => void): void {
  const inner = openWrapper(batch, allCodecs, openedBytesMax)
  const positions = innerPositions(inner)
  const recordAt = innerReader(batch, inner, positions)
  for (const at of positions) {
    if (!isCrcValid(inner, at, entryEnd(inner, at))) {
      throw new CorruptRecordError(`wrong CRC of the message at byte ${at} of a wrapper`)
    }
    visit(recordAt(at))
  }
}

/** Offset of the first record of an entry; a wrapper must be opened for it. Undefined if that cannot be done. */
export function firstOffsetOf(walk: EntryWalk, batch: Batch, openedBytesMax: number): number | undefined {
  if (batch.baseOffset !== undefined) return batch.baseOffset
  if (!walk.isWhole) return undefined
  try {
    const inner = openWrapper(batch, allCodecs, openedBytesMax)
    const positions = innerPositions(inner)
    return innerReader(batch, inner, positions)(positions[0]!).offset
  } catch (error) {
    if (error instanceof CompressionError || error instanceof LogError) return undefined
    throw error
  }
}
