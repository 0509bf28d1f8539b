import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../sim/kernel/memory-files.ts'
import { fromUtf8, readFile, utf8 } from '../../../src/host/index.ts'
import {
  buildRecords,
  CorruptLogError,
  LeaderEpochCache,
  type LeaderEpochRules,
  type Log,
  logFormat21,
  logFormat24,
  logFormat27,
  logFormat011,
  UNDEFINED_EPOCH_END,
} from '../../../src/storage/index.ts'
import { copyFiles, open, rewrite, StorageHost } from './support.ts'

const FILE = 'orders-0/leader-epoch-checkpoint'
const cacheOf = (rules: LeaderEpochRules, ...entries: Array<[number, number]>): LeaderEpochCache => {
  const cache = new LeaderEpochCache(new MemoryFileSystem(), '', rules)
  for (const [epoch, startOffset] of entries) cache.assign(epoch, startOffset)
  return cache
}
const pairsOf = (cache: LeaderEpochCache | undefined) =>
  cache?.entries.map(({ epoch, startOffset }) => [epoch, startOffset])
const allRules: readonly LeaderEpochRules[] = ['kip-101', 'kip-279', 'latest-wins']

const batch = (epoch: number, baseOffset: number, count = 1): Uint8Array =>
  buildRecords(
    Array.from({ length: count }, (_, i) => ({ key: null, value: utf8(`v${i}`) })),
    { magic: 2, baseOffset, partitionLeaderEpoch: epoch },
  )

const lead = (log: Log, epoch: number): void =>
  void log.append(batch(-1, 0), { assignOffsets: true, partitionLeaderEpoch: epoch })

