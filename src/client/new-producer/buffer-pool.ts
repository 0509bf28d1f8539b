/**
 * The memory that batches may take up, `buffer.memory` (`BufferPool.java`): whoever finds too little waits, in the order of
 * coming, until batches that are done have given enough back.
 */
import type { Digest } from '../../host/index.ts'

interface Waiter {
  readonly bytes: number
  readonly granted: () => void
}

export class BufferPool {
  private available: number
  private readonly waiters: Waiter[] = []

  constructor(bytes: number) {
    this.available = bytes
  }

  /** Somebody waits. */
  get isExhausted(): boolean {
    return this.waiters.length > 0
  }

  get availableBytes(): number {
    return this.available
  }

  /** False if there is too little; nothing is taken then. */
  tryAllocate(bytes: number): boolean {
    if (this.waiters.length > 0 || bytes > this.available) return false
    this.available -= bytes
    return true
  }

  /** Calls `granted` as soon as there is enough. Returns a function that gives up waiting. */
  allocate(bytes: number, granted: () => void): () => void {
    const waiter = { bytes, granted }
    this.waiters.push(waiter)
    return () => {
      const index = this.waiters.indexOf(waiter)
      if (index >= 0) this.waiters.splice(index, 1)
    }
  }

  free(bytes: number): void {
    this.available += bytes
    for (let first = this.waiters[0]; first !== undefined && first.bytes <= this.available; first = this.waiters[0]) {
      this.waiters.shift()
      this.available -= first.bytes
      first.granted()
    }
  }

  digest(digest: Digest): void {
    digest.int(this.available).int(this.waiters.length)
  }
}
