/**
 * Output of commands that may print gigabytes in one go: written straight to the descriptor, in pieces, so that nothing
 * piles up in memory and a reader that has gone away (`| head`) is noticed at once.
 */
import { writeSync } from 'node:fs'

const BUFFER_BYTES = 65_536
/** Most bytes that a character of a string takes in UTF-8. */
const CHARACTER_BYTES_MAX = 3
const NEW_LINE = 0x0a
/** Milliseconds to wait for a reader that is slow. */
const PATIENCE_MS = 5

/** The reader has closed its end: there is nobody left to tell, which is no failure. */
export class ClosedPipe extends Error {}

export class LineWriter {
  private readonly descriptor: number
  /** Lines become bytes at once: as strings that wait for one another they would outlive the young generation. */
  private readonly buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  private filled = 0

  constructor(descriptor = 1) {
    this.descriptor = descriptor
  }

  /** @throws ClosedPipe */
  line(text: string): void {
    const room = CHARACTER_BYTES_MAX * text.length + 1
    if (this.filled + room > BUFFER_BYTES) this.flush()
    if (room > BUFFER_BYTES) {
      this.writeAll(Buffer.from(`${text}\n`))
      return
    }
    this.filled += this.buffer.write(text, this.filled)
    this.buffer[this.filled++] = NEW_LINE
  }

  /** @throws ClosedPipe */
  flush(): void {
    const bytes = this.buffer.subarray(0, this.filled)
    this.filled = 0
    this.writeAll(bytes)
  }

  private writeAll(bytes: Uint8Array): void {
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
