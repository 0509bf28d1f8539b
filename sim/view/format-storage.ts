/** Trace lines of the storage engine's work in the background. See `format.ts`. */
import { unreachable } from '../../src/host/index.ts'
import type { DroppedRecord } from '../../src/storage/index.ts'
import type { EventOf } from './any-event.ts'

export type StorageWorkEvent = EventOf<
  'LogCleaningStarted' | 'SegmentsCompacted' | 'LogCleaned' | 'LogCleaningAborted' | 'LogCleaningFailed'
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
    default:
      return unreachable(event)
  }
}

const droppedRecord = ({ offset, reason, supersededBy }: DroppedRecord): string =>
  ` -${offset}${supersededBy === undefined ? `(${reason})` : `(by ${supersededBy})`}`
