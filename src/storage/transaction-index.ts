/**
 * The `.txnindex` file of a segment, since 0.11 (`kafka/log/TransactionIndex.scala`; formats.md 2.4): the aborted
 * transactions whose markers are in the segment, 34 bytes each, in the order of the markers. There is no file before the
 * first of them.
 */
import { type FileHandle, type FileSystem, invariant, readFile } from '../host/index.ts'
import { readInt64, writeInt64 } from './big-endian.ts'
import { CorruptLogError } from './errors.ts'

const VERSION = 0
const ENTRY_SIZE = 34

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the marker. */
  readonly lastOffset: number
  /** All below was decided when the marker had been written. */
  readonly lastStableOffset: number
}

export class TransactionIndex {
  /** Changes when the file is renamed. */
  path: string
  private readonly files: FileSystem
  private readonly baseOffset: number
  /** Undefined while there is no file. */
  private handle: FileHandle | undefined
  /** Read when first needed. */
  private row: AbortedTransaction[] | undefined

  constructor(files: FileSystem, path: string, baseOffset: number) {
    this.files = files
    this.path = path
    this.baseOffset = baseOffset
    if (files.status(path) !== undefined) this.handle = files.open(path, { create: false })
    else this.row = []
  }

  get exists(): boolean {
    return this.handle !== undefined
  }

  /** In the order of the markers; bytes behind the last whole entry are passed over. @throws CorruptLogError */
  get transactions(): readonly AbortedTransaction[] {
    return this.loaded()
  }

  append(transaction: AbortedTransaction): void {
    const row = this.loaded()
    const last = row.at(-1)?.lastOffset
    invariant(
      last === undefined || last < transaction.lastOffset,
      () => `${this.path}: marker ${transaction.lastOffset} after ${last}`,
    )
    this.handle ??= this.files.open(this.path, { create: true })
    this.handle.write(row.length * ENTRY_SIZE, encode(transaction))
    row.push(transaction)
  }

  /** Drops the transactions whose markers are at or above `offset`. */
  truncateTo(offset: number): void {
    const row = this.loaded()
    const keep = row.findIndex(({ lastOffset }) => lastOffset >= offset)
    if (keep < 0) return
    this.handle?.truncate(keep * ENTRY_SIZE)
    row.length = keep
  }

  /** Empties the file, if there is one. */
  reset(): void {
    this.handle?.truncate(0)
    this.row = []
  }

  flush(): void {
    this.handle?.sync()
  }

  close(): void {
    this.handle?.close()
    this.handle = undefined
  }

  /** @throws CorruptLogError a marker is below the segment, or the version is not known */
  sanityCheck(): void {
    for (const [slot, { lastOffset }] of this.loaded().entries()) {
      if (lastOffset < this.baseOffset) {
        throw new CorruptLogError(this.path, slot * ENTRY_SIZE, `marker ${lastOffset} below ${this.baseOffset}`)
      }
    }
  }

  private loaded(): AbortedTransaction[] {
    this.row ??= readAbortedTransactions(this.files, this.path)
    return this.row
  }
}

/** The entries of a `.txnindex`. @throws CorruptLogError the version is not known; FileError */
export function readAbortedTransactions(files: FileSystem, path: string): AbortedTransaction[] {
  const bytes = readFile(files, path)
  const found: AbortedTransaction[] = []
  for (let at = 0; at + ENTRY_SIZE <= bytes.length; at += ENTRY_SIZE) {
    const version = (bytes[at]! << 8) | bytes[at + 1]!
    if (version > VERSION) throw new CorruptLogError(path, at, `version ${version}`)
    found.push({
      producerId: readInt64(bytes, at + 2),
      firstOffset: readInt64(bytes, at + 10),
      lastOffset: readInt64(bytes, at + 18),
      lastStableOffset: readInt64(bytes, at + 26),
    })
  }
  return found
}

function encode({ producerId, firstOffset, lastOffset, lastStableOffset }: AbortedTransaction): Uint8Array {
  const bytes = new Uint8Array(ENTRY_SIZE)
  writeInt64(bytes, 2, producerId)
  writeInt64(bytes, 10, firstOffset)
  writeInt64(bytes, 18, lastOffset)
  writeInt64(bytes, 26, lastStableOffset)
  return bytes
}
