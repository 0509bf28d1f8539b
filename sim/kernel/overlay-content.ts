/** A file's content over that of a file which is only read: pages are copied when they are first written. */
import type { FileSystem } from '../../src/host/index.ts'
import type { FileContent } from './memory-files.ts'

const PAGE_BYTES = 4096

export class OverlayContent implements FileContent {
  readonly basePath: string
  private readonly base: FileSystem
  private readonly pages = new Map<number, Uint8Array>()
  private bytes: number
  /** Bytes of the file below that still show through; what lies behind is zero unless written. */
  private visible: number
  private isTouched = false

  constructor(base: FileSystem, basePath: string, size: number) {
    this.base = base
    this.basePath = basePath
    this.bytes = size
    this.visible = size
  }

  get size(): number {
    return this.bytes
  }

  /** It was cut or written, perhaps with what was there before. */
  get touched(): boolean {
    return this.isTouched
  }

  read(position: number, target: Uint8Array, targetOffset: number, length: number): number {
    const total = Math.max(0, Math.min(length, this.bytes - position))
    let done = 0
    while (done < total) {
      const at = position + done
      const page = this.pages.get(Math.floor(at / PAGE_BYTES))
      const part =
        page === undefined
          ? this.untouchedRun(at, total - done)
          : Math.min(PAGE_BYTES - (at % PAGE_BYTES), total - done)
      const to = targetOffset + done
      if (page === undefined) this.readBase(at, target, to, part)
      else target.set(page.subarray(at % PAGE_BYTES, (at % PAGE_BYTES) + part), to)
      done += part
    }
    return total
  }

  write(position: number, bytes: Uint8Array): void {
    this.isTouched = true
    let done = 0
    while (done < bytes.length) {
      const at = position + done
      const part = Math.min(PAGE_BYTES - (at % PAGE_BYTES), bytes.length - done)
      this.page(Math.floor(at / PAGE_BYTES)).set(bytes.subarray(done, done + part), at % PAGE_BYTES)
      done += part
    }
    this.bytes = Math.max(this.bytes, position + bytes.length)
  }

  truncate(size: number): void {
    if (size === this.bytes) return
    this.isTouched = true
    if (size < this.bytes) {
      const last = Math.floor(size / PAGE_BYTES)
      for (const index of this.pages.keys())
        if (index > last || (index === last && size % PAGE_BYTES === 0)) this.pages.delete(index)
      this.pages.get(last)?.fill(0, size % PAGE_BYTES)
      this.visible = Math.min(this.visible, size)
    }
    this.bytes = size
  }

  /** Bytes from `at` on that no written page interrupts. */
  private untouchedRun(at: number, most: number): number {
    if (this.pages.size === 0) return most
    let end = (Math.floor(at / PAGE_BYTES) + 1) * PAGE_BYTES
    while (end < at + most && !this.pages.has(end / PAGE_BYTES)) end += PAGE_BYTES
    return Math.min(most, end - at)
  }

  private readBase(position: number, target: Uint8Array, to: number, length: number): void {
    const there = Math.max(0, Math.min(length, this.visible - position))
    let got = 0
    if (there > 0) {
      // Not kept open: nobody says when a file of memory is done with, and there may be thousands.
      const handle = this.base.open(this.basePath, { create: false })
      try {
        got = handle.read(position, target, to, there)
      } finally {
        handle.close()
      }
    }
    target.fill(0, to + got, to + length)
  }

  private page(index: number): Uint8Array {
    let page = this.pages.get(index)
    if (page === undefined) {
      page = new Uint8Array(PAGE_BYTES)
      this.readBase(index * PAGE_BYTES, page, 0, PAGE_BYTES)
      this.pages.set(index, page)
    }
    return page
  }
}
