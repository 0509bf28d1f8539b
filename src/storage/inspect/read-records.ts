/** The records of a log's files in order, with damage passed over and told of. */
import type { FileSystem } from '../../host/index.ts'
import type { LogRecord } from '../record/record.ts'
import { eachRecord } from './each-record.ts'
import { describeWalkEnd, walkFile } from './entry-walk.ts'
import { segmentFileOf } from './log-files.ts'

export interface ReadProblem {
  readonly path: string
  readonly position: number
  readonly message: string
}

export interface ReadRecordsOptions {
  /** Records below are left out. */
  readonly from: number
  /** Control records too. */
  readonly control: boolean
  readonly entryBytesMax: number
  readonly openedBytesMax: number
  /** Returns false to end. */
  record(record: LogRecord, isControl: boolean): boolean
  problem(problem: ReadProblem): void
}

/** Reads `.log` files, oldest first. @throws FileError */
export function readRecordsOf(files: FileSystem, paths: readonly string[], options: ReadRecordsOptions): void {
  for (const [i, path] of paths.entries()) {
    const next = paths[i + 1]
    // A segment that ends below `from` need not be read.
    if (next !== undefined && (baseOf(next) ?? Number.MAX_SAFE_INTEGER) <= options.from) continue
    if (!readFileRecords(files, path, options)) return
  }
}

const baseOf = (path: string): number | undefined => segmentFileOf(path.slice(path.lastIndexOf('/') + 1))?.baseOffset

/** False when the reader has had enough. */
function readFileRecords(files: FileSystem, path: string, options: ReadRecordsOptions): boolean {
  return walkFile(files, path, options.entryBytesMax, (walk) => {
    while (walk.next()) {
      const batch = walk.batch()
      const { position } = walk
      if (batch.lastOffset < options.from || (batch.isControl && !options.control)) continue
      if (!walk.isCrcValid()) {
        options.problem({ path, position, message: 'wrong CRC' })
        continue
      }
      let more = true
      const failure = eachRecord(walk, batch, options.openedBytesMax, (record) => {
        if (more && record.offset >= options.from) more = options.record(record, batch.isControl)
      })
      if (failure !== undefined) options.problem({ path, position, message: failure.message })
      if (!more) return false
    }
    const end = walk.end!
    const message = describeWalkEnd(end, walk.fileBytes)
    if (message !== undefined) options.problem({ path, position: end.position, message })
    return true
  })
}
