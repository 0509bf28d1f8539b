/**
 * A record as an application sees it, whatever format it is stored in, and its form in format 2: varints and bytes behind
 * one another (formats.md 1.5; `DefaultRecord.java` of kafka-clients).
 */
import { fromUtf8, utf8 } from '../../host/index.ts'
import { InvalidRecordError } from '../errors.ts'
import { sizeOfVarint, sizeOfVarlong, VarintReader, writeVarint, writeVarlong } from './varint.ts'

export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

export interface LogRecord {
  readonly offset: number
  /** Milliseconds; -1 if there is none, as always in format 0. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

/** A record that is yet to be written. */
export interface NewRecord {
  /** One more than the record before it, or the base offset, if left out. */
  readonly offset?: number
  /** Milliseconds; none if left out. */
  readonly timestamp?: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers?: readonly RecordHeader[]
}

export const NO_HEADERS: readonly RecordHeader[] = []
const NULL = -1

/** Bytes of a record from its attributes on, which its length counts. */
export function sizeOfRecordBody(timestampDelta: number, offsetDelta: number, record: NewRecord): number {
  const { key, value, headers = NO_HEADERS } = record
  let size = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta)
  size += sizeOfField(key) + sizeOfField(value) + sizeOfVarint(headers.length)
  for (const header of headers) size += sizeOfField(utf8(header.key)) + sizeOfField(header.value)
  return size
}

/** Writes a record whose body has `bodySize` bytes; returns where it ends. */
export function writeRecord(
  bytes: Uint8Array,
  start: number,
  bodySize: number,
  timestampDelta: number,
  offsetDelta: number,
  record: NewRecord,
): number {
  const { key, value, headers = NO_HEADERS } = record
  let at = writeVarint(bytes, start, bodySize)
  bytes[at++] = 0
  at = writeVarlong(bytes, at, timestampDelta)
  at = writeVarint(bytes, at, offsetDelta)
  at = writeField(bytes, at, key)
  at = writeField(bytes, at, value)
  at = writeVarint(bytes, at, headers.length)
  for (const header of headers) {
    at = writeField(bytes, at, utf8(header.key))
    at = writeField(bytes, at, header.value)
  }
  return at
}

const sizeOfField = (field: Uint8Array | null): number =>
  field === null ? 1 : sizeOfVarint(field.length) + field.length

function writeField(bytes: Uint8Array, start: number, field: Uint8Array | null): number {
  const at = writeVarint(bytes, start, field === null ? NULL : field.length)
  if (field === null) return at
  bytes.set(field, at)
  return at + field.length
}

/** Walks records of format 2, one at a time, and says where their parts are. */
export class RecordCursor {
  timestampDelta = 0
  offsetDelta = 0
  /** Length -1: null. */
  keyLength = NULL
  valueLength = NULL
  private keyAt = 0
  private valueAt = 0
  private headersAt = 0
  private headerCount = 0
  private readonly reader: VarintReader

  constructor(bytes: Uint8Array, from: number, end: number) {
    this.reader = new VarintReader(bytes, from, end)
  }

  /** Nothing is left behind the record read last. */
  get isAtEnd(): boolean {
    return this.reader.at === this.reader.end
  }

  /**
   * Reads the next record.
   * @throws InvalidRecordError
   */
  next(): void {
    const { reader } = this
    const size = reader.varint()
    const end = reader.at + size
    if (size < 0 || end > reader.end) throw new InvalidRecordError(`a record of ${size} bytes at byte ${reader.at}`)
    // The attributes of a record have no meaning yet.
    reader.byte()
    this.timestampDelta = reader.varlong()
    this.offsetDelta = reader.varint()
    this.keyLength = reader.varint()
    this.keyAt = reader.skip(Math.max(0, this.keyLength))
    this.valueLength = reader.varint()
    this.valueAt = reader.skip(Math.max(0, this.valueLength))
    this.headerCount = reader.varint()
    this.headersAt = reader.at
    if (this.headerCount < 0 || this.headerCount > reader.end - reader.at) {
      throw new InvalidRecordError(`${this.headerCount} headers at byte ${reader.at}`)
    }
    for (let i = 0; i < this.headerCount; i++) {
      const keyLength = reader.varint()
      if (keyLength < 0) throw new InvalidRecordError(`a header without key at byte ${reader.at}`)
      reader.skip(keyLength)
      reader.skip(Math.max(0, reader.varint()))
    }
    if (reader.at !== end)
      throw new InvalidRecordError(`a record of ${size} bytes ends at byte ${reader.at}, not ${end}`)
  }

  /** A view of the key of the record read last. */
  get key(): Uint8Array | null {
    return this.keyLength < 0 ? null : this.reader.bytes.subarray(this.keyAt, this.keyAt + this.keyLength)
  }

  get value(): Uint8Array | null {
    return this.valueLength < 0 ? null : this.reader.bytes.subarray(this.valueAt, this.valueAt + this.valueLength)
  }

  get headers(): readonly RecordHeader[] {
    if (this.headerCount === 0) return NO_HEADERS
    const { bytes, at: end } = this.reader
    const reader = new VarintReader(bytes, this.headersAt, end)
    const headers: RecordHeader[] = []
    for (let i = 0; i < this.headerCount; i++) {
      const keyLength = reader.varint()
      const keyFrom = reader.skip(keyLength)
      const key = fromUtf8(bytes.subarray(keyFrom, keyFrom + keyLength))
      const valueLength = reader.varint()
      const valueFrom = reader.skip(Math.max(0, valueLength))
      headers.push({ key, value: valueLength < 0 ? null : bytes.subarray(valueFrom, valueFrom + valueLength) })
    }
    return headers
  }
}
