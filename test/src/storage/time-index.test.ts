import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../sim/kernel/memory-files.ts'
import { readFile } from '../../../src/host/index.ts'
import { CorruptLogError, IndexOffsetError, TimeIndex } from '../../../src/storage/index.ts'
import { bytesToHex, rewrite } from './support.ts'

const PATH = '00000000000000001000.timeindex'
const NONE = { timestamp: -1, offset: 1000 }

function indexWith(entries: ReadonlyArray<readonly [number, number]>, maxBytes = 1200) {
  const files = new MemoryFileSystem()
  const index = new TimeIndex(files, PATH, 1000, maxBytes)
  for (const [timestamp, relativeOffset] of entries) index.maybeAppend(timestamp, 1000 + relativeOffset)
  return { files, index }
}

const rising = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 40 })), { maxLength: 40 })
  .map((steps) => {
    let [timestamp, offset] = [1_600_000_000_000, 0]
    return steps.map(([t, o]) => [(timestamp += t), (offset += o)] as const)
  })

describe('the time index', () => {
  it('writes entries of twelve bytes, timestamp and relative offset, and is allocated to a multiple of them', () => {
    const { files, index } = indexWith([[1_700_000_000_000, 10]], 10_485_760)
    expect(readFile(files, PATH)).toHaveLength(10_485_756)
    index.trim()
    expect(bytesToHex(readFile(files, PATH))).toBe('0000018bcfe568000000000a')
  })

  it('agrees with a linear scan at every time', () => {
    fc.assert(
      fc.property(rising, fc.integer({ min: -5, max: 30_000 }), (entries, after) => {
        const { index } = indexWith(entries)
        const target = 1_600_000_000_000 + after
        const best = entries.findLast(([timestamp]) => timestamp <= target)
        const expected = best === undefined ? NONE : { timestamp: best[0], offset: 1000 + best[1] }
        expect(index.lookup(target)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('takes only entries whose time is larger, and refuses one whose offset falls', () => {
    const { index } = indexWith([[5, 3]])
    expect(index.maybeAppend(5, 1009)).toBe(false)
    expect(index.maybeAppend(4, 1009)).toBe(false)
    expect(index.maybeAppend(-1, 1009)).toBe(false)
    expect(() => index.maybeAppend(6, 1002)).toThrow(IndexOffsetError)
    expect(index.maybeAppend(6, 1003)).toBe(true)
    expect(index.entries).toBe(2)
  })

  it('is full one entry early, so that the closing entry fits', () => {
    const { index } = indexWith([[1, 1]], 36)
    expect(index.isFull).toBe(false)
    index.maybeAppend(2, 1002)
    expect(index.isFull).toBe(true)
    expect(index.maybeAppend(3, 1003)).toBe(true)
    expect(index.maybeAppend(4, 1004)).toBe(false)
  })

  it('keeps exactly the entries below the offset it is truncated to', () => {
    fc.assert(
      fc.property(rising, fc.nat(1600), (entries, target) => {
        const { files, index } = indexWith(entries)
        const before = index.entries
        index.truncateTo(1000 + target)
        const kept = entries.filter(([, offset]) => offset < target)
        expect(index.entries).toBe(kept.length)
        const last = kept.at(-1)
        expect(index.lastEntry).toEqual(last === undefined ? NONE : { timestamp: last[0], offset: 1000 + last[1] })
        expect(
          readFile(files, PATH)
            .subarray(12 * kept.length, 12 * before)
            .every((byte) => byte === 0),
        ).toBe(true)
      }),
    )
  })

  it('takes a file that it finds to be full of entries', () => {
    const { files, index } = indexWith([
      [7, 1],
      [9, 4],
    ])
    index.trim()
    index.close()
    const again = new TimeIndex(files, PATH, 1000, 1200)
    expect([again.entries, again.isFull, again.lastEntry]).toEqual([2, true, { timestamp: 9, offset: 1004 }])
    again.grow()
    expect(again.maybeAppend(11, 1009)).toBe(true)
    expect(again.lookup(10)).toEqual({ timestamp: 9, offset: 1004 })
  })

  it('fails its check where times fall, an offset lies below the base, or an entry is cut short', () => {
    const check = (change: (bytes: Uint8Array) => Uint8Array) => {
      const { files, index } = indexWith([
        [7, 1],
        [9, 4],
      ])
      index.trim()
      rewrite(files, PATH, change)
      return () => new TimeIndex(files, PATH, 1000, 1200).sanityCheck()
    }
    const set = (at: number, value: number) => (bytes: Uint8Array) => {
      const copy = bytes.slice()
      copy[at] = value
      return copy
    }
    expect(check((bytes) => bytes)).not.toThrow()
    expect(check(set(19, 3))).toThrow(CorruptLogError)
    expect(check(set(20, 0x80))).toThrow(CorruptLogError)
    expect(check((bytes) => bytes.subarray(0, 20))).toThrow(CorruptLogError)
  })
})
