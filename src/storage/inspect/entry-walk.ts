/**
 * Walks the entries of a `.log` file, of any formats, from front to back through a window. Nothing is believed: a size that
 * no entry has, or that reaches behind the file, ends the walk; an entry larger than `entryBytesMax` is not taken into
 * memory, only its header and, piece by piece, its CRC.
 */
import type { FileHandle, FileSystem } from '../../host/index.ts'
import { readInt32, readInt64 } from '../big-endian.ts'
import { borrowWindow, crc32, crc32c, returnWindow } from '../crc.ts'
import { Batch } from '../record/batch.ts'
import { isCrcValid, lastOffsetAt } from '../record/entry.ts'
import {
  BATCH_ATTRIBUTES_AT,
  BATCH_CRC_AT,
  BATCH_OVERHEAD,
  ENTRY_OVERHEAD,
  LEGACY_CRC_AT,
  legacyOverhead,
  MAGIC_AT,
  MESSAGE_SIZE_MIN,
  SIZE_AT,
} from '../record/layout.ts'
import { WINDOW_BYTES, WindowReader } from './window-reader.ts'

/** Largest entry that is taken into memory as a whole, unless a caller says otherwise. */
export const ENTRY_BYTES_MAX = 64 * 1024 * 1024

/**
 * Why a walk ended.
 * - `end`: right behind the last entry, at the end of the file
 * - `cut`: the entry that begins there is not all there
 * - `size`: its size field holds what no entry has
 * - `magic`: its format is none that there is, or its size is too small for it
 */
export interface WalkEnd {
  readonly kind: 'end' | 'cut' | 'size' | 'magic'
  readonly position: number
  /** What its size field says; undefined where that is cut off as well. */
  readonly size?: number
  readonly magic?: number
}

export interface EntryWalkOptions {
  /** Byte to begin at, where an entry begins. */
  readonly from?: number
  readonly entryBytesMax?: number
  readonly windowBytes?: number
  /** Memory for the window, instead of some of its own. */
  readonly window?: Uint8Array
}

export class EntryWalk {
  /** The entry found last. */
  position = 0
  /** Bytes of it, offset and size fields included. */
  size = 0
  /** Where it begins in `bytes`, which the next call of `next` changes. */
  at = 0
  /** False if it is too large for memory: only its header is in `bytes`. */
  isWhole = true
  /** Once `next` has returned false. */
  end: WalkEnd | undefined
  private readonly window: WindowReader
  private readonly entryBytesMax: number
  private nextPosition: number

  constructor(handle: FileHandle, options: EntryWalkOptions = {}) {
    this.window = new WindowReader(handle, options.window ?? options.windowBytes ?? WINDOW_BYTES)
    this.entryBytesMax = options.entryBytesMax ?? ENTRY_BYTES_MAX
    this.nextPosition = options.from ?? 0
  }

  get bytes(): Uint8Array {
    return this.window.bytes
  }

  /** Bytes of the file. */
  get fileBytes(): number {
    return this.window.size
  }

  /** Bytes read from the file so far. */
  get bytesRead(): number {
    return this.window.bytesRead
  }

  get magic(): number {
    return this.bytes[this.at + MAGIC_AT]!
  }

  get lastOffset(): number {
    return lastOffsetAt(this.bytes, this.at)
  }

  /** The first offset field: of a batch its base offset, of a message its own, of a wrapper that of its last message. */
  get offsetField(): number {
    return readInt64(this.bytes, this.at)
  }

  /** Goes on behind damage, at a byte where an entry should begin again. */
  resumeAt(position: number): void {
    this.nextPosition = position
    this.end = undefined
  }

