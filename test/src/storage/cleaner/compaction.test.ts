/** What compaction keeps and drops, seen through a log manager with its cleaner threads. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CompressionType, LogManager } from '../../../../src/storage/index.ts'
import { type Pair, World, type WorldOptions } from './world.ts'

const presetsWithFormats: ReadonlyArray<NonNullable<WorldOptions['preset']>> = ['0.8.2', '0.9', '0.10.2', '0.11', '2.4']

describe.each(presetsWithFormats)('compaction of %s', (preset) => {
  it('keeps the last record of each key, at its offset, and never touches the active segment', () => {
    const world = new World({ preset })
    world.segment([
      ['anna', '1'],
      ['bert', '1'],
      ['anna', '2'],
    ])
    world.segment([
      ['cora', '1'],
      ['anna', '3'],
    ])
    world.append([
      ['bert', '2'],
      ['bert', '3'],
    ])
    world.clean()
    expect(world.content()).toEqual(['1:bert=1', '3:cora=1', '4:anna=3', '5:bert=2', '6:bert=3'])
    expect(world.log.logEndOffset).toBe(7)
    expect(world.checkpoint()).toBe('0\n1\nusers 0 5\n')
  })

  it('merges small segments into one that carries the name of the first', () => {
    const world = new World({ preset })
    world.segment([['a', '1']])
    world.segment([['b', '1']])
    world.segment([['c', '1']])
    world.clean()
    expect(world.bases()).toEqual([0, 3])
    expect(world.content()).toEqual(['0:a=1', '1:b=1', '2:c=1'])
  })

  it('leaves a log alone of which no more than min.cleanable.dirty.ratio is dirty', () => {
    const world = new World({ preset, topic: { 'min.cleanable.dirty.ratio': 0.5 } })
    const pair = (value: string): Pair[] => [
      ['a', value],
      ['b', value],
    ]
    world.segment(pair('1'))
    world.clean()
    world.segment(pair('2'))
    world.clean()
    expect(world.content()).toEqual(['0:a=1', '1:b=1', '2:a=2', '3:b=2'])
    world.segment(pair('3'))
    world.clean()
    expect(world.content()).toEqual(['4:a=3', '5:b=3'])
  })

  it('keeps a tombstone until its segment has been clean for delete.retention.ms', () => {
    const topic = { 'delete.retention.ms': 60_000, 'min.cleanable.dirty.ratio': 0, 'segment.bytes': 250 }
    const world = new World({ preset, topic })
    const filler = 'x'.repeat(100)
    world.segment([['a', filler]])
    world.segment([
      ['a', null],
      ['x', filler],
    ])
    world.clean()
    const keys = () => world.content().map((record) => record.replace(/=.*/, ''))
    expect(keys()).toEqual(['1:a!', '2:x'])
    world.host.advanceMs(40_000)
    world.segment([['b', filler]])
    world.clean()
    world.host.advanceMs(60_000)
    world.segment([['c', filler]])
    world.clean()
    // By now the tombstone is older than a minute, but the last segment that was clean before this round is not.
    expect(keys()).toEqual(['1:a!', '2:x', '3:b', '4:c'])
    world.segment([['d', filler]])
    world.clean()
    expect(keys()).toEqual(['2:x', '3:b', '4:c', '5:d'])
  })

  it('cleans nothing while log.cleaner.enable is off', () => {
    const world = new World({ preset, broker: { 'log.cleaner.enable': false } })
    world.segment([['a', '1']])
    world.segment([['a', '2']])
    world.clean()
    expect(world.content()).toEqual(['0:a=1', '1:a=2'])
    expect(world.host.pendingTimers).not.toContain('log cleaner')
  })

  it('leaves a log with what any reader of the files agrees to, and nothing to repair at a restart', () => {
    const world = new World({ preset, topic: { 'index.interval.bytes': 30 } })
    for (let i = 0; i < 60; i++) world.append([[`k${i % 7}`, `v${i}`]])
    world.clean()
    const before = world.content()
    expect(before.length).toBeLessThan(60)
    world.logs.shutdown()
    world.host.dropTimers()
    const again = new World({ preset, host: world.host, topic: { 'index.interval.bytes': 30 } })
    expect(again.content()).toEqual(before)
    for (const { offset } of again.records())
      expect(again.log.read(offset, 1_000_000).records.length).toBeGreaterThan(0)
  })

  it('leaves for every key its last record, where it was, whatever was written and whenever it was cleaned', () => {
    const codec: CompressionType[] = preset === '0.8.2' ? ['none'] : ['none', 'gzip', 'snappy']
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          pairs: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.option(fc.string({ maxLength: 9 }))), {
            minLength: 1,
            maxLength: 4,
          }),
          compression: fc.constantFrom(...codec),
        }),
      },
      { weight: 2, arbitrary: fc.constant('roll' as const) },
      { weight: 2, arbitrary: fc.constant('clean' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const topic = { 'segment.bytes': 300, 'index.interval.bytes': 40, 'min.cleanable.dirty.ratio': 0.2 }
        const world = new World({ preset, topic })
        const written: Pair[] = []
        for (const step of steps) {
          if (step === 'clean') world.clean()
          else if (step === 'roll') {
            if (world.log.activeSegment.size > 0) world.log.roll()
          } else {
            world.append(step.pairs, step.compression)
            written.push(...step.pairs)
          }
        }
        world.clean()
        const records = world.content()
        const all = written.map(([key, value], offset) => `${offset}:${value === null ? `${key}!` : `${key}=${value}`}`)
        const seen = new Set(records)
        expect(all.filter((record) => seen.has(record))).toEqual(records)
        all.forEach((record, offset) => {
          const isLast = written.findLastIndex(([key]) => key === written[offset]![0]) === offset
          if (isLast || offset >= world.log.activeSegment.baseOffset) expect(seen).toContain(record)
        })
        expect(world.log.logEndOffset).toBe(written.length)
        expect(world.events('LogCleaningFailed')).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})

