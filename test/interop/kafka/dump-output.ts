/**
 * What `DumpLogSegments` prints, as data. The tool always exits 0, so whatever it says that is not a plain entry is a
 * complaint, and so is a line that nobody here knows. Keys and values are printed by `java/HexDecoder.java`.
 */
import { basename } from 'node:path'
import type { Answer } from './kafka-jvm.ts'

/** A record as the tool shows it. */
export interface DumpedRecord {
  readonly offset: number
  /** Byte in the `.log` file of the entry that holds it. */
  readonly position: number
  /** Undefined where the tool does not print the key of a record without value (1.1). */
  readonly key: string | null | undefined
  readonly value: string | null
  /** Undefined where the tool prints none (0.8). */
  readonly timestamp: number | undefined
}

export interface DumpedFile {
  /** As it was given to the tool. */
  readonly path: string
  /** Name without directory. */
  readonly name: string
  readonly records: DumpedRecord[]
  /** Of an `.index`: offset and position. Of a `.timeindex`: timestamp and offset. */
  readonly entries: Array<readonly [number, number]>
  /** Lines of a `.snapshot` or `.txnindex`. */
  readonly lines: string[]
}

export interface Dump {
  readonly files: DumpedFile[]
  readonly complaints: string[]
}

/** 3.3 on: `| offset: …` below a line of the batch. */
const RECORD = /^\| offset: (\d+) \w+: (-?\d+) key[sS]ize: (-?\d+) value[sS]ize: (-?\d+)( .*)?$/
const BATCH = /^(?:baseOffset: -?\d+ lastOffset|offset): -?\d+ .*?position: (\d+) .*isvalid: (true|false)\b/
const RECORD_011 =
  /^offset: (\d+) position: (\d+) \w+: (-?\d+) isvalid: (true|false) keysize: (-?\d+) valuesize: (-?\d+) /
const RECORD_08 = /^offset: (\d+) position: (\d+) isvalid: (true|false) payloadsize: (-?\d+) magic: /
const INDEX_ENTRY = /^offset: (\d+) position: (\d+)$/
const TIME_INDEX_ENTRY = /^timestamp: (-?\d+) offset: (\d+)$/
const SNAPSHOT_OR_TRANSACTION = /^(?:producerId: \d+ producerEpoch: \d+ |version: 0 producerId: \d+ )/
const HARMLESS = /^(?:(?:Log )?[Ss]tarting offset: \d+|.* passed sanity check\.|.* is empty\.)$/

export function parseDump({ out, err }: Answer): Dump {
  const files: DumpedFile[] = []
  const complaints = err.split('\n').filter((line) => line !== '')
  let file: DumpedFile | undefined
  let position = -1
  for (const line of out.split('\n')) {
    if (line === '') continue
    if (line.startsWith('Dumping ')) {
      const path = line.slice('Dumping '.length)
      file = { path, name: basename(path), records: [], entries: [], lines: [] }
      files.push(file)
      continue
    }
    const complain = (): void => void complaints.push(`${file?.name ?? ''}: ${line}`)
    const take = <T>(list: T[] | undefined, found: T): void => {
      list?.push(found)
      if (/isvalid: false/.test(line)) complain()
    }
    let match: RegExpExecArray | null
    if ((match = RECORD.exec(line)) !== null) {
      const [, offset, timestamp, keySize, valueSize] = match
      const found = { offset: Number(offset), position, timestamp: Number(timestamp) }
      take(file?.records, { ...found, ...content(line, Number(keySize), Number(valueSize)) })
    } else if ((match = RECORD_011.exec(line)) !== null) {
      const [, offset, at, timestamp, , keySize, valueSize] = match
      const found = { offset: Number(offset), position: Number(at), timestamp: Number(timestamp) }
      const { key, value } = content(line, Number(keySize), Number(valueSize))
      take(file?.records, { ...found, key: value === null && Number(keySize) >= 0 ? undefined : key, value })
    } else if ((match = RECORD_08.exec(line)) !== null) {
      const [, offset, at, , payloadSize] = match
      const found = { offset: Number(offset), position: Number(at), timestamp: undefined }
      const keySize = Number(/ keysize: (\d+)/.exec(line)?.[1] ?? -1)
      take(file?.records, { ...found, ...content(line, keySize, Number(payloadSize)) })
    } else if ((match = BATCH.exec(line)) !== null) {
      position = Number(match[1])
      if (match[2] === 'false') complain()
    } else if ((match = INDEX_ENTRY.exec(line)) !== null || (match = TIME_INDEX_ENTRY.exec(line)) !== null) {
      take(file?.entries, [Number(match[1]), Number(match[2])])
    } else if (SNAPSHOT_OR_TRANSACTION.test(line)) {
      take(file?.lines, line)
    } else if (!HARMLESS.test(line)) {
      complain()
    }
  }
  return { files, complaints }
}

/** Markers are printed by name; everything else as hexadecimal digits. */
function content(line: string, keySize: number, valueSize: number): { key: string | null; value: string | null } {
  const marker = /endTxnMarker: (\w+) coordinatorEpoch: (-?\d+)/.exec(line)
  if (marker !== null) return { key: marker[1]!, value: marker[2]! }
  const key = / key: x([0-9a-f]*)/.exec(line)?.[1]
  const value = / payload: x([0-9a-f]*)$/.exec(line)?.[1]
  return { key: keySize < 0 ? null : key!, value: valueSize < 0 ? null : value! }
}
