// Figures of a whole run: what producers came to, what groups had before them, in which order consumers read.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ledger } from '../../../../sim/view/index.ts'
import {
  backlogOf,
  drawBacklog,
  figureLines,
  figuresOf,
  plainPainter,
  producerFigures,
  readingOrder,
} from '../../../../sim/view/index.ts'
import { latencyOf } from '../../../../sim/view/measures/producer-figures.ts'
import { Story, tp } from '../story.ts'

const group = 'billing'

/** Messages committed one after the other at offsets 0, 1 …, and processed at their times; a time of null: never. */
class Work extends Story {
  #offset = 0

  constructor() {
    super()
    this.at(0).state(1, 0, [1], 0).lead('b1', 0, [1], 0, 0, 0)
  }

  begins(offset = 0): this {
    return this.on('c1', { kind: 'PositionSet', client: 'c1', group, tp, offset, from: 'earliest' })
  }

  comes(ms: number, message = `m${this.#offset + 1}`): this {
    const offset = this.#offset++
    return this.at(ms)
      .hand('p1', message)
      .append('b1', 'leader', 0, offset, message)
      .highWatermark('b1', 'leader', 0, offset, offset + 1)
  }

  isDone(ms: number, offset: number): this {
    const message = `m${offset + 1}`
    return this.at(ms).on('c1', { kind: 'MessageProcessed', client: 'c1', group, tp, offset, message })
  }

  isRead(ms: number, at: string, offset: number, value: string): this {
    const messages = [{ offset, key: null, value }]
    return this.at(ms).on('c1', { kind: 'MessagesRead', client: 'c1', tp: at, messages, broker: 1, highWatermark: 99 })
  }

  get ledger(): Ledger {
    return this.told().ledger
  }
}

describe('the backlog of a group', () => {
  it('grows with each message committed, and shrinks with each one done', () => {
    const { ledger } = new Work().begins().comes(10).comes(20).isDone(30, 0).comes(40).isDone(50, 1).isDone(60, 2)
    expect(backlogOf(ledger, group)).toEqual({
      group,
      points: [10, 20, 30, 40, 50, 60].map((ms, index) => ({ atUs: ms * 1000, messages: [1, 2, 1, 2, 1, 0][index]! })),
      peak: 2,
      peakAtUs: 50_000,
      drainedUs: 10_000,
      left: 0,
    })
  })

  it('counts what is done twice once, and nothing from before the group began', () => {
    const story = new Work().comes(10).comes(20).begins(1).isDone(30, 1).isDone(40, 1)
    expect(backlogOf(story.ledger, group).points.map(({ messages }) => messages)).toEqual([1, 0])
  })

  it('is not drained while something is left', () => {
    const backlog = backlogOf(new Work().begins().comes(10).comes(20).isDone(30, 0).ledger, group)
    expect(backlog).toMatchObject({ peak: 2, left: 1 })
    expect(backlog.drainedUs).toBeUndefined()
  })

  it('of a group that has read nothing is none', () => {
    expect(backlogOf(new Work().comes(10).ledger, group)).toMatchObject({ points: [], peak: 0, left: 0 })
  })

  it('ends, for any times, at what came less what was done, and is never negative', () => {
    const life = fc.array(fc.tuple(fc.nat(50), fc.option(fc.nat(50))), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(life, (messages) => {
        let nowMs = 0
        const story = new Work().begins()
        const done: Array<{ readonly ms: number; readonly offset: number }> = []
        messages.forEach(([afterMs, workMs], offset) => {
          nowMs += afterMs
          story.comes(nowMs)
          if (workMs !== null) done.push({ ms: nowMs + workMs, offset })
        })
        for (const { ms, offset } of done) story.isDone(ms, offset)
        const { points, left, peak } = backlogOf(story.ledger, group)
        expect(left).toBe(messages.length - done.length)
        expect(points.every((point) => point.messages >= 0 && point.messages <= peak)).toBe(true)
        expect(peak).toBeGreaterThanOrEqual(left)
      }),
      { numRuns: 50 },
    )
  })
})

