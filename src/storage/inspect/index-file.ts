/**
 * The three indexes of a segment as rows of entries of fixed size (formats.md 2.2 to 2.4): `.index` 8 bytes, `.timeindex`
 * 12, `.txnindex` 34. Entries are read from the file as they are asked for. While a segment is active its first two are
 * allocated to full size: zeros behind the last entry are no entries.
 */
import { FileError, type FileHandle } from '../../host/index.ts'
import { readInt32, readInt64 } from '../big-endian.ts'
import { WindowReader } from './window-reader.ts'

export type IndexKind = 'index' | 'timeindex' | 'txnindex'

export const INDEX_ENTRY_BYTES: Readonly<Record<IndexKind, number>> = { index: 8, timeindex: 12, txnindex: 34 }

export interface AbortedTransaction {
  readonly version: number
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the marker that ended it. */
  readonly lastOffset: number
  readonly lastStableOffset: number
}

const WINDOW_BYTES = 65_536

export class IndexFile {
  readonly kind: IndexKind
  readonly baseOffset: number
  /** Bytes of the file. */
  readonly size: number
  /** Entries in use: all up to the zeros behind the last one. */
  readonly entries: number
  private readonly entryBytes: number
  private readonly window: WindowReader

  constructor(handle: FileHandle, kind: IndexKind, baseOffset: number) {
    this.kind = kind
    this.baseOffset = baseOffset
    this.entryBytes = INDEX_ENTRY_BYTES[kind]
    this.window = new WindowReader(handle, WINDOW_BYTES)
    this.size = this.window.size
    this.entries = this.countEntries()
  }

  /** Bytes behind the last whole entry; there should be none. */
  get remainder(): number {
    return this.size % this.entryBytes
  }

  /** Entries' worth of zeros that the file is allocated for. */
  get freeEntries(): number {
    return Math.floor(this.size / this.entryBytes) - this.entries
  }

  positionOf(slot: number): number {
    return slot * this.entryBytes
  }

  /** Offset that an entry of the offset or time index names. */
  offset(slot: number): number {
    const at = this.place(slot)
    return this.baseOffset + readInt32(this.window.bytes, this.kind === 'timeindex' ? at + 8 : at)
  }

  /** Byte of the `.log` that an entry of the offset index names. */
  logPosition(slot: number): number {
    const at = this.place(slot)
    return readInt32(this.window.bytes, at + 4)
  }

  /** Milliseconds that an entry of the time index names. */
  timestamp(slot: number): number {
    const at = this.place(slot)
    return readInt64(this.window.bytes, at)
  }

  transaction(slot: number): AbortedTransaction {
    const at = this.place(slot)
    const { bytes } = this.window
    return {
      version: (bytes[at]! << 8) | bytes[at + 1]!,
      producerId: readInt64(bytes, at + 2),
      firstOffset: readInt64(bytes, at + 10),
      lastOffset: readInt64(bytes, at + 18),
      lastStableOffset: readInt64(bytes, at + 26),
    }
  }

  /** First byte behind the entries in use that is not zero, or -1. */
  strayByte(): number {
    const end = this.size - this.remainder
    for (let position = this.positionOf(this.entries); position < end; ) {
      const length = Math.min(WINDOW_BYTES, end - position)
      const at = this.window.need(position, length)
      if (at < 0) return -1
      for (let i = 0; i < length; i++) if (this.window.bytes[at + i] !== 0) return position + i
      position += length
    }
    return -1
  }

  /**
   * Entries rise and none but zeros can be zero, so the first zero is found by halving. A transaction index has no zeros
   * to spare.
   */
  private countEntries(): number {
    const slots = Math.floor(this.size / this.entryBytes)
    if (this.kind === 'txnindex' || slots === 0 || !this.isZero(slots - 1)) return slots
    let low = 0
    let high = slots - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.isZero(middle)) high = middle
      else low = middle + 1
    }
    return low
  }

  private isZero(slot: number): boolean {
    const at = this.place(slot)
    for (let i = 0; i < this.entryBytes; i++) if (this.window.bytes[at + i] !== 0) return false
    return true
  }

  private place(slot: number): number {
    const at = this.window.need(slot * this.entryBytes, this.entryBytes)
    if (at < 0) throw new FileError('EIO', this.window.handle.path, 'the file became shorter while it was read')
    return at
  }
}
