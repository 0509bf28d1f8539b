/** Trace lines of the storage engine's work in the background. See `format.ts`. */
import { unreachable } from '../../src/host/index.ts'
import type { DroppedRecord } from '../../src/storage/index.ts'
import type { OffsetSearch } from '../scenario/events.ts'
import type { EventOf } from './any-event.ts'
import { messageName } from './names.ts'

export type StorageWorkEvent = EventOf<
  | 'LogCleaningStarted'
  | 'SegmentsCompacted'
  | 'LogCleaned'
  | 'LogCleaningAborted'
  | 'LogCleaningFailed'
  | 'FilesListed'
  | 'OffsetLookedUp'
>

export function formatStorageEvent(event: StorageWorkEvent): string {
  switch (event.kind) {
    case 'LogCleaningStarted':
      return `LogCleaningStarted ${event.tp} dirty=${event.firstDirtyOffset}..${event.firstUncleanableOffset} (${event.dirtyBytes} bytes, ${event.cleanBytes} clean)`
    case 'SegmentsCompacted':
      return `SegmentsCompacted ${event.tp} ${event.baseOffsets.join('+')} kept=${event.recordsKept}/${event.recordsRead} (${event.bytesKept}/${event.bytesRead} bytes)${event.dropped.map(droppedRecord).join('')}`
    case 'LogCleaned':
      return `LogCleaned ${event.tp} ${event.firstDirtyOffset}→${event.endOffset} kept=${event.recordsKept}/${event.recordsRead} (${event.bytesKept}/${event.bytesRead} bytes)`
    case 'LogCleaningAborted':
      return `LogCleaningAborted ${event.tp}`
    case 'LogCleaningFailed':
      return `LogCleaningFailed ${event.tp} thread=${event.thread} ${event.threadEnds ? 'thread ends' : 'partition ruled out'}: ${event.reason}`
    case 'FilesListed':
      return `FilesListed ${event.broker}/${event.tp}${event.files.map((file) => ` ${file.name}=${file.bytes}${file.entries === undefined ? '' : `[${entryWords(file.entries)}]`}`).join('')}`
    case 'OffsetLookedUp':
      return `OffsetLookedUp ${event.broker}/${event.tp} ${event.offset} segments=${event.search.bases.join(',')} tried=${event.search.basesTried.join(',')} entries=${event.search.entries} tried=${event.search.tried.join(',')}: ${searchWords(event.search)}`
    default:
      return unreachable(event)
  }
}

/** `segment 1000, relative offset 16, entry 10:400, scanned 280 bytes from byte 400, found p2-17 at byte 640, CRC right`. */
export function searchWords({ base, relative, entry, from, bytes, batches, found, problem }: OffsetSearch): string {
  if (base === null) return problem === '' ? 'below the first segment' : problem
  const begin = entry === null ? 'no entry' : `entry ${entryWords([entry])}`
  const end =
    found === null
      ? problem || 'not found'
      : `found ${found.offset === null ? 'what cannot be read' : messageName(found.value, found.key)} at byte ${found.position}, CRC ${found.crc}`
  return `segment ${base}, relative offset ${relative}, ${begin}, scanned ${bytes} bytes (${batches} batches) from byte ${from}, ${end}`
}

/** `1:66 2:132`: relative offset and byte of each entry. */
export const entryWords = (entries: ReadonlyArray<readonly [number, number]>): string =>
  entries.map(([offset, position]) => `${offset}:${position}`).join(' ')

const droppedRecord = ({ offset, reason, supersededBy }: DroppedRecord): string =>
  ` -${offset}${supersededBy === undefined ? `(${reason})` : `(by ${supersededBy})`}`
