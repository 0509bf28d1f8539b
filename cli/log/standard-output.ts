/**
 * Output of commands that may print gigabytes in one go: written straight to the descriptor, in pieces, so that nothing
 * piles up in memory and a reader that has gone away (`| head`) is noticed at once.
 */
import { writeSync } from 'node:fs'

const FLUSH_CHARACTERS = 65_536
/** Milliseconds to wait for a reader that is slow. */
const PATIENCE_MS = 5

/** The reader has closed its end: there is nobody left to tell, which is no failure. */
export class ClosedPipe extends Error {}

export class LineWriter {
  private readonly descriptor: number
  private pending: string[] = []
  private pendingCharacters = 0

  constructor(descriptor = 1) {
    this.descriptor = descriptor
  }

  /** @throws ClosedPipe */
  line(text: string): void {
    this.pending.push(text, '\n')
    this.pendingCharacters += text.length + 1
    if (this.pendingCharacters >= FLUSH_CHARACTERS) this.flush()
  }

  /** @throws ClosedPipe */
  flush(): void {
    if (this.pending.length === 0) return
    const bytes = Buffer.from(this.pending.join(''))
    this.pending = []
    this.pendingCharacters = 0
    for (let at = 0; at < bytes.length; ) at += this.write(bytes, at)
  }

  private write(bytes: Uint8Array, at: number): number {
    try {
      return writeSync(this.descriptor, bytes, at)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EPIPE') throw new ClosedPipe('nobody reads')
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE_MS)
      return 0
    }
  }
}
