import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RandomStreams } from '../../../sim/kernel/index.ts'

const draws = (streams: RandomStreams, name: string, count = 20): number[] =>
  Array.from({ length: count }, () => streams.stream(name).intBelow(1_000_000, 'x'))

describe('random streams', () => {
  test('give the same numbers for the same seed and name, and others for other seeds and names', () => {
    const first = draws(new RandomStreams(7), 'network/b1→b2')
    expect(draws(new RandomStreams(7), 'network/b1→b2')).toEqual(first)
    expect(draws(new RandomStreams(8), 'network/b1→b2')).not.toEqual(first)
    expect(draws(new RandomStreams(7), 'network/b2→b1')).not.toEqual(first)
  })

  test('keep the numbers that the generator gave when this test was written, on every engine', () => {
    expect(draws(new RandomStreams(42), 'election/zk2', 4)).toEqual([987387, 476326, 615097, 116590])
  })

  test('do not move when another stream is left out or drawn from more', () => {
    const alone = draws(new RandomStreams(1), 'workload/p1')
    const streams = new RandomStreams(1)
    draws(streams, 'workload/p2', 1000)
    expect(draws(streams, 'workload/p1')).toEqual(alone)
  })

  test('draw integers within their bounds, up to the largest', () => {
    const streams = new RandomStreams('bounds')
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.nat(2 ** 40), (low, span) => {
        const drawn = streams.stream('s').intBetween(low, low + span, 'x')
        expect(Number.isSafeInteger(drawn)).toBe(true)
        expect(drawn).toBeGreaterThanOrEqual(low)
        expect(drawn).toBeLessThanOrEqual(low + span)
      }),
    )
    const seen = new Set(Array.from({ length: 200 }, () => streams.stream('s').intBelow(4, 'x')))
    expect([...seen].sort()).toEqual([0, 1, 2, 3])
    expect(() => streams.stream('s').intBelow(0, 'x')).toThrow('below 0')
    expect(() => streams.stream('s').pick([], 'x')).toThrow('from nothing')
  })

  test('can be recorded and replayed draw by draw', () => {
    const tape: Array<{ stream: string; label: string; value: number }> = []
    const recorded = new RandomStreams(5, (stream, label, _below, value) => {
      tape.push({ stream, label, value })
      return value
    })
    const values = [recorded.stream('a').intBelow(100, 'first'), recorded.stream('b').intBetween(3, 9, 'second')]
    let next = 0
    const replayed = new RandomStreams('another seed', (stream, label) => {
      const entry = tape[next++]!
      expect([stream, label]).toEqual([entry.stream, entry.label])
      return entry.value
    })
    expect([replayed.stream('a').intBelow(100, 'first'), replayed.stream('b').intBetween(3, 9, 'second')]).toEqual(
      values,
    )
    const wrong = new RandomStreams(5, () => 100)
    expect(() => wrong.stream('a').intBelow(100, 'first')).toThrow('given as 100')
  })
})