it('0.8.2 forgets a clean segment of a single message right before the dirty part when it reckons the ratio', () => {
  for (const [preset, expected] of [
    ['0.8.2', ['1:a=2']],
    ['0.9', ['0:a=1', '1:a=2']],
  ] as const) {
    const world = new World({ preset })
    world.segment([['a', '1']])
    world.clean()
    world.segment([['a', '2']])
    world.clean()
    expect(world.content()).toEqual(expected)
  }
})

describe('the load factor', () => {
  const small = { 'log.cleaner.dedupe.buffer.size': 24 * 10, 'log.cleaner.io.buffer.load.factor': 0.5 }
  const pairs = (from: number, count: number): Pair[] =>
    Array.from({ length: count }, (_, i) => [`k${from + i}`, 'v'] as const)

  it('bounds a round of 0.8.2 by whole segments, which may overfill the map, and the next round goes on', () => {
    const world = new World({ broker: small, topic: { 'min.cleanable.dirty.ratio': 0 } })
    for (let i = 0; i < 6; i++) world.segment(pairs(4 * i, 4))
    world.clean()
    const rounds = world.events('LogCleaned').map(({ firstDirtyOffset, endOffset }) => [firstDirtyOffset, endOffset])
    expect(rounds).toEqual([
      [0, 8],
      [8, 16],
      [16, 24],
    ])
  })

  it('ends the cleaner of 0.8.2 for good if a segment has more keys than the map has slots', () => {
    const world = new World({ broker: small })
    world.segment(pairs(0, 11))
    world.clean()
    expect(world.events('LogCleaningFailed')[0]).toMatchObject({
      threadEnds: true,
      reason: expect.stringContaining('full offset map of 10 slots'),
    })
    world.segment(pairs(20, 2))
    world.clean()
    expect(world.events('LogCleaningStarted')).toHaveLength(1)
    expect(world.host.pendingTimers).not.toContain('log cleaner')
  })

  it('ends the cleaner of 0.9 if a segment does not fit below the load factor', () => {
    const world = new World({ preset: '0.9', broker: small })
    world.segment(pairs(0, 6))
    world.clean()
    expect(world.events('LogCleaningFailed')[0]!.reason).toContain('can fit only 5')
  })

  it('lets 0.10 stop inside a segment and go on from there', () => {
    const world = new World({ preset: '0.10.2', broker: small, topic: { 'min.cleanable.dirty.ratio': 0 } })
    world.segment([...pairs(0, 6), ...pairs(0, 6)])
    world.segment(pairs(0, 2))
    world.clean()
    expect(world.events('LogCleaned').map(({ endOffset }) => endOffset)).toEqual([5, 10, 14])
    expect(world.content().map((record) => Number.parseInt(record, 10))).toEqual([8, 9, 10, 11, 12, 13])
  })
})

describe('records without key', () => {
  it('are taken by 0.8.2 on a compacted topic, and then end its cleaner for all topics', () => {
    const world = new World()
    world.segment([[null, 'no key']])
    world.clean()
    expect(world.events('LogCleaningFailed')[0]).toMatchObject({ tp: 'users-0', threadEnds: true })
    expect(world.checkpoint()).toBe('0\n1\nusers 0 0\n')
    expect(world.content()).toEqual(['0:=no key'])
  })

  it.each(['none', 'gzip'] as const)('are refused by 0.9, also inside a wrapper (%s)', (compression) => {
    const world = new World({ preset: '0.9' })
    const appends = () => world.append([[null, 'no key']], compression)
    expect(appends).toThrow('without key')
    expect(world.log.logEndOffset).toBe(0)
  })
})

