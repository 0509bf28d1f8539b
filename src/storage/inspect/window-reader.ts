/**
 * Reads a file through a window of fixed size, so that a file of any size is walked in little memory. The size counts as
 * it was when the reader was made: a log that a broker still writes is read as far as it was then.
 */
import type { FileHandle } from '../../host/index.ts'

export const WINDOW_BYTES = 262_144

export class WindowReader {
  readonly handle: FileHandle
  /** Bytes of the file. */
  readonly size: number
  /** The window; valid from `start` on for `filled` bytes. Replaced when it must grow. */
  bytes: Uint8Array
  /** Byte of the file that the window begins with. */
  start = 0
  filled = 0
  /** Bytes that were read from the file so far. */
  bytesRead = 0
  /** The window of usual size. */
  private readonly usual: Uint8Array

  /** @param window memory to use, or the size of a window to make; never more than the file takes */
  constructor(handle: FileHandle, window: Uint8Array | number = WINDOW_BYTES) {
    this.handle = handle
    this.size = handle.size()
    this.usual = typeof window === 'number' ? new Uint8Array(Math.min(window, this.size)) : window
    this.bytes = this.usual
  }

  /**
   * Sees to it that `length` bytes at `position` are in the window, which grows for it if it must, but never beyond the
   * file. Returns their place in `bytes`, or -1 if the file ends before.
   */
  need(position: number, length: number): number {
    const at = position - this.start
    if (at >= 0 && at + length <= this.filled) return at
    if (position < 0 || position + length > this.size) return -1
    // An entry larger than the window is rare: the next one of usual size gets the usual window back.
    const room = Math.max(this.usual.length, length)
    if (this.bytes.length !== room) this.bytes = room === this.usual.length ? this.usual : new Uint8Array(room)
    this.start = position
    this.filled = this.handle.read(position, this.bytes, 0, Math.min(room, this.size - position))
    this.bytesRead += this.filled
    return this.filled < length ? -1 : 0
  }
}
