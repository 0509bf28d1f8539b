/**
 * A running 64-bit hash (two 32-bit FNV-1a-like lanes with different multipliers), the same in every engine.
 * Used for the trace hash and for `Process.digest`: equal digests mean equal futures, so feed everything that matters,
 * in a fixed order, and nothing that does not.
 */
export class Digest {
  private low = 0x811c9dc5
  private high = 0x9e3779b9

  /** Feeds a 32-bit word. */
  word(value: number): this {
    this.low = Math.imul(this.low ^ value, 0x01000193)
    this.low ^= this.low >>> 15
    this.high = Math.imul(this.high ^ value, 0x85ebca6b)
    this.high ^= this.high >>> 13
    return this
  }

  /** Feeds any safe integer. */
  int(value: number): this {
    return this.word(value | 0).word(Math.floor(value / 0x1_0000_0000) | 0)
  }

  boolean(value: boolean): this {
    return this.word(value ? 1 : 2)
  }

  string(value: string): this {
    for (let i = 0; i < value.length; i++) this.word(value.charCodeAt(i))
    return this.word(value.length)
  }

  bytes(value: Uint8Array): this {
    for (let i = 0; i < value.length; i++) this.word(value[i]!)
    return this.word(value.length)
  }

  /** Sixteen hexadecimal digits. */
  hex(): string {
    return hex32(this.low) + hex32(this.high)
  }
}

const hex32 = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