describe('a leader epoch cache', () => {
  it.each(allRules)('knows nothing at first and says so (%s)', (rules) => {
    const cache = cacheOf(rules)
    expect(cache.latestEpoch).toBeUndefined()
    for (const epoch of [-1, 0, 7]) expect(cache.endOffsetFor(epoch, 5)).toEqual(UNDEFINED_EPOCH_END)
  })

  it.each(allRules)('says that the latest epoch ends at the log end offset (%s)', (rules) => {
    expect(cacheOf(rules, [2, 0], [4, 10]).endOffsetFor(4, 17)).toEqual({ epoch: 4, endOffset: 17 })
  })

  it.each(allRules)('has no answer for an epoch above the latest (%s)', (rules) => {
    expect(cacheOf(rules, [2, 0]).endOffsetFor(3, 17)).toEqual(UNDEFINED_EPOCH_END)
  })

  it('answers for an epoch that it never had with the start of the next one, and since KIP-279 with the one before', () => {
    const ask = (rules: LeaderEpochRules) => cacheOf(rules, [1, 0], [4, 10], [6, 20]).endOffsetFor(5, 30)
    expect(ask('kip-101')).toEqual({ epoch: 5, endOffset: 20 })
    expect(ask('kip-279')).toEqual({ epoch: 4, endOffset: 20 })
    expect(ask('latest-wins')).toEqual({ epoch: 4, endOffset: 20 })
  })

  it('has an answer for an epoch below all that it knows only since KAFKA-7415', () => {
    const ask = (rules: LeaderEpochRules) => cacheOf(rules, [3, 8], [4, 10]).endOffsetFor(2, 30)
    expect(ask('kip-101')).toEqual(UNDEFINED_EPOCH_END)
    expect(ask('kip-279')).toEqual(UNDEFINED_EPOCH_END)
    expect(ask('latest-wins')).toEqual({ epoch: 2, endOffset: 8 })
  })

  it('passes over assignments that do not rise, until KAFKA-7415 lets the latest one win', () => {
    const entriesAfter = (rules: LeaderEpochRules, epoch: number, startOffset: number) => {
      const cache = cacheOf(rules, [1, 0], [3, 10], [5, 20])
      cache.assign(epoch, startOffset)
      return pairsOf(cache)
    }
    const before = [
      [1, 0],
      [3, 10],
      [5, 20],
    ]
    for (const rules of ['kip-101', 'kip-279'] as const) {
      expect(entriesAfter(rules, 5, 25)).toEqual(before)
      expect(entriesAfter(rules, 4, 30)).toEqual(before)
      expect(entriesAfter(rules, 6, 15)).toEqual(before)
      // Two epochs may begin at one offset: the first of them wrote nothing.
      expect(entriesAfter(rules, 6, 20)).toEqual([...before, [6, 20]])
    }
    expect(entriesAfter('latest-wins', 5, 25)).toEqual(before)
    expect(entriesAfter('latest-wins', 4, 30)).toEqual([
      [1, 0],
      [3, 10],
      [4, 30],
    ])
    expect(entriesAfter('latest-wins', 6, 10)).toEqual([
      [1, 0],
      [6, 10],
    ])
    expect(entriesAfter('latest-wins', 6, 20)).toEqual([
      [1, 0],
      [3, 10],
      [6, 20],
    ])
  })

  it('drops epochs at the end of a log that is cut, and lets the first one begin where the log begins', () => {
    const cache = cacheOf('latest-wins', [1, 0], [3, 10], [5, 20])
    cache.truncateFromEnd(21)
    expect(pairsOf(cache)).toHaveLength(3)
    cache.truncateFromEnd(20)
    expect(pairsOf(cache)).toEqual([
      [1, 0],
      [3, 10],
    ])
    cache.truncateFromStart(7)
    expect(pairsOf(cache)).toEqual([
      [1, 7],
      [3, 10],
    ])
    cache.truncateFromStart(10)
    expect(pairsOf(cache)).toEqual([[3, 10]])
    cache.truncateFromStart(12)
    expect(pairsOf(cache)).toEqual([[3, 12]])
    cache.truncateFromStart(5)
    expect(pairsOf(cache)).toEqual([[3, 12]])
    cache.clear()
    expect(pairsOf(cache)).toEqual([])
  })

  it('agrees with the epoch of each record, whatever was appended, cut off and cleared away', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), n: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), n: fc.nat(12) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('start' as const), n: fc.nat(12) }) },
    )
    fc.assert(
      fc.property(fc.constantFrom(...allRules), fc.array(step, { maxLength: 40 }), (rules, steps) => {
        const files = new MemoryFileSystem()
        const cache = new LeaderEpochCache(files, '', rules)
        /** Epoch by offset. */
        const epochs: number[] = []
        let start = 0
        let epoch = 0
        for (const { kind, n } of steps) {
          if (kind === 'append') {
            epoch += n
            cache.assign(epoch, epochs.length)
            epochs.push(epoch)
          } else if (kind === 'truncate') {
            epochs.length = Math.max(start, epochs.length - n)
            cache.truncateFromEnd(epochs.length)
          } else {
            start = Math.min(epochs.length, start + n)
            if (start < epochs.length) cache.truncateFromStart(start)
            else cache.clear()
          }
          const kept = epochs.slice(start)
          const expected = kept.flatMap((value, i) => (value === kept[i - 1] ? [] : [[value, start + i]]))
          expect(pairsOf(cache)).toEqual(expected)
          expect(pairsOf(new LeaderEpochCache(files, '', rules))).toEqual(expected)
          if (kept.length === 0) continue
          for (const asked of new Set(kept)) {
            const end = { epoch: asked, endOffset: start + kept.lastIndexOf(asked) + 1 }
            expect(cache.endOffsetFor(asked, epochs.length)).toEqual(end)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('refuses a file that it would not write', () => {
    const read = (text: string) => {
      const files = new MemoryFileSystem()
      rewrite(files, 'leader-epoch-checkpoint', () => utf8(text))
      return () => new LeaderEpochCache(files, '', 'kip-101')
    }
    expect(read('')().entries).toEqual([])
    expect(read('0\n2\n0 0\n3 1500\n')().entries).toHaveLength(2)
    for (const text of ['1\n0\n', '0\n2\n0 0\n', '0\n1\n0\n', '0\n1\n0 x\n', '0\n1\n0 1 2\n', '0\n2\n3 0\n2 5\n']) {
      expect(read(text), text).toThrow(CorruptLogError)
    }
  })
})

describe('the leader epochs of a log', () => {
  it('are in the file that Kafka reads', () => {
    const host = new StorageHost()
    const log = open(host, {}, { format: logFormat011 })
    expect(fromUtf8(readFile(host.files, FILE))).toBe('')
    lead(log, 0)
    lead(log, 3)
    lead(log, 3)
    expect(fromUtf8(readFile(host.files, FILE))).toBe('0\n2\n0 0\n3 1\n')
  })

  it('come to a follower with the batches of its leader', () => {
    const log = open(new StorageHost(), {}, { format: logFormat21 })
    log.append(Uint8Array.from([...batch(1, 0, 3), ...batch(4, 3, 2), ...batch(4, 5)]), { assignOffsets: false })
    expect(pairsOf(log.leaderEpochCache)).toEqual([
      [1, 0],
      [4, 3],
    ])
    log.truncateTo(3)
    expect(pairsOf(log.leaderEpochCache)).toEqual([[1, 0]])
    log.truncateFullyAndStartAt(50)
    expect(pairsOf(log.leaderEpochCache)).toEqual([])
  })

  it('do not exist before 0.11', () => {
    const host = new StorageHost()
    expect(open(host).leaderEpochCache).toBeUndefined()
    expect(host.files.status(FILE)).toBeUndefined()
  })

  it('are found again by recovery when the power went before the file was there, and cut with the log', () => {
    const host = new StorageHost()
    const log = open(host, {}, { format: logFormat21 })
    for (const epoch of [0, 0, 2, 5]) lead(log, epoch)
    const after = new StorageHost()
    copyFiles(host.files, after.files)
    rewrite(after.files, FILE, () => utf8('0\n1\n0 0\n'))
    expect(pairsOf(open(after, {}, { format: logFormat21 }).leaderEpochCache)).toEqual([
      [0, 0],
      [2, 2],
      [5, 3],
    ])
    rewrite(after.files, 'orders-0/00000000000000000000.log', (bytes) => bytes.subarray(0, bytes.length - 1))
    const torn = open(after, {}, { format: logFormat21 })
    expect(torn.logEndOffset).toBe(3)
    expect(pairsOf(torn.leaderEpochCache)).toEqual([
      [0, 0],
      [2, 2],
    ])
  })

  it.each([
    ['0.11', logFormat011, [[0, 0]]],
    ['2.1', logFormat21, []],
    ['2.4', logFormat24, []],
    ['2.7', logFormat27, [[0, 0]]],
  ] as const)('name epoch 0 after a scan of %s, but for those with KAFKA-10432', (_, format, expected) => {
    const host = new StorageHost()
    lead(open(host, {}, { format }), 0)
    const after = new StorageHost()
    copyFiles(host.files, after.files)
    rewrite(after.files, FILE, () => utf8(''))
    expect(pairsOf(open(after, {}, { format }).leaderEpochCache)).toEqual(expected)
  })

  it('keep, at the log end offset, an epoch that wrote nothing, as before KAFKA-10706', () => {
    const log = open(new StorageHost(), {}, { format: logFormat21 })
    lead(log, 1)
    log.leaderEpochCache!.assign(2, log.logEndOffset)
    log.truncateTo(log.logEndOffset)
    expect(log.leaderEpochCache!.latestEpoch).toBe(2)
  })
})
