/** Producer snapshots (`.snapshot`, formats.md 2.5): what a broker knows of each producer below an offset. */
import type { FileHandle } from '../../host/index.ts'
import { readInt32, readInt64 } from '../big-endian.ts'
import { crc32c } from '../crc.ts'

export interface ProducerEntry {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  /** Offset of the last record of its last batch; -1 if there is none. */
  readonly lastOffset: number
  /** Last minus first sequence of that batch. */
  readonly offsetDelta: number
  readonly timestamp: number
  readonly coordinatorEpoch: number
  /** -1: no transaction is open. */
  readonly currentTxnFirstOffset: number
}

export interface SnapshotFile {
  readonly version: number
  readonly crcValid: boolean
  /** As many as the file has room for, even if it says more. */
  readonly producers: readonly ProducerEntry[]
  /** Why the file is no snapshot; undefined if it is one. */
  readonly problem?: { readonly position: number; readonly message: string }
}

const HEADER_BYTES = 10
const CRC_AT = 2
const CHECKED_FROM = 6
const ENTRY_BYTES = 46
/** Some 1.4 million producers. */
const SNAPSHOT_BYTES_MAX = 64 * 1024 * 1024

export function readSnapshot(handle: FileHandle): SnapshotFile {
  const size = handle.size()
  const broken = (position: number, message: string, version = 0): SnapshotFile => ({
    version,
    crcValid: false,
    producers: [],
    problem: { position, message },
  })
  if (size < HEADER_BYTES) return broken(0, `${size} bytes are too few for a producer snapshot`)
  if (size > SNAPSHOT_BYTES_MAX) return broken(0, `${size} bytes are more than this program reads of a snapshot`)
  const bytes = new Uint8Array(size)
  handle.read(0, bytes, 0, size)
  const version = (bytes[0]! << 8) | bytes[1]!
  if (version !== 1) return broken(0, `version ${version} of producer snapshots is not known`, version)
  const crcValid = readInt32(bytes, CRC_AT) >>> 0 === crc32c(bytes.subarray(CHECKED_FROM))
  const count = readInt32(bytes, CHECKED_FROM)
  const room = Math.floor((size - HEADER_BYTES) / ENTRY_BYTES)
  const producers = Array.from({ length: Math.max(0, Math.min(count, room)) }, (_, i) =>
    readProducer(bytes, HEADER_BYTES + i * ENTRY_BYTES),
  )
  if (count === room && size === HEADER_BYTES + room * ENTRY_BYTES) return { version, crcValid, producers }
  const message = `it says ${count} producers, which do not fill its ${size} bytes`
  return { version, crcValid, producers, problem: { position: CHECKED_FROM, message } }
}

const readProducer = (bytes: Uint8Array, at: number): ProducerEntry => ({
  producerId: readInt64(bytes, at),
  producerEpoch: ((bytes[at + 8]! << 24) >> 16) | bytes[at + 9]!,
  lastSequence: readInt32(bytes, at + 10),
  lastOffset: readInt64(bytes, at + 14),
  offsetDelta: readInt32(bytes, at + 22),
  timestamp: readInt64(bytes, at + 26),
  coordinatorEpoch: readInt32(bytes, at + 34),
  currentTxnFirstOffset: readInt64(bytes, at + 38),
})
