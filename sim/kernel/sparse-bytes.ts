/**
 * Bytes in pages, of which only those written to exist: a preallocated file of zeros costs nothing, and an append
 * touches the last page only.
 */
const PAGE_BYTES = 4096

export class SparseBytes {
  private readonly pages: Array<Uint8Array | undefined> = []
  private bytes = 0

  get size(): number {
    return this.bytes
  }

  /** Copies what there is of `length` bytes at `position`; returns how many. */
  read(position: number, target: Uint8Array, targetOffset: number, length: number): number {
    const total = Math.max(0, Math.min(length, this.bytes - position))
    let done = 0
    while (done < total) {
      const at = position + done
      const inPage = at % PAGE_BYTES
      const part = Math.min(PAGE_BYTES - inPage, total - done)
      const page = this.pages[Math.floor(at / PAGE_BYTES)]
      const to = targetOffset + done
      if (page === undefined) target.fill(0, to, to + part)
      else if (part === PAGE_BYTES) target.set(page, to)
      else target.set(page.subarray(inPage, inPage + part), to)
      done += part
    }
    return total
  }

  write(position: number, bytes: Uint8Array): void {
    let done = 0
    while (done < bytes.length) {
      const at = position + done
      const inPage = at % PAGE_BYTES
      const part = Math.min(PAGE_BYTES - inPage, bytes.length - done)
      const page = this.page(Math.floor(at / PAGE_BYTES))
      page.set(part === bytes.length ? bytes : bytes.subarray(done, done + part), inPage)
      done += part
    }
    if (position + bytes.length > this.bytes) this.bytes = position + bytes.length
  }

  /** Cuts, or grows with a hole. */
  truncate(size: number): void {
    if (size < this.bytes) {
      const pagesKept = Math.ceil(size / PAGE_BYTES)
      if (this.pages.length > pagesKept) this.pages.length = pagesKept
      // What lies behind the cut in its page must read as zeros if the file grows again.
      if (size % PAGE_BYTES !== 0) this.pages[pagesKept - 1]?.fill(0, size % PAGE_BYTES)
    }
    this.bytes = size
  }

  private page(index: number): Uint8Array {
    let page = this.pages[index]
    if (page === undefined) {
      page = new Uint8Array(PAGE_BYTES)
      this.pages[index] = page
    }
    return page
  }
}
