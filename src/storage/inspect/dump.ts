/**
 * What the files of a log hold, item by item, for whoever shows it (compare `kafka.tools.DumpLogSegments`, formats.md 3).
 * Everything is read in windows; damage is an item like the others, with its place, and ends no more than it must.
 */
import type { FileSystem } from '../../host/index.ts'
import { LogError } from '../errors.ts'
import type { Batch } from '../record/batch.ts'
import { type ControlRecord, readControlRecord } from '../record/control-record.ts'
import type { LogRecord } from '../record/record.ts'
import { eachRecord, OPENED_BYTES_MAX } from './each-record.ts'
import { describeWalkEnd, type EntryWalk, walkFile } from './entry-walk.ts'
import { type AbortedTransaction, IndexFile, type IndexKind } from './index-file.ts'
import { type FileKind, fileKindOf, segmentFileOf } from './log-files.ts'
import { type ProducerEntry, readSnapshot } from './snapshot-file.ts'
import { parseEpochs, parseOffsets, parseProperties, readText, type TextProblem } from './text-files.ts'

export type DumpItem =
  | { readonly kind: 'file'; readonly path: string; readonly fileKind: FileKind; readonly size: number }
  | {
      readonly kind: 'batch'
      readonly position: number
      readonly size: number
      readonly crcValid: boolean
      /** A view: good until the next item. */
      readonly batch: Batch
    }
  | {
      readonly kind: 'record'
      readonly batch: Batch
      /** Place of the batch in the file. */
      readonly position: number
      readonly record: LogRecord
      readonly control?: ControlRecord
    }
  | { readonly kind: 'index'; readonly offset: number; readonly position: number }
  | { readonly kind: 'timeindex'; readonly timestamp: number; readonly offset: number }
  | { readonly kind: 'transaction'; readonly transaction: AbortedTransaction }
  | { readonly kind: 'producer'; readonly producer: ProducerEntry }
  | { readonly kind: 'epoch'; readonly epoch: number; readonly startOffset: number }
  | { readonly kind: 'offset'; readonly topicPartition: string; readonly offset: number }
  | { readonly kind: 'property'; readonly name: string; readonly value: string }
  | { readonly kind: 'problem'; readonly path: string; readonly position: number; readonly message: string }

export type DumpSink = (item: DumpItem) => void

export interface DumpOptions {
  /** Also the records, opened if they are compressed. */
  readonly deep: boolean
  readonly entryBytesMax?: number
  /** What may come out of one compressed batch. */
  readonly openedBytesMax?: number
}

/**
 * Tells what a file holds.
 * @returns false if the name says nothing, and so nothing was read
 * @throws FileError
 */
export function dumpFile(files: FileSystem, path: string, options: DumpOptions, sink: DumpSink): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  // A copy of a segment that somebody has given a name is still a row of entries.
  const fileKind = fileKindOf(name) ?? (name.endsWith('.log') ? 'log' : undefined)
  if (fileKind === undefined) return false
  sink({ kind: 'file', path, fileKind, size: files.status(path)?.size ?? 0 })
  switch (fileKind) {
    case 'log':
      dumpLog(files, path, options, sink)
      break
    case 'index':
    case 'timeindex':
    case 'txnindex':
      dumpIndex(files, path, fileKind, segmentFileOf(name)!.baseOffset, sink)
      break
    case 'snapshot':
      dumpSnapshot(files, path, sink)
      break
    default:
      dumpText(files, path, fileKind, sink)
  }
  return true
}

function dumpLog(files: FileSystem, path: string, options: DumpOptions, sink: DumpSink): void {
  walkFile(files, path, options.entryBytesMax, (walk) => {
    while (walk.next()) {
      const batch = walk.batch()
      const { position, size } = walk
      sink({ kind: 'batch', position, size, crcValid: walk.isCrcValid(), batch })
      if (options.deep) dumpRecords(path, walk, batch, options, sink)
    }
    const end = walk.end!
    const message = describeWalkEnd(end, walk.fileBytes)
    if (message !== undefined) sink({ kind: 'problem', path, position: end.position, message })
  })
}

function dumpRecords(path: string, walk: EntryWalk, batch: Batch, options: DumpOptions, sink: DumpSink): void {
  const { position } = walk
  const failure = eachRecord(walk, batch, options.openedBytesMax ?? OPENED_BYTES_MAX, (record) => {
    const control = batch.isControl ? controlOf(record) : undefined
    sink(
      control === undefined
        ? { kind: 'record', batch, position, record }
        : { kind: 'record', batch, position, record, control },
    )
  })
  if (failure !== undefined) sink({ kind: 'problem', path, position, message: failure.message })
}

function controlOf(record: LogRecord): ControlRecord | undefined {
  try {
    return readControlRecord(record)
  } catch (error) {
    if (error instanceof LogError) return undefined
    throw error
  }
}

function dumpIndex(files: FileSystem, path: string, kind: IndexKind, baseOffset: number, sink: DumpSink): void {
  const handle = files.open(path, { create: false })
  try {
    const index = new IndexFile(handle, kind, baseOffset)
    for (let slot = 0; slot < index.entries; slot++) {
      if (kind === 'index') sink({ kind, offset: index.offset(slot), position: index.logPosition(slot) })
      else if (kind === 'timeindex') sink({ kind, timestamp: index.timestamp(slot), offset: index.offset(slot) })
      else sink({ kind: 'transaction', transaction: index.transaction(slot) })
    }
    if (index.remainder > 0) {
      const message = `${index.remainder} bytes behind the last whole entry`
      sink({ kind: 'problem', path, position: index.size - index.remainder, message })
    }
  } finally {
    handle.close()
  }
}

function dumpSnapshot(files: FileSystem, path: string, sink: DumpSink): void {
  const handle = files.open(path, { create: false })
  try {
    const { producers, crcValid, problem } = readSnapshot(handle)
    for (const producer of producers) sink({ kind: 'producer', producer })
    if (problem !== undefined) sink({ kind: 'problem', path, ...problem })
    else if (!crcValid) sink({ kind: 'problem', path, position: 2, message: 'wrong CRC' })
  } finally {
    handle.close()
  }
}

function dumpText(files: FileSystem, path: string, fileKind: FileKind, sink: DumpSink): void {
  const text = readText(files, path)
  const tell = ({ position, message }: TextProblem): void => sink({ kind: 'problem', path, position, message })
  if (typeof text !== 'string') return tell(text)
  if (fileKind === 'leader-epochs') {
    const { entries, problems } = parseEpochs(text)
    for (const entry of entries) sink({ kind: 'epoch', ...entry })
    problems.forEach(tell)
  } else if (fileKind === 'offset-checkpoint') {
    const { entries, problems } = parseOffsets(text)
    for (const [topicPartition, offset] of entries) sink({ kind: 'offset', topicPartition, offset })
    problems.forEach(tell)
  } else {
    for (const [name, value] of parseProperties(text)) sink({ kind: 'property', name, value })
  }
}
