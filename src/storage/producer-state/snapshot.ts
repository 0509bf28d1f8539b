/**
 * Producer snapshots (`N.snapshot`, since 0.11; formats.md 2.5): what a log knew of its producers at offset N. Version
 * int16, CRC-32C of all that follows it, number of entries, entries of 46 bytes.
 */
import type { FileSystem } from '../../host/index.ts'
import { readFile } from '../../host/index.ts'
import { readInt32, readInt64, writeInt32, writeInt64 } from '../big-endian.ts'
import { crc32c } from '../crc.ts'
import { CorruptLogError } from '../errors.ts'
import { ProducerEntry } from './producer-entry.ts'

const VERSION = 1
const CRC_AT = 2
const COUNT_AT = 6
const ENTRIES_AT = 10
const ENTRY_BYTES = 46

export function encodeSnapshot(producers: readonly ProducerEntry[]): Uint8Array {
  const bytes = new Uint8Array(ENTRIES_AT + ENTRY_BYTES * producers.length)
  writeInt16(bytes, 0, VERSION)
  writeInt32(bytes, COUNT_AT, producers.length)
  let at = ENTRIES_AT
  for (const entry of producers) {
    writeInt64(bytes, at, entry.producerId)
    writeInt16(bytes, at + 8, entry.producerEpoch)
    writeInt32(bytes, at + 10, entry.lastSequence)
    writeInt64(bytes, at + 14, entry.lastDataOffset)
    writeInt32(bytes, at + 22, entry.lastBatch?.offsetDelta ?? 0)
    writeInt64(bytes, at + 26, entry.lastTimestamp)
    writeInt32(bytes, at + 34, entry.coordinatorEpoch)
    writeInt64(bytes, at + 38, entry.currentTxnFirstOffset ?? -1)
    at += ENTRY_BYTES
  }
  writeInt32(bytes, CRC_AT, crc32c(bytes.subarray(COUNT_AT)))
  return bytes
}

/** @throws CorruptLogError another version, a wrong size or CRC; FileError */
export function readSnapshot(files: FileSystem, path: string): ProducerEntry[] {
  const bytes = readFile(files, path)
  if (bytes.length < ENTRIES_AT) throw new CorruptLogError(path, bytes.length, `a snapshot of ${bytes.length} bytes`)
  const version = readInt16(bytes, 0)
  if (version !== VERSION) throw new CorruptLogError(path, 0, `version ${version}`)
  const count = readInt32(bytes, COUNT_AT)
  if (count < 0 || bytes.length !== ENTRIES_AT + ENTRY_BYTES * count) {
    throw new CorruptLogError(path, COUNT_AT, `${count} entries in ${bytes.length} bytes`)
  }
  if (readInt32(bytes, CRC_AT) >>> 0 !== crc32c(bytes.subarray(COUNT_AT))) {
    throw new CorruptLogError(path, CRC_AT, 'wrong CRC')
  }
  return Array.from({ length: count }, (_, i) => readEntry(bytes, ENTRIES_AT + ENTRY_BYTES * i))
}

function readEntry(bytes: Uint8Array, at: number): ProducerEntry {
  const entry = new ProducerEntry(readInt64(bytes, at))
  const lastOffset = readInt64(bytes, at + 14)
  const timestamp = readInt64(bytes, at + 26)
  entry.producerEpoch = readInt16(bytes, at + 8)
  if (lastOffset >= 0) {
    const [lastSequence, offsetDelta] = [readInt32(bytes, at + 10), readInt32(bytes, at + 22)]
    entry.keepOnly({ lastSequence, lastOffset, offsetDelta, timestamp })
  }
  entry.lastTimestamp = timestamp
  entry.coordinatorEpoch = readInt32(bytes, at + 34)
  const txnFirstOffset = readInt64(bytes, at + 38)
  entry.currentTxnFirstOffset = txnFirstOffset < 0 ? undefined : txnFirstOffset
  return entry
}

const readInt16 = (bytes: Uint8Array, at: number): number => ((bytes[at]! << 24) >> 16) | bytes[at + 1]!

function writeInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}