describe('the plot of a backlog', () => {
  const heap = (): ReturnType<typeof backlogOf> => {
    const story = new Work().begins()
    for (let i = 0; i < 20; i += 1) story.comes(1000 + i)
    for (let i = 0; i < 20; i += 1) story.isDone(2000 + i * 100, i)
    return backlogOf(story.ledger, group)
  }

  it('rises where messages came and falls where they were done, with the peak and the times at its edges', () => {
    const lines = drawBacklog(heap(), { width: 70, endUs: 5_000_000, ascii: true })
    expect(lines[0]).toBe('  Backlog of group billing: messages committed and not yet processed')
    expect(lines[1]).toMatch(/^ +20 \+ +#+\.?$/)
    expect(lines[8]).toMatch(/^ +0 \+ +[.#]?#+\.*$/)
    // Each row from the top down is at least as long as the one above it: a heap that is worked off.
    const bars = lines.slice(1, 9).map((line) => line.trimEnd().length)
    expect(bars).toEqual([...bars].sort((a, b) => a - b))
    expect(lines[9]).toMatch(/^ +0\.9 s +3\.0 s +5\.0 s$/)
    expect(lines[10]).toBe('    at most 20 messages, until 2.000 s; nothing left 1900 ms later')
    expect(lines.every((line) => line.length <= 70)).toBe(true)
  })

  it('is left out where there is no heap to see', () => {
    const backlog = backlogOf(new Work().begins().comes(10).isDone(20, 0).ledger, group)
    expect(drawBacklog(backlog, { width: 70, endUs: 1_000_000 })).toHaveLength(2)
  })
})

describe('the figures of a producer', () => {
  const story = (): Work => {
    const work = new Work().comes(10).acknowledge('p1', 'm1', 0, 1)
    work.at(30).acknowledge('p1', 'm1', 0, 1)
    work.comes(40)
    work.at(45).acknowledge('p1', 'm2', 1, 1)
    work.comes(50)
    work.at(1051).acknowledge('p1', 'm3', 2, 1)
    work.comes(60)
    return work
  }

  it('tell how much was acknowledged, how much of it within a second, and how soon', () => {
    expect(producerFigures(story().ledger, 'p1')).toEqual({
      producer: 'p1',
      handed: 4,
      acked: 3,
      share: 75,
      inTime: 50,
      lost: 0,
      latency: { medianUs: 5000, p99Us: 1_001_000, longestUs: 1_001_000 },
    })
  })

  it('tell what was acknowledged and is in no log any more', () => {
    const work = story()
    work.at(2000).on('b1', { kind: 'Truncated', tp, from: 4, to: 1, reason: 'high-watermark', highWatermark: 1 })
    expect(producerFigures(work.ledger, 'p1').lost).toBe(2)
  })

  it('of one that had nothing acknowledged have no latency', () => {
    expect(producerFigures(new Work().comes(10).ledger, 'p1')).toMatchObject({
      share: 0,
      inTime: 0,
      latency: undefined,
    })
  })

  it('stand in a table, one producer a line, where the scenario asks for it', () => {
    const { ledger } = story()
    expect(figuresOf(ledger, ['segments'])).toBeUndefined()
    const lines = figureLines(figuresOf(ledger, ['producers'])!, { painter: plainPainter, width: 90, endUs: 2_000_000 })
    expect(lines).toHaveLength(2)
    expect(lines[1]).toMatch(/^ {2}p1 +4 +3 +75 % +50 % +0 +5 ms +1001 ms +1001 ms$/)
  })

  it('have percentiles by nearest rank, for any times', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 300 }), (waits) => {
        const { medianUs, p99Us, longestUs } = latencyOf(waits)!
        const atMost = (limit: number): number => waits.filter((us) => us <= limit).length / waits.length
        expect(atMost(medianUs)).toBeGreaterThanOrEqual(0.5)
        expect(waits.filter((us) => us < medianUs).length / waits.length).toBeLessThan(0.5)
        expect(atMost(p99Us)).toBeGreaterThanOrEqual(0.99)
        expect(longestUs).toBe(Math.max(...waits))
      }),
    )
  })
})

describe('the order in which a consumer reads', () => {
  const sent = (): Work => new Work().comes(10).comes(20).comes(30)

  it('is that of sending where nothing is overtaken', () => {
    const story = sent().isRead(40, tp, 0, 'm1').isRead(50, tp, 1, 'm2').isRead(60, 'orders-1', 0, 'm3')
    expect(readingOrder(story.ledger, 'c1')).toEqual({ reader: 'c1', read: 3, overtaken: 0, overtakenElsewhere: 0 })
  })

  it('tells what was overtaken within a partition from what was overtaken across partitions', () => {
    const within = sent().isRead(40, tp, 0, 'm2').isRead(50, tp, 1, 'm1')
    expect(readingOrder(within.ledger, 'c1')).toMatchObject({ overtaken: 1, overtakenElsewhere: 0 })
    const across = sent().isRead(40, tp, 0, 'm2').isRead(50, 'orders-1', 0, 'm1').isRead(60, tp, 1, 'm3')
    expect(readingOrder(across.ledger, 'c1')).toMatchObject({ overtaken: 0, overtakenElsewhere: 1 })
  })

  it('does not count what is read again', () => {
    const story = sent().isRead(40, tp, 0, 'm1').isRead(50, tp, 1, 'm2').isRead(60, tp, 0, 'm1')
    expect(readingOrder(story.ledger, 'c1')).toMatchObject({ read: 2, overtaken: 0 })
  })
})
