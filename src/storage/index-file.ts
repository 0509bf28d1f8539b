/**
 * A file of entries of equal size, as all indexes of a segment are (`kafka/log/AbstractIndex.scala`; formats.md 2.2).
 * While the segment is active the file is allocated to its full size and zero past the last entry; trimmed, it holds
 * nothing but entries, and a file found at start-up is taken to be full of them.
 */
import { FileError, type FileHandle, type FileSystem, invariant } from '../host/index.ts'
import { CorruptLogError } from './errors.ts'

/** Entries that are written together while an index is built. */
const BUILDING_ENTRIES = 4096

export class IndexFile {
  /** Changes when the file is renamed. */
  path: string
  readonly entrySize: number
  /** Full size of the file, in bytes. */
  readonly maxBytes: number
  /** The file was not there before. */
  readonly isNew: boolean
  private readonly handle: FileHandle
  private fileBytes: number
  private count: number
  /** Bytes of the last entries, which are not in the file yet; undefined unless the index is being built. */
  private held: Uint8Array | undefined
  private heldBytes = 0

  /** Opens the file as it is, or makes a new one of full size. */
  constructor(files: FileSystem, path: string, entrySize: number, maxBytes: number) {
    this.path = path
    this.entrySize = entrySize
    this.maxBytes = Math.floor(maxBytes / entrySize) * entrySize
    this.isNew = files.status(path) === undefined
    this.handle = files.open(path, { create: true })
    try {
      if (this.isNew) this.handle.truncate(this.maxBytes)
      this.fileBytes = this.handle.size()
    } catch (error) {
      this.handle.close()
      throw error
    }
    this.count = this.isNew ? 0 : Math.floor(this.fileBytes / entrySize)
  }

  /** Number of entries. */
  get entries(): number {
    return this.count
  }

  /** Entries that the file has room for as it is. */
  get capacity(): number {
    return Math.floor(this.fileBytes / this.entrySize)
  }

  /** All entries, read from the file. */
  readAll(): Uint8Array {
    const bytes = new Uint8Array(this.count * this.entrySize)
    this.handle.read(0, bytes, 0, bytes.length)
    return bytes
  }

  /** One entry, read from the file. */
  read(slot: number): Uint8Array {
    const bytes = new Uint8Array(this.entrySize)
    this.handle.read(slot * this.entrySize, bytes, 0, this.entrySize)
    return bytes
  }

  /** Adds an entry at the end. */
  append(bytes: Uint8Array): void {
    invariant(this.count < this.capacity, () => `${this.path} is full with ${this.count} entries`)
    if (this.held === undefined) this.handle.write(this.count * this.entrySize, bytes)
    else this.hold(bytes, this.held)
    this.count++
  }

  /**
   * The entries are written many at a time from here on, until the file is trimmed, flushed or cleared: for an index that
   * is built anew, which nobody trusts before it is flushed.
   */
  beginBuilding(): void {
    this.held ??= new Uint8Array(BUILDING_ENTRIES * this.entrySize)
  }

  /** Takes back the entry added last, after the append that it was for has failed. */
  dropLast(): void {
    invariant(this.count > 0, () => `${this.path} has no entry to drop`)
    this.count--
    try {
      this.handle.write(this.count * this.entrySize, new Uint8Array(this.entrySize))
    } catch (error) {
      // The next entry overwrites it, and trimming cuts it off.
      if (!(error instanceof FileError)) throw error
    }
  }

  /** Drops the entries from slot `keep` on; the file's size stays, with zeros behind the entries that are left. */
  keep(keep: number): void {
    if (keep === this.count) return
    this.handle.truncate(keep * this.entrySize)
    this.handle.truncate(this.fileBytes)
    this.count = keep
  }

  /** Empties the file, whatever it holds. */
  clear(): void {
    this.held = undefined
    this.heldBytes = 0
    this.handle.truncate(0)
    this.fileBytes = 0
    this.count = 0
  }

  /** Gives the file its full size again. */
  grow(): void {
    this.resize(Math.max(this.maxBytes, this.count * this.entrySize))
  }

  /** Cuts the file behind the last entry. */
  trim(): void {
    this.endBuilding()
    this.resize(this.count * this.entrySize)
  }

  flush(): void {
    this.endBuilding()
    this.handle.sync()
  }

  close(): void {
    this.handle.close()
  }

  /** @throws CorruptLogError the size is no multiple of that of an entry */
  checkSize(): void {
    if (this.fileBytes % this.entrySize !== 0) {
      throw new CorruptLogError(this.path, this.fileBytes, `its size is not a multiple of ${this.entrySize}`)
    }
  }

  private hold(bytes: Uint8Array, held: Uint8Array): void {
    if (this.heldBytes === held.length) this.writeHeld(held)
    held.set(bytes, this.heldBytes)
    this.heldBytes += bytes.length
  }

  private writeHeld(held: Uint8Array): void {
    this.handle.write(this.count * this.entrySize - this.heldBytes, held.subarray(0, this.heldBytes))
    this.heldBytes = 0
  }

  private endBuilding(): void {
    if (this.held !== undefined && this.heldBytes > 0) this.writeHeld(this.held)
    this.held = undefined
  }

  private resize(bytes: number): void {
    if (bytes === this.fileBytes) return
    this.handle.truncate(bytes)
    this.fileBytes = bytes
  }
}
