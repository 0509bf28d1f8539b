/**
 * The log against a model that is just an array of values: random operations, and after each the files, read by the
 * tests' own parser, hold exactly what the model holds.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TopicConfig } from '../../../src/config/index.ts'
import type { Log } from '../../../src/storage/index.ts'
import { parseDirectory, problemsOf } from './parse-files.ts'
import { append, open, StorageHost, valuesOf } from './support.ts'

type Step =
  | { readonly do: 'append'; readonly sizes: readonly number[] }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'flush' }
  | { readonly do: 'truncate'; readonly permille: number }
  | { readonly do: 'start-at'; readonly ahead: number }
  | { readonly do: 'restart'; readonly clean: boolean }

const sizes = fc.array(fc.nat(60), { minLength: 1, maxLength: 5 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('append' as const), sizes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(1500) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('truncate' as const), permille: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('start-at' as const), ahead: fc.integer({ min: -5, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), clean: fc.boolean() }) },
)

const settings = fc.record({
  'segment.bytes': fc.integer({ min: 450, max: 1500 }),
  'segment.ms': fc.integer({ min: 500, max: 5000 }),
  'index.interval.bytes': fc.integer({ min: 0, max: 300 }),
  'segment.index.bytes': fc.integer({ min: 8, max: 100 }),
})

class Model {
  start = 0
  values: string[] = []
  private written = 0

  get end(): number {
    return this.start + this.values.length
  }

  /** Values that tell every message ever written from every other. */
  next(sizes: readonly number[]): string[] {
    return sizes.map((size) => `${this.written++}:`.padEnd(size, '.'))
  }
}

function run(host: StorageHost, log: Log, model: Model, step: Step, config: Partial<TopicConfig>): Log {
  switch (step.do) {
    case 'append': {
      const values = model.next(step.sizes)
      const info = append(log, ...values)
      expect(info).toMatchObject({ firstOffset: model.end, lastOffset: model.end + values.length - 1 })
      model.values.push(...values)
      return log
    }
    case 'wait':
      host.advanceMs(step.ms)
      return log
    case 'flush':
      log.flush()
      expect(log.recoveryPoint).toBe(model.end)
      return log
    case 'truncate': {
      const offset = model.start + Math.floor((model.values.length * step.permille) / 1000)
      const above = log.recoveryPoint
      log.truncateTo(offset)
      model.values.length = offset - model.start
      expect(log.recoveryPoint).toBe(Math.min(above, offset))
      return log
    }
    case 'start-at':
      model.start = Math.max(0, model.end + step.ahead)
      model.values = []
      log.truncateFullyAndStartAt(model.start)
      return log
    case 'restart': {
      const { recoveryPoint } = log
      if (step.clean) {
        log.flush()
        log.close()
      }
      const again = open(host, config, { recoveryPoint, cleanShutdown: step.clean })
      expect(again.recoveryPoint).toBe(step.clean ? model.end : recoveryPoint)
      return again
    }
  }
}

describe('a log', () => {
  it('holds what a plain array would, whatever happens to it, and so do its files', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), settings, (steps, config) => {
        const host = new StorageHost()
        const model = new Model()
        let log = open(host, config)
        for (const step of steps) {
          log = run(host, log, model, step, config)
          expect([log.logStartOffset, log.logEndOffset]).toEqual([model.start, model.end])
          const segments = parseDirectory(host.files, 'orders-0')
          expect(problemsOf(segments)).toEqual([])
          expect(segments.flatMap(({ entries }) => entries.map(({ value }) => value))).toEqual(model.values)
          expect(segments.map(({ baseOffset }) => baseOffset)).toEqual(log.segments.map(({ baseOffset }) => baseOffset))
          const fullIndexBytes = Math.floor(config['segment.index.bytes'] / 8) * 8
          expect(segments.at(-1)!.indexBytes).toBe(fullIndexBytes)
          for (const offset of [model.start, Math.floor((model.start + model.end) / 2), model.end - 1]) {
            if (offset < model.start || offset >= model.end) continue
            expect(log.messages(offset, offset + 1)).toMatchObject([{ offset }])
          }
        }
        expect(valuesOf(log)).toEqual(model.values)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a truncation', () => {
  const bases = (log: Log) => log.segments.map(({ baseOffset }) => baseOffset)
  const filled = (host: StorageHost): Log => {
    const log = open(host, { 'segment.bytes': 60 })
    for (let i = 0; i < 7; i++) append(log, `v-${i + 10}`)
    return log
  }

  it('renames the segments above and removes them a minute later', () => {
    const host = new StorageHost()
    const log = filled(host)
    log.truncateTo(3)
    expect(bases(log)).toEqual([0, 2])
    const deleted = () => host.files.list('orders-0').filter((name) => name.endsWith('.deleted'))
    expect(deleted()).toEqual([
      '00000000000000000004.index.deleted',
      '00000000000000000004.log.deleted',
      '00000000000000000006.index.deleted',
      '00000000000000000006.log.deleted',
    ])
    host.advanceMs(59_999)
    expect(deleted()).toHaveLength(4)
    host.advanceMs(1)
    expect(deleted()).toEqual([])
  })

  it('to a segment boundary leaves that segment, empty', () => {
    const log = filled(new StorageHost())
    log.truncateTo(4)
    expect(bases(log)).toEqual([0, 2, 4])
    expect(log.activeSegment.size).toBe(0)
  })

  it('past the end does nothing and is not traced', () => {
    const host = new StorageHost()
    const log = filled(host)
    host.events.length = 0
    log.truncateTo(8)
    log.truncateTo(7)
    expect([log.logEndOffset, host.events]).toEqual([7, []])
    log.truncateTo(5)
    expect(host.events).toEqual([{ kind: 'LogTruncated', tp: 'orders-0', from: 7, to: 5 }])
  })

  it('below the first segment starts the log anew there', () => {
    const log = filled(new StorageHost())
    log.truncateFullyAndStartAt(100)
    append(log, 'at 100')
    log.truncateTo(40)
    expect([log.logStartOffset, log.logEndOffset, bases(log)]).toEqual([40, 40, [40]])
  })

  it('lets the emptied segment be young again', () => {
    const host = new StorageHost()
    const log = open(host, { 'segment.ms': 1000 })
    append(log, 'old')
    host.advanceMs(5000)
    log.truncateTo(0)
    append(log, 'a')
    append(log, 'b')
    expect(bases(log)).toEqual([0])
  })
})