describe('an unexpected error', () => {
  it('rules out the partition from 2.1 on, and the thread goes on with others', () => {
    const world = new World({ preset: '2.1', topic: { 'min.cleanable.dirty.ratio': 0 } })
    world.segment([['a', '1']])
    const path = world.log.segments[0]!.log.path
    const handle = world.host.files.open(path, { create: false })
    // An impossible size field.
    handle.write(8, new Uint8Array(4))
    handle.close()
    world.clean()
    expect(world.events('LogCleaningFailed')[0]).toMatchObject({ tp: 'users-0', threadEnds: false })
    world.clean()
    expect(world.events('LogCleaningStarted')).toHaveLength(1)
    expect(world.host.pendingTimers).toContain('log cleaner')
  })
})

describe('compressed wrappers', () => {
  const many = (round: number): Pair[] =>
    Array.from({ length: 50 }, (_, i) => [`k${i}`, `same value ${round}`] as const)

  it('come out of the cleaner of 0.8.2 as single messages, if one buffer holds all of the segment', () => {
    const world = new World({ topic: { 'segment.bytes': 10_000 } })
    world.segment(many(0), 'gzip')
    world.segment(many(1), 'gzip')
    world.clean()
    expect(world.content()).toHaveLength(50)
    const { records } = world.log.read(50, 100_000)
    // 26 bytes of overhead each, key and value: nothing is compressed any more.
    expect(records.length).toBeGreaterThan(50 * (26 + 2 + 12))
  })

  it('make the cleaner of 0.8.2 lose its place, if the segment is larger than its buffer', () => {
    const world = new World({ broker: { 'log.cleaner.io.buffer.size': 3000 }, topic: { 'segment.bytes': 10_000 } })
    const half = many(0).slice(0, 25)
    for (let i = 0; i < 12; i++) world.append(half, 'gzip')
    world.log.roll()
    world.clean()
    expect(world.events('LogCleaningFailed')[0]).toMatchObject({
      threadEnds: true,
      reason: expect.stringMatching(/^a message of -\d+ bytes/),
    })
    expect(world.content()).toHaveLength(300)
  })

  it.each(['gzip', 'snappy', 'lz4'] as const)('stay compressed with their codec from 0.9 on (%s)', (compression) => {
    const world = new World({ preset: '0.9', topic: { 'segment.bytes': 10_000 } })
    world.segment(many(0), compression)
    world.segment([...many(1).slice(0, 25)], compression)
    world.clean()
    const offsets = world.records().map(({ offset }) => offset)
    expect(offsets).toEqual(Array.from({ length: 50 }, (_, i) => 25 + i))
    const { records } = world.log.read(0, 100_000)
    expect(records.length).toBeLessThan(50 * 20)
  })
})

describe('log.cleaner.io.max.bytes.per.second', () => {
  it('stretches a round over the time that its bytes take', () => {
    const world = new World({
      broker: { 'log.cleaner.io.max.bytes.per.second': 1000, 'log.cleaner.io.buffer.size': 400 },
      topic: { 'segment.bytes': 100_000 },
    })
    for (let i = 0; i < 1000; i++) world.append([[`k${i % 3}`, `v${i}`]])
    world.log.roll()
    world.clean()
    expect(world.events('LogCleaningStarted')).toHaveLength(1)
    expect(world.events('LogCleaned')).toHaveLength(0)
    world.host.advanceMs(45_000)
    expect(world.events('LogCleaned')).toHaveLength(0)
    world.host.advanceMs(30_000)
    expect(world.events('LogCleaned')).toHaveLength(1)
  })
})

