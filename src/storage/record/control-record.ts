/**
 * Control batches: transaction markers and, in KRaft logs, leader changes and snapshot borders (formats.md 1.6;
 * `ControlRecordType.java`, `EndTransactionMarker.java` of kafka-clients). One record, one offset, never shown to
 * applications. Only markers are ever written here.
 */
import { readInt32, writeInt32 } from '../big-endian.ts'
import { InvalidRecordError } from '../errors.ts'
import { buildRecords } from './build-records.ts'
import type { LogRecord } from './record.ts'

const types = [
  'abort',
  'commit',
  'leader-change',
  'snapshot-header',
  'snapshot-footer',
  'kraft-version',
  'kraft-voters',
] as const

export type ControlType = (typeof types)[number]

export interface ControlRecord {
  /** `unknown`: a type of a release to come; readers pass over it. */
  readonly type: ControlType | 'unknown'
  readonly version: number
  /** Epoch of the transaction coordinator that ended the transaction; undefined for other types. */
  readonly coordinatorEpoch: number | undefined
}

const VERSION = 0
const KEY_BYTES = 4
const MARKER_VALUE_BYTES = 6

/** What a record of a control batch says. @throws InvalidRecordError */
export function readControlRecord(record: LogRecord): ControlRecord {
  const { key, value, offset } = record
  if (key === null || key.length < KEY_BYTES) throw new InvalidRecordError(`control record ${offset} has a broken key`)
  const version = readInt16(key, 0)
  if (version < 0) throw new InvalidRecordError(`control record ${offset} has version ${version}`)
  const type = types[readInt16(key, 2)] ?? 'unknown'
  if (type !== 'abort' && type !== 'commit') return { type, version, coordinatorEpoch: undefined }
  if (value === null || value.length < MARKER_VALUE_BYTES || readInt16(value, 0) < 0) {
    throw new InvalidRecordError(`transaction marker ${offset} has a broken value`)
  }
  return { type, version, coordinatorEpoch: readInt32(value, 2) }
}

/** The marker that ends a transaction of `producerId` in one partition. */
export function buildTransactionMarker(options: {
  readonly type: 'abort' | 'commit'
  readonly coordinatorEpoch: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly timestamp: number
  readonly baseOffset?: number
  readonly partitionLeaderEpoch?: number
}): Uint8Array {
  const { type, coordinatorEpoch, timestamp, ...origin } = options
  const key = new Uint8Array(KEY_BYTES)
  writeInt32(key, 0, (VERSION << 16) | types.indexOf(type))
  const value = new Uint8Array(MARKER_VALUE_BYTES)
  writeInt32(value, 2, coordinatorEpoch)
  return buildRecords([{ timestamp, key, value }], { ...origin, magic: 2, isTransactional: true, isControl: true })
}

const readInt16 = (bytes: Uint8Array, at: number): number => ((bytes[at]! << 24) >> 16) | bytes[at + 1]!
