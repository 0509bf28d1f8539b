/** The story of a lookup, for readers of a terminal. */
import type { Painter } from '../../sim/view/index.ts'
import type {
  Halving,
  IndexSearch,
  OffsetLookup,
  Scan,
  ScannedEntry,
  SegmentSearch,
  SegmentTime,
  TimeIndexSearch,
  TimeLookup,
} from '../../src/storage/inspect/index.ts'
import { lineField } from './bytes-text.ts'

/** Entries of a scan, and segments, that are listed. */
const LISTED = 12

type Found = NonNullable<OffsetLookup['found']>

export class LookupStory {
  readonly lines: string[] = []
  private readonly painter: Painter
  private readonly indexInterval: number | undefined
  private chapter = 0

  /** @param indexInterval `log.index.interval.bytes` of the broker, where it is known */
  constructor(painter: Painter, indexInterval?: number) {
    this.painter = painter
    this.indexInterval = indexInterval
  }

  offset(lookup: OffsetLookup): this {
    const { offset, baseOffsets, segmentSearch, segments } = lookup
    this.heading(`Which segment? ${few(baseOffsets.map(String), 'segment begins at', 'segments begin at')}.`)
    this.halving(segmentSearch, (value) => `segment ${value}`, `offset ${offset}`)
    for (const search of segments) this.segment(search, offset)
    if (segments.length === 0) this.result(`offset ${offset} is below the first segment`)
    return this
  }

  time(lookup: TimeLookup): this {
    const { timestamp, segments, timeIndex, index, scan } = lookup
    this.heading(`Which segment? The first one that reaches ${timeText(timestamp)}.`)
    for (const segment of segments.slice(-LISTED)) this.step(segmentTimeText(segment, timestamp))
    const last = segments.at(-1)
    if (last === undefined || last.largestTimestamp < timestamp) {
      this.result('none does: no record is as late')
      return this
    }
    this.result(`segment ${last.baseOffset}`)
    if (timeIndex !== undefined) this.timeIndex(timeIndex, last.baseOffset, timestamp)
    if (index !== undefined) this.index(index, timeIndex?.entry?.offset ?? last.baseOffset)
    if (scan !== undefined)
      this.scan(scan, `a batch that reaches ${timestamp}`, (entry) => `latest ${entry.maxTimestamp}`)
    return this
  }

  private segment({ baseOffset, relativeOffset, index, scan }: SegmentSearch, offset: number): void {
    this.result(
      `segment ${baseOffset}, in which ${offset} is relative offset ${relativeOffset} (${offset} - ${baseOffset})`,
    )
    if (index === undefined) this.heading('Where to begin? The segment has no index: at byte 0.')
    else this.index(index, offset)
    this.scan(scan, `offset ${offset}`, (entry) => `up to offset ${entry.lastOffset}`)
    if (scan.found === undefined && scan.problem === undefined) this.result('not in this segment')
  }

  private timeIndex(search: TimeIndexSearch, baseOffset: number, timestamp: number): void {
    const count = plural(search.entries, 'entry', 'entries')
    this.heading(`From which offset on? ${nameOf(search.path)} has ${count}.`)
    this.halving(search, (value) => String(value), String(timestamp))
    const { entry } = search
    this.result(
      entry === undefined
        ? `no entry is as early: from the segment's base ${baseOffset} on`
        : `entry ${entry.slot}: nothing up to offset ${entry.offset} is later than ${entry.timestamp}`,
    )
  }

  private index(search: IndexSearch, target: number): void {
    const { entry, path, entries } = search
    this.heading(`Where to begin? ${nameOf(path)} has ${plural(entries, 'entry', 'entries')}.`)
    this.halving(search, (value) => `offset ${value}`, `offset ${target}`)
    this.result(
      entry === undefined
        ? 'no entry is as low: at byte 0'
        : `entry ${entry.slot}: offset ${entry.offset} is at byte ${entry.position}`,
    )
  }

