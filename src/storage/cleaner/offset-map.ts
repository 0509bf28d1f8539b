/**
 * The last offset of each key in a stretch of a log (`SkimpyOffsetMap` of `kafka/log/OffsetMap.scala`). A key stands there
 * as its MD5 alone, 16 bytes beside 8 of offset, so that two keys with one MD5 are one key. How many fit is a matter of
 * the memory that `log.cleaner.dedupe.buffer.size` gives.
 *
 * Kafka allocates all of the memory, 500 MiB by default, and probes by further words of the hash. Here the table grows as
 * it fills and probes the next slot: which keys are found and how many fit is the same.
 */
import { md5Into } from './md5.ts'

/** MD5 and offset. */
export const BYTES_PER_ENTRY = 24
const CAPACITY_MIN = 1024
const EMPTY = -1

/** More distinct keys than the map has slots: in Kafka an IllegalArgumentException. */
export class OffsetMapFullError extends Error {
  constructor(slots: number) {
    super(`attempt to add a new entry to a full offset map of ${slots} slots`)
    this.name = 'OffsetMapFullError'
  }
}

export class OffsetMap {
  /** Entries that fit. */
  readonly slots: number
  private count = 0
  private latest = -1
  /** A power of two, at least twice as large as there are entries. */
  private capacity = CAPACITY_MIN
  private hashes = new Int32Array(4 * CAPACITY_MIN)
  private offsets = new Float64Array(CAPACITY_MIN).fill(EMPTY)
  private readonly digest = new Int32Array(4)

  /** @param memoryBytes what the map may take; a cleaner thread gets its share of the whole */
  constructor(memoryBytes: number) {
    this.slots = Math.floor(memoryBytes / BYTES_PER_ENTRY)
  }

  get size(): number {
    return this.count
  }

  /** Share of the slots that is taken, 0 to 1. */
  get utilization(): number {
    return this.count / this.slots
  }

  /** The highest offset that the map answers for, which need not be that of a key. */
  get latestOffset(): number {
    return this.latest
  }

  updateLatestOffset(offset: number): void {
    this.latest = offset
  }

  /**
   * Remembers the offset of a key, in place of an earlier one.
   * @throws OffsetMapFullError also if the key is there already, as in Kafka
   */
  put(key: Uint8Array, offset: number): void {
    if (this.count >= this.slots) throw new OffsetMapFullError(this.slots)
    md5Into(key, this.digest)
    const slot = this.slotOf(this.digest[0]!, this.digest[1]!, this.digest[2]!, this.digest[3]!)
    this.latest = offset
    const isNew = this.offsets[slot] === EMPTY
    this.offsets[slot] = offset
    if (!isNew) return
    this.hashes.set(this.digest, 4 * slot)
    this.count++
    if (2 * this.count > this.capacity) this.grow()
  }

  /** The last offset of a key, or -1. */
  get(key: Uint8Array): number {
    md5Into(key, this.digest)
    return this.offsets[this.slotOf(this.digest[0]!, this.digest[1]!, this.digest[2]!, this.digest[3]!)]!
  }

  clear(): void {
    this.count = 0
    this.latest = -1
    this.offsets.fill(EMPTY)
  }

  /** Where the hash is, or would go. */
  private slotOf(a: number, b: number, c: number, d: number): number {
    const { hashes, offsets } = this
    const mask = this.capacity - 1
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      if (offsets[slot] === EMPTY) return slot
      const at = 4 * slot
      if (hashes[at] === a && hashes[at + 1] === b && hashes[at + 2] === c && hashes[at + 3] === d) return slot
    }
  }

  private grow(): void {
    const { hashes, offsets } = this
    this.capacity *= 2
    this.hashes = new Int32Array(4 * this.capacity)
    this.offsets = new Float64Array(this.capacity).fill(EMPTY)
    for (let old = 0; old < offsets.length; old++) {
      if (offsets[old] === EMPTY) continue
      const at = 4 * old
      const slot = this.slotOf(hashes[at]!, hashes[at + 1]!, hashes[at + 2]!, hashes[at + 3]!)
      this.hashes.set(hashes.subarray(at, at + 4), 4 * slot)
      this.offsets[slot] = offsets[old]!
    }
  }
}
