import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../sim/kernel/memory-files.ts'
import { InvariantError, readFile } from '../../../src/host/index.ts'
import { CorruptLogError, IndexOffsetError, OffsetIndex } from '../../../src/storage/index.ts'
import vectors from '../../fixtures/kafka-vectors.json' with { type: 'json' }
import { bytesToHex, rewrite } from './support.ts'

const PATH = '00000000000000001000.index'

function indexWith(entries: ReadonlyArray<readonly [number, number]>, baseOffset = 1000, maxBytes = 1000) {
  const files = new MemoryFileSystem()
  const index = new OffsetIndex(files, PATH, baseOffset, maxBytes)
  for (const [relativeOffset, position] of entries) index.append(baseOffset + relativeOffset, position)
  return { files, index }
}

/** Entries as they grow: rising relative offsets and positions. */
const risingEntries = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5000 })), { maxLength: 60 })
  .map((steps) => {
    let [offset, position] = [-1, -1]
    return steps.map(([o, p]) => [(offset += o), (position += p)] as const)
  })

describe('the offset index', () => {
  it('resolves relative offset 16 to the entry for 10, at byte 98, in the table 1:0 5:6 10:98 100:1200', () => {
    const { index } = indexWith([
      [1, 0],
      [5, 6],
      [10, 98],
      [100, 1200],
    ])
    expect(index.lookup(1016)).toEqual({ offset: 1010, position: 98 })
    expect(index.positionFor(1016)).toBe(98)
    expect(index.lookup(1000)).toEqual({ offset: 1000, position: 0 })
    expect(index.lookup(1001)).toEqual({ offset: 1001, position: 0 })
    expect(index.lookup(1005)).toEqual({ offset: 1005, position: 6 })
    expect(index.lookup(1099)).toEqual({ offset: 1010, position: 98 })
    expect(index.lookup(5000)).toEqual({ offset: 1100, position: 1200 })
  })

  it('writes entries of eight bytes, relative offset and position', () => {
    const { files, index } = indexWith([[10, 4321]])
    index.trim()
    expect(bytesToHex(readFile(files, PATH))).toBe(vectors.index_entry.hex)
  })

  it('agrees with a linear scan at every offset', () => {
    fc.assert(
      fc.property(risingEntries, fc.integer({ min: -5, max: 2500 }), (entries, target) => {
        const { index } = indexWith(entries)
        const best = entries.findLast(([relativeOffset]) => relativeOffset <= target) ?? [0, 0]
        expect(index.lookup(1000 + target)).toEqual({ offset: 1000 + best[0], position: best[1] })
        expect(index.positionFor(1000 + target)).toBe(best[1])
      }),
      { numRuns: 500 },
    )
  })

  it('is allocated to a multiple of eight bytes, full of zeros, and trimmed to its entries', () => {
    const { files, index } = indexWith([[3, 7]], 1000, 67)
    expect(readFile(files, PATH)).toEqual(Uint8Array.of(0, 0, 0, 3, 0, 0, 0, 7, ...new Array(56).fill(0)))
    index.trim()
    expect(readFile(files, PATH)).toHaveLength(8)
    index.grow()
    expect(readFile(files, PATH)).toHaveLength(64)
  })

  it('is full when its file is, and again has room once grown', () => {
    const { index } = indexWith([[1, 1]], 0, 16)
    expect(index.isFull).toBe(false)
    index.append(2, 2)
    expect(index.isFull).toBe(true)
    expect(() => index.append(3, 3)).toThrow(InvariantError)
    index.truncateTo(2)
    index.trim()
    expect(index.isFull).toBe(true)
    index.grow()
    expect(index.isFull).toBe(false)
  })

  it('refuses an entry that does not rise', () => {
    const { index } = indexWith([[5, 10]])
    expect(() => index.append(1005, 20)).toThrow(IndexOffsetError)
    expect(index.entries).toBe(1)
  })

  it('keeps exactly the entries below the offset it is truncated to, with zeros behind them', () => {
    fc.assert(
      fc.property(risingEntries, fc.integer({ min: -5, max: 2500 }), (entries, target) => {
        const { files, index } = indexWith(entries)
        index.truncateTo(1000 + target)
        const kept = entries.filter(([relativeOffset]) => relativeOffset < target)
        expect(index.entries).toBe(kept.length)
        expect(index.lastOffset).toBe(1000 + (kept.at(-1)?.[0] ?? 0))
        const bytes = readFile(files, PATH)
        expect(bytes).toHaveLength(1000)
        expect(bytes.subarray(8 * kept.length).every((byte) => byte === 0)).toBe(true)
        const next = (kept.at(-1)?.[0] ?? 0) + 1
        index.append(1000 + next, 99_999)
        expect(index.lookup(1000 + next).position).toBe(99_999)
      }),
    )
  })

  it('takes a file that it finds to be full of entries, and reads them when asked', () => {
    const { files, index } = indexWith([
      [1, 10],
      [4, 20],
    ])
    index.trim()
    index.close()
    const again = new OffsetIndex(files, PATH, 1000, 1000)
    expect([again.entries, again.isFull, again.lastOffset]).toEqual([2, true, 1004])
    again.grow()
    again.append(1009, 30)
    expect(again.lookup(1003)).toEqual({ offset: 1001, position: 10 })
    expect(again.lookup(1009)).toEqual({ offset: 1009, position: 30 })
  })

  it('takes its last entry back', () => {
    const { files, index } = indexWith([
      [1, 10],
      [4, 20],
    ])
    index.dropLast()
    expect([index.entries, index.lastOffset]).toEqual([1, 1001])
    expect(
      readFile(files, PATH)
        .subarray(8)
        .every((byte) => byte === 0),
    ).toBe(true)
  })

  it('fails its sanity check when untrimmed, of an odd size, or pointing past the log', () => {
    const reopened = (change: (bytes: Uint8Array) => Uint8Array) => {
      const { files, index } = indexWith([[5, 40]])
      index.trim()
      rewrite(files, PATH, change)
      return new OffsetIndex(files, PATH, 1000, 1000)
    }
    expect(() => reopened((bytes) => bytes).sanityCheck(41)).not.toThrow()
    expect(() => reopened((bytes) => bytes).sanityCheck(40)).toThrow(/position 40 in a log of 40 bytes/)
    expect(() => reopened(() => new Uint8Array(16)).sanityCheck(100)).toThrow(/last offset 1000, base offset 1000/)
    expect(() => reopened(() => Uint8Array.of(0, 0, 0)).sanityCheck(100)).toThrow(CorruptLogError)
    expect(() => reopened(() => new Uint8Array(0)).sanityCheck(0)).not.toThrow()
  })
})