  private scan(scan: Scan, wanted: string, what: (entry: ScannedEntry) => string): void {
    const { path, from, bytes, entries, visited, found, problem } = scan
    this.heading(`Scan of ${nameOf(path)} from byte ${from} for ${wanted}.`)
    const listed = visited.slice(0, LISTED)
    for (const entry of listed) this.step(`byte ${entry.position}: ${what(entry)}, ${entry.size} bytes`)
    if (entries > listed.length) this.step(`… and ${(entries - listed.length).toLocaleString('en')} more`)
    const cost = `${plural(entries, 'entry', 'entries')}, ${plural(bytes, 'byte', 'bytes')} looked at`
    if (found !== undefined) this.result(`byte ${found.position}: ${cost}`)
    else if (problem !== undefined)
      this.result(this.painter.paint('bad', `damage at byte ${problem.position}: ${problem.message}`))
    else this.result(`the end of the file: ${cost}`)
    if (this.indexInterval !== undefined) this.interval(this.indexInterval, found?.position ?? from + bytes, from)
  }

  /** An entry is due as soon as so many bytes lie behind the last one, and is written with the append after that. */
  private interval(indexInterval: number, to: number, from: number): void {
    const passed = to - from
    this.result(
      passed <= indexInterval
        ? `${passed} bytes passed: no more than log.index.interval.bytes, ${indexInterval}`
        : `${passed} bytes passed, more than log.index.interval.bytes, ${indexInterval}: appends were larger, or the setting was`,
    )
  }

  private halving({ steps }: Halving, name: (value: number) => string, target: string): void {
    for (const { low, high, middle, value, reaches } of steps) {
      const verdict = reaches
        ? `at or below ${target}, so this one or a later one`
        : `above ${target}, so an earlier one`
      this.step(`${low}..${high}, middle ${middle}: ${name(value)} is ${verdict}`)
    }
  }

  private heading(text: string): void {
    this.lines.push(this.painter.paint('caption', `${++this.chapter}. ${text}`))
  }

  private step(text: string): void {
    this.lines.push(`     ${text}`)
  }

  private result(text: string): void {
    this.lines.push(`   → ${text}`)
  }
}

/** One line for what was found. */
export function foundText({ path, entry, record, place }: Found): string {
  const batch = `in the batch at byte ${entry.position} of ${nameOf(path)} (${entry.size} bytes, up to offset ${entry.lastOffset})`
  if (record === undefined) return `it belongs ${batch}, which cannot be opened or no longer holds it`
  const time = record.timestamp < 0 ? '' : `, ${timeText(record.timestamp)}`
  return `offset ${record.offset}: record ${place} ${batch}${time}, key ${lineField(record.key)}, value ${lineField(record.value)}`
}

function segmentTimeText(
  { baseOffset, largestTimestamp, source, scannedBytes }: SegmentTime,
  timestamp: number,
): string {
  const how =
    source === 'scan' ? `by a scan of ${plural(scannedBytes, 'byte', 'bytes')}` : 'by its last time index entry'
  const until = largestTimestamp < 0 ? 'has no timestamps' : `reaches ${largestTimestamp}`
  return `segment ${baseOffset} ${until} (${how})${largestTimestamp >= timestamp ? '' : ': too early'}`
}

/** `1700000000000 (2023-11-14T22:13:20.000Z)`. */
export function timeText(timestamp: number): string {
  const date = new Date(timestamp)
  return Number.isNaN(date.getTime()) ? String(timestamp) : `${timestamp} (${date.toISOString()})`
}

function few(items: readonly string[], one: string, many: string): string {
  const shown = items.length > LISTED ? [...items.slice(0, LISTED), '…'] : items
  return `${items.length} ${items.length === 1 ? one : many} ${shown.join(', ')}`
}

const plural = (n: number, one: string, many: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
