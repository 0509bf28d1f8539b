/** Trace lines of the storage engine's work in the background. See `format.ts`. */
import { unreachable } from '../../src/host/index.ts'
import type { DroppedRecord } from '../../src/storage/index.ts'
import type { EventOf } from './any-event.ts'

export type StorageWorkEvent = EventOf<
  'LogCleaningStarted' | 'SegmentsCompacted' | 'LogCleaned' | 'LogCleaningAborted' | 'LogCleaningFailed' | 'FilesListed'
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
    default:
      return unreachable(event)
  }
}

/** `1:66 2:132`: relative offset and byte of each entry. */
export const entryWords = (entries: ReadonlyArray<readonly [number, number]>): string =>
  entries.map(([offset, position]) => `${offset}:${position}`).join(' ')

const droppedRecord = ({ offset, reason, supersededBy }: DroppedRecord): string =>
  ` -${offset}${supersededBy === undefined ? `(${reason})` : `(by ${supersededBy})`}`