describe('whoever needs a log that is being compacted', () => {
  /** A world whose cleaner stands in the middle of a round, with a `.cleaned` file written. */
  function interrupted(preset: WorldOptions['preset'] = '0.8.2'): World {
    const world = new World({
      preset: preset!,
      broker: { 'log.cleaner.io.max.bytes.per.second': 10_000, 'log.cleaner.io.buffer.size': 400 },
      topic: { 'segment.bytes': 4000, 'min.cleanable.dirty.ratio': 0 },
    })
    for (let i = 0; i < 1000; i++) world.append([[`k${i % 300}`, `v${i}`]])
    for (let i = 0; i < 400 && !world.files().some((name) => name.endsWith('.cleaned')); i++) world.host.advanceMs(100)
    expect(world.files().filter((name) => name.endsWith('.cleaned'))).toHaveLength(2)
    return world
  }

  it('ends the round by a truncation, and the next round takes what is left', () => {
    const world = interrupted()
    const to = world.bases()[2]!
    world.logs.truncateTo('users-0', to)
    expect(world.events('LogCleaningAborted')).toHaveLength(1)
    expect(world.files().filter((name) => name.endsWith('.cleaned'))).toEqual([])
    expect(world.log.logEndOffset).toBe(to)
    world.host.advanceMs(120_000)
    expect(world.events('LogCleaned').length).toBeGreaterThan(0)
    expect(world.log.logEndOffset).toBe(to)
  })

  it('lets the round go on if a truncation does not reach below the active segment', () => {
    const world = interrupted()
    world.logs.truncateTo('users-0', world.log.logEndOffset - 1)
    expect(world.events('LogCleaningAborted')).toHaveLength(0)
    world.host.advanceMs(120_000)
    expect(world.events('LogCleaned').length).toBeGreaterThan(0)
  })

  it('ends the round by a deletion of the log, which leaves no checkpoint behind', () => {
    const world = interrupted()
    world.logs.delete('users-0')
    expect(world.events('LogCleaningAborted')).toHaveLength(1)
    expect(world.checkpoint()).toBe('0\n0\n')
    world.host.advanceMs(120_000)
    expect(world.events('LogCleaningFailed')).toEqual([])
  })

  it('stops the threads at an orderly shutdown; the next start clears away what they wrote', () => {
    const world = interrupted()
    const before = world.content()
    world.logs.shutdown()
    world.host.advanceMs(120_000)
    expect(world.events('LogCleaned')).toHaveLength(0)
    const again = new World({ host: world.host, topic: { 'segment.bytes': 4000 } })
    expect(again.content()).toEqual(before)
    expect(again.files().filter((name) => name.endsWith('.cleaned'))).toEqual([])
    expect(again.logs).toBeInstanceOf(LogManager)
  })

  it('lowers the checkpoint with the log from 0.10 on; 0.8.2 keeps it, and its cleaner dies of that', () => {
    for (const preset of ['0.10.2', '0.8.2'] as const) {
      const world = new World({ preset, topic: { 'min.cleanable.dirty.ratio': 0 } })
      world.segment([['a', '1']])
      world.segment([['b', '1']])
      world.clean()
      world.segment([['c', '1']])
      world.append([['d', '1']])
      world.clean()
      expect(world.checkpoint()).toBe('0\n1\nusers 0 3\n')
      world.logs.truncateTo('users-0', 1)
      world.clean()
      expect(world.checkpoint()).toBe(preset === '0.10.2' ? '0\n1\nusers 0 0\n' : '0\n1\nusers 0 3\n')
      expect(world.events('LogCleaningFailed')).toHaveLength(preset === '0.10.2' ? 0 : 1)
    }
  })
})

describe('compaction lag', () => {
  it('leaves records younger than min.compaction.lag.ms alone, from 0.10.1 on', () => {
    const world = new World({ preset: '0.10.2', topic: { 'min.compaction.lag.ms': 60_000 } })
    world.segment([['a', '1']])
    world.segment([['a', '2']])
    world.host.advanceMs(30_000)
    world.segment([['a', '3']])
    expect(world.content()).toHaveLength(3)
    world.host.advanceMs(50_000)
    expect(world.content()).toEqual(['1:a=2', '2:a=3'])
  })

  it('is no key that 0.8.2 heeds', () => {
    const world = new World({ topic: { 'min.compaction.lag.ms': 60_000 } })
    world.segment([['a', '1']])
    world.segment([['a', '2']])
    world.clean()
    expect(world.content()).toEqual(['1:a=2'])
  })

  it('makes a log due whose dirty records have waited for max.compaction.lag.ms, from 2.3 on', () => {
    for (const [preset, left] of [
      ['2.4', ['1:a=2', '2:b=1']],
      ['2.1', ['0:a=1', '1:a=2', '2:b=1']],
    ] as const) {
      const world = new World({ preset, topic: { 'min.cleanable.dirty.ratio': 1, 'max.compaction.lag.ms': 100_000 } })
      world.segment([
        ['a', '1'],
        ['a', '2'],
      ])
      world.append([['b', '1']])
      world.host.advanceMs(60_000)
      expect(world.content()).toHaveLength(3)
      world.host.advanceMs(80_000)
      expect(world.content()).toEqual(left)
    }
  })
})
