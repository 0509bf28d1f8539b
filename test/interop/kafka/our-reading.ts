/** The same directory as `dump-output.ts` describes it, read by our record readers. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { type Batch, batchesOf, type LogRecord, readControlRecord } from '../../../src/storage/index.ts'
import type { DumpedRecord } from './dump-output.ts'

export interface OurRecord extends DumpedRecord {
  /** Whether the entry's checksum is right. */
  readonly crcValid: boolean
}

type Entry = readonly [number, number]

/** The records of a `.log` file. */
export const recordsOf = (path: string): OurRecord[] => recordsIn(new Uint8Array(readFileSync(path)))

/** Entries of an `.index` that is trimmed: offset and position. */
export const indexEntriesOf = (path: string): Entry[] => indexEntries(readFileSync(path), basename(path))

/** Entries of a `.timeindex` that is trimmed: timestamp and offset. */
export const timeIndexEntriesOf = (path: string): Entry[] => timeIndexEntries(readFileSync(path), basename(path))

export function recordsIn(log: Uint8Array): OurRecord[] {
  const found: OurRecord[] = []
  for (const batch of batchesOf(log)) {
    for (const record of batch.records()) {
      const { offset, timestamp } = record
      found.push({
        offset,
        position: batch.position,
        timestamp,
        crcValid: batch.isCrcValid,
        ...contentOf(batch, record),
      })
    }
  }
  return found
}

export function indexEntries(index: Uint8Array, name: string): Entry[] {
  const bytes = Buffer.from(index)
  const base = baseOffsetOf(name)
  return Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) => [
    base + bytes.readInt32BE(8 * i),
    bytes.readInt32BE(8 * i + 4),
  ])
}

export function timeIndexEntries(index: Uint8Array, name: string): Entry[] {
  const bytes = Buffer.from(index)
  const base = baseOffsetOf(name)
  return Array.from({ length: Math.floor(bytes.length / 12) }, (_, i) => [
    Number(bytes.readBigInt64BE(12 * i)),
    base + bytes.readInt32BE(12 * i + 8),
  ])
}

const baseOffsetOf = (name: string): number => Number(name.split('.')[0])

function contentOf(batch: Batch, record: LogRecord): { key: string | null; value: string | null } {
  if (batch.isControl) {
    const { type, coordinatorEpoch } = readControlRecord(record)
    return { key: type.toUpperCase(), value: String(coordinatorEpoch) }
  }
  return { key: hex(record.key), value: hex(record.value) }
}

const hex = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'))