  /** Moves to the next entry; false at the end of what can be walked. */
  next(): boolean {
    if (this.end !== undefined) return false
    const position = this.nextPosition
    const left = this.window.size - position
    if (left <= 0) return this.ended({ kind: 'end', position })
    let at = this.window.need(position, ENTRY_OVERHEAD)
    if (at < 0) return this.ended({ kind: 'cut', position })
    const messageSize = readInt32(this.window.bytes, at + SIZE_AT)
    const size = ENTRY_OVERHEAD + messageSize
    if (messageSize < MESSAGE_SIZE_MIN) return this.ended({ kind: 'size', position, size: messageSize })
    if (size > left) return this.ended({ kind: 'cut', position, size })
    const isWhole = size <= this.entryBytesMax
    at = this.window.need(position, isWhole ? size : BATCH_OVERHEAD)
    // The file has become shorter meanwhile.
    if (at < 0) return this.ended({ kind: 'cut', position, size })
    const magic = this.window.bytes[at + MAGIC_AT]!
    if (magic > 2 || size < (magic === 2 ? BATCH_OVERHEAD : legacyOverhead(magic))) {
      return this.ended({ kind: 'magic', position, size, magic })
    }
    this.position = position
    this.size = size
    this.at = at
    this.isWhole = isWhole
    this.nextPosition = position + size
    return true
  }

  /** The fields of the entry by name. A view of the window: good until `next`. */
  batch(): Batch {
    return new Batch(this.window.bytes, this.at, this.at + this.size)
  }

  /** True if there are only zeros from a byte on. */
  isZeroFrom(position: number): boolean {
    const { window } = this
    for (let at = position; at < window.size; ) {
      const length = Math.min(WINDOW_BYTES, window.size - at)
      const from = window.need(at, length)
      if (from < 0) return false
      for (let i = from; i < from + length; i++) if (window.bytes[i] !== 0) return false
      at += length
    }
    return true
  }

  /** Compares the checksum stored in the entry with that of its bytes. */
  isCrcValid(): boolean {
    if (this.isWhole) return isCrcValid(this.window.bytes, this.at, this.at + this.size)
    return this.isLargeCrcValid()
  }

  private isLargeCrcValid(): boolean {
    const isBatch = this.magic === 2
    const stored = readInt32(this.bytes, this.at + (isBatch ? BATCH_CRC_AT : LEGACY_CRC_AT)) >>> 0
    const sum = isBatch ? crc32c : crc32
    const end = this.position + this.size
    const piece = new Uint8Array(Math.min(WINDOW_BYTES, this.size))
    let crc = 0
    for (let from = this.position + (isBatch ? BATCH_ATTRIBUTES_AT : MAGIC_AT); from < end; ) {
      const got = this.window.handle.read(from, piece, 0, Math.min(piece.length, end - from))
      if (got === 0) return false
      crc = sum(piece.subarray(0, got), crc)
      from += got
    }
    return crc === stored
  }

  private ended(end: WalkEnd): false {
    this.end = end
    return false
  }
}

/**
 * Opens a `.log` file and walks it, in memory where the sums of entries cost least. All that `body` is shown is good until
 * it returns.
 * @throws FileError
 */
export function walkFile<T>(
  files: FileSystem,
  path: string,
  entryBytesMax: number | undefined,
  body: (walk: EntryWalk) => T,
): T {
  const handle = files.open(path, { create: false })
  const window = borrowWindow(Math.min(WINDOW_BYTES, handle.size()))
  try {
    return body(
      new EntryWalk(handle, {
        ...(entryBytesMax === undefined ? {} : { entryBytesMax }),
        ...(window === undefined ? {} : { window }),
      }),
    )
  } finally {
    if (window !== undefined) returnWindow(window)
    handle.close()
  }
}

/** A walk's end in words, for whoever asks what is wrong with a file; undefined for the end of a whole file. */
export function describeWalkEnd(end: WalkEnd, fileBytes: number): string | undefined {
  const left = fileBytes - end.position
  switch (end.kind) {
    case 'end':
      return undefined
    case 'cut':
      return end.size === undefined
        ? `the last ${left} bytes are too few for an entry`
        : `an entry of ${end.size} bytes begins here, but the file holds only ${left} more`
    case 'size':
      return `an entry of impossible size: its size field says ${end.size}`
    case 'magic':
      return (end.magic ?? 0) > 2
        ? `an entry of unknown format (magic ${end.magic}, size ${end.size})`
        : `an entry of ${end.size} bytes, too small for one of format ${end.magic}`
  }
}
