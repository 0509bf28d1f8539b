/**
 * What the indexes of a segment have in common (`kafka/log/AbstractIndex.scala`): entries of two rising numbers in a file,
 * kept in memory from the first lookup on, found by binary search on the first of the two.
 */
import { type FileSystem, invariant } from '../host/index.ts'
import { IndexFile } from './index-file.ts'

/** Entries of a fresh cache; it doubles as needed. */
const CACHE_ENTRIES_MIN = 16

export abstract class SegmentIndex<Cells extends Int32Array | Float64Array> {
  readonly baseOffset: number
  readonly file: IndexFile
  /** Entries as pairs of numbers; read from the file when first needed. */
  protected cache: Cells | undefined

  /** Opens the file as it is, or makes a new one of full size. */
  constructor(files: FileSystem, path: string, baseOffset: number, entrySize: number, maxIndexBytes: number) {
    this.baseOffset = baseOffset
    this.file = new IndexFile(files, path, entrySize, maxIndexBytes)
    if (this.file.isNew) this.cache = this.cells(2 * CACHE_ENTRIES_MIN)
  }

  get path(): string {
    return this.file.path
  }

  /** Number of entries. */
  get entries(): number {
    return this.file.entries
  }

  /** Takes back the entry added last, after the append that it was for has failed. */
  dropLast(): void {
    this.file.dropLast()
  }

  /** Empties the file, whatever it holds, and gives it its full size. */
  reset(): void {
    this.file.clear()
    this.file.grow()
    this.cache ??= this.cells(2 * CACHE_ENTRIES_MIN)
  }

  /** Gives the file its full size again. */
  grow(): void {
    this.file.grow()
  }

  /** Cuts the file behind the last entry. */
  trim(): void {
    this.file.trim()
  }

  flush(): void {
    this.file.flush()
  }

  close(): void {
    this.file.close()
  }

  /** Room for so many numbers. */
  protected abstract cells(length: number): Cells

  /** Puts the entry that begins at byte `at` into `cells`, from cell `cell` on. */
  protected abstract decode(bytes: Uint8Array, at: number, cells: Cells, cell: number): void

  /** The offset, relative to the base, as an entry stores it. */
  protected relative(offset: number): number {
    const relativeOffset = offset - this.baseOffset
    invariant(relativeOffset === (relativeOffset | 0), () => `offset ${offset} does not fit into ${this.path}`)
    return relativeOffset
  }

  /** Slot of the last entry whose first number is at or below `target`, or -1. */
  protected slotAtOrBelow(target: number): number {
    const cells = this.loaded()
    let low = -1
    let high = this.entries - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (cells[2 * middle]! <= target) low = middle
      else high = middle - 1
    }
    return low
  }

  protected loaded(): Cells {
    if (this.cache !== undefined) return this.cache
    const bytes = this.file.readAll()
    const cells = this.cells(2 * Math.max(this.entries, CACHE_ENTRIES_MIN))
    for (let slot = 0; slot < this.entries; slot++) this.decode(bytes, slot * this.file.entrySize, cells, 2 * slot)
    this.cache = cells
    return cells
  }

  /** Adds an entry at the end, to the file and to the cache: its bytes, and its two numbers. */
  protected push(bytes: Uint8Array, first: number, second: number): void {
    let cells = this.loaded()
    const cell = 2 * this.entries
    this.file.append(bytes)
    if (cell >= cells.length) {
      const larger = this.cells(2 * cells.length)
      larger.set(cells)
      this.cache = larger
      cells = larger
    }
    cells[cell] = first
    cells[cell + 1] = second
  }
}
