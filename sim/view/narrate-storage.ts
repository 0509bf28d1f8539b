/** What the storage engine does in the background, told. See `narrate.ts`. */
import { unreachable } from '../../src/host/index.ts'
import type { DroppedRecord } from '../../src/storage/index.ts'
import type { OffsetSearch } from '../scenario/events.ts'
import type { EventOf } from './any-event.ts'
import { type ClusterView, replicaOf } from './cluster-view.ts'
import { entryWords, type StorageWorkEvent } from './format-storage.ts'
import { messageName } from './names.ts'
import type { NarrationMemory, Telling } from './narrate.ts'
import { listNames } from './painter.ts'

/** Records that compaction dropped are told one by one up to so many. */
const DROPPED_TOLD = 6
/** Names of segments are told up to so many. */
const SEGMENTS_TOLD = 12

/** The view is the one after the event. */
export function narrateStorage(
  who: string,
  event: StorageWorkEvent | EventOf<'SegmentRolled'>,
  view: ClusterView,
  memory: NarrationMemory,
): Telling | undefined {
  switch (event.kind) {
    case 'LogCleaningStarted': {
      const { tp, dirtyBytes, cleanBytes, firstDirtyOffset: from, firstUncleanableOffset: to } = event
      const share = Math.floor((100 * dirtyBytes) / (dirtyBytes + cleanBytes))
      const text = `begins to compact ${tp}: ${share} % of its closed segments is dirty (offsets ${from} to ${to - 1})`
      return { who, text, tone: 'plain' }
    }
    case 'SegmentsCompacted': {
      const { tp, baseOffsets, dropped, recordsKept, recordsRead } = event
      const segments =
        baseOffsets.length === 1
          ? `copies segment ${baseOffsets[0]} of ${tp}`
          : `copies segments ${listNames(baseOffsets.map(String))} of ${tp} into one, ${baseOffsets[0]}`
      const drops = dropped.length === 0 ? ', nothing is superseded' : `: ${droppedWords(event.dropped, who, tp, view)}`
      const text = `${segments} and keeps ${recordsKept} of ${recordsRead} records${drops}`
      return { who, text, tone: 'good', ...(dropped.length === 0 ? {} : { draw: [tp] }) }
    }
    case 'LogCleaned':
      return { who, text: `has compacted ${event.tp} up to offset ${event.endOffset - 1}`, tone: 'quiet' }
    case 'LogCleaningAborted':
      return { who, text: `breaks off compacting ${event.tp}: its log is cut or deleted`, tone: 'warn' }
    case 'LogCleaningFailed': {
      const after = event.threadEnds
        ? 'the cleaner thread ends, and no log is compacted by it any more'
        : 'it is not compacted any more'
      return { who, text: `fails to compact ${event.tp} (${event.reason}): ${after}`, tone: 'bad' }
    }
    case 'SegmentRolled': {
      if (!memory.tells('segments')) return undefined
      const replica = replicaOf(view, who, event.tp)
      // The other replicas do the same a moment later.
      if (replica?.role !== 'leader') return undefined
      const text = `begins a new segment of ${event.tp}: the next message, at offset ${event.baseOffset}, goes into ${stemOf(event.baseOffset)}.log`
      return { who, text, tone: 'plain' }
    }
    case 'FilesListed': {
      const { broker, tp, files } = event
      if (files.length === 0) return { who: broker, text: `has no folder ${tp}/`, tone: 'plain' }
      const nameWidth = Math.max(...files.map(({ name }) => name.length))
      const bytesWidth = Math.max(...files.map(({ bytes }) => String(bytes).length))
      const table = files.map(({ name, bytes, entries }) => {
        const size = `${name.padEnd(nameWidth)}  ${String(bytes).padStart(bytesWidth)} bytes`
        if (entries === undefined) return size
        return `${size}  ${entries.length === 0 ? 'no entries' : `entries ${entryWords(entries)}`}`
      })
      return { who: broker, text: `holds in its folder ${tp}/`, tone: 'plain', table }
    }
    case 'OffsetLookedUp': {
      const { broker, tp, offset, search } = event
      const text = `looks for offset ${offset} of ${tp}`
      return {
        who: broker,
        text,
        tone: search.found?.crc === 'right' ? 'plain' : 'bad',
        table: lookupSteps(search, offset),
      }
    }
    default:
      return unreachable(event)
  }
}

/** The three steps of a search, each with how much it looked at. */
function lookupSteps(search: OffsetSearch, offset: number): string[] {
  const { bases, basesTried, base, relative, entries, tried, entry, from, bytes, batches, found, problem } = search
  if (base === null) return [problem === '' ? `no segment begins at or below ${offset}` : problem]
  const names = bases.slice(0, SEGMENTS_TOLD).join(', ') + (bases.length > SEGMENTS_TOLD ? ', …' : '')
  const begin = entry === null ? 'no entry is as low, so byte 0' : `entry ${entry[0]}, at byte ${entry[1]}`
  return [
    `segment  ${base} of ${names} (${basesTried.length} looked at)`,
    `index    ${relative} = ${offset} - ${base}: ${begin} (${tried.length} of ${entries} looked at)`,
    `scan     from byte ${from}, ${counted(batches, 'header')}, ${bytes} bytes: ${found === null ? problem || 'not there' : foundWords(found, offset)}`,
  ]
}

function foundWords(found: NonNullable<OffsetSearch['found']>, offset: number): string {
  const where = `at byte ${found.position}`
  if (found.crc === 'wrong') return `${where}, with a wrong CRC`
  if (found.offset === null) return `${where}, but cannot be read`
  const name = messageName(found.value, found.key)
  return found.offset === offset ? `${name}, ${where}` : `${name} at offset ${found.offset}, ${where}`
}

const counted = (n: number, one: string): string => `${n} ${n === 1 ? one : `${one}s`}`

/** Segments are named by their first offset. */
const stemOf = (baseOffset: number): string => String(baseOffset).padStart(20, '0')

function droppedWords(dropped: readonly DroppedRecord[], who: string, tp: string, view: ClusterView): string {
  const replica = replicaOf(view, who, tp)
  const words = dropped.slice(0, DROPPED_TOLD).map(({ offset, reason, supersededBy }) => {
    const gone = replica?.lastCompaction.find((message) => message.offset === offset)
    const name = gone === undefined ? `offset ${offset}` : messageName(gone.value, gone.key)
    const key = gone?.key === null || gone === undefined ? '' : ` (key ${gone.key})`
    if (supersededBy === undefined) return `${name}${key} goes: ${reasons[reason]}`
    const heir = replica?.log.get(supersededBy)
    const heirName = heir === undefined ? `offset ${supersededBy}` : messageName(heir.value, heir.key)
    return `${name}${key} gives way to ${heirName}`
  })
  const rest = dropped.length - words.length
  return words.join('; ') + (rest > 0 ? `; … and ${rest} more` : '')
}

const reasons: Readonly<Record<DroppedRecord['reason'], string>> = {
  superseded: 'a later record has its key',
  'expired-tombstone': 'a tombstone whose time is up',
  'no-key': 'it has no key',
  aborted: 'its transaction was aborted',
  'expired-marker': 'a marker whose transaction is gone',
}
