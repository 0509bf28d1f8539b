import { describe, expect, it } from 'vitest'
import type { Condition } from '../../../sim/scenario/plan.ts'
import { describeFate, describeInterval, evaluate, explain, Ledger } from '../../../sim/view/index.ts'
import { beforeTheCrash, Story, threeMessageLoss, tp } from './story.ts'

describe('the ledger', () => {
  it('follows the three messages: m3 is cut off, sent again and stands behind m4', () => {
    const { ledger } = threeMessageLoss().told()
    expect(ledger.order(tp)).toEqual(['m1', 'm2', 'm4', 'm2', 'm3'])
    expect(ledger.leaderOf(tp)).toBe('b2')

    const m3 = ledger.messages.get('m3')!
    expect(m3.copies.map((copy) => [copy.broker, copy.offset, copy.epoch, ledger.stateOf(copy)])).toEqual([
      ['b1', 2, 0, 'lost'],
      ['b2', 4, 1, 'standing'],
    ])
    expect(m3.copies[0]!.committed).toBeUndefined()
    expect(m3.copies[0]!.lost?.atUs).toBe(12_400_000)
    expect(m3.copies[0]!.cuts).toHaveLength(1)
    expect(m3.copies[1]!.committed?.atUs).toBe(12_510_000)
    expect(m3.copies[1]!.holders).toEqual(['b2', 'b3', 'b1'])
    expect(m3.acknowledged).toMatchObject({ offset: 4, broker: 'b2', requiredAcks: -1 })
    expect(m3.attempts.map((attempt) => attempt.outcome)).toEqual(['disconnected', 'acknowledged'])
    expect(ledger.lostAcked()).toEqual([])
    expect(ledger.lostCommitted()).toEqual([])
  })

  it('makes a duplicate of m2, whose first copy survived without an acknowledgement', () => {
    const { ledger } = threeMessageLoss().told()
    const m2 = ledger.messages.get('m2')!
    expect(ledger.copies('m2', 'standing').map((copy) => copy.offset)).toEqual([1, 3])
    expect(m2.copies[0]!.committed?.atUs).toBe(12_030_000)
    expect(m2.copies[0]!.acknowledged).toBeUndefined()
    // b1 lost the copy and fetched it again: the same copy, not a new one.
    expect(m2.copies[0]!.holders).toEqual(['b2', 'b3', 'b1'])
    expect(m2.copies[0]!.cuts).toMatchObject([{ broker: 'b1', reason: 'truncated' }])
  })

  it('tells the fate of each message in a sentence', () => {
    const { ledger } = threeMessageLoss().told()
    expect(['m1', 'm2', 'm3', 'm9'].map((message) => describeFate(ledger, message))).toMatchInlineSnapshot(`
      [
        "m1: appended by b1 at offset 0, committed, acknowledged, stands",
        "m2: appended by b1 at offset 1, committed, never acknowledged, stands; sent again by p2, appended by b2 at offset 3, committed, acknowledged, stands as a duplicate",
        "m3: appended by b1 at offset 2, never committed, never acknowledged; cut off when b1 followed another leader at 12.400 s; sent again by p3, appended by b2 at offset 4, committed, acknowledged, stands",
        "m9: never handed to a producer",
      ]
    `)
  })

  it('reports an acknowledged message that stands nowhere any more, and its committed copy', () => {
    const story = beforeTheCrash()
    story.at(2000).acknowledge('p3', 'm3', 2, 1, 1)
    story.at(6000).on('b1', { kind: 'ProcessEnded', how: 'power', reason: '' }).state(3, 1, [3], 1)
    story.at(6010).lead('b3', 1, [3], 1, 1, 0)
    const stranded = story.told().ledger
    expect(stranded.copies('m3', 'stranded').map((copy) => copy.holders)).toEqual([['b1']])
    expect(stranded.lostAcked().map((record) => record.message)).toEqual(['m3'])
    expect(describeFate(stranded, 'm3')).toBe(
      "m3: appended by b1 at offset 2, never committed, acknowledged, now only on the disk of b1, outside the partition's log",
    )

    story
      .at(7000)
      .on('b1', { kind: 'LogLoaded', tp, logStartOffset: 0, logEndOffset: 0, recovered: true, truncatedBytes: 90 })
    story.on('b2', { kind: 'Truncated', tp, from: 2, to: 0, reason: 'became-follower', highWatermark: 0 })
    story.on('b3', { kind: 'Truncated', tp, from: 1, to: 0, reason: 'became-follower', highWatermark: 0 })
    const lost = story.told().ledger
    expect(lost.lostCommitted().map((copy) => copy.message)).toEqual(['m1'])
    expect(lost.lostAcked().map((record) => record.message)).toEqual(['m1', 'm3'])
    expect(lost.messages.get('m1')!.copies[0]!.cuts.map((cut) => `${cut.broker} ${cut.reason}`)).toEqual([
      'b1 recovery',
      'b2 truncated',
      'b3 truncated',
    ])
  })

  it("says whether anybody serves the log that it takes for the partition's", () => {
    const story = beforeTheCrash()
    expect(story.told().ledger.isLed(tp)).toBe(true)
    story.at(6000).on('b1', { kind: 'ProcessEnded', how: 'crash', reason: '' })
    const { ledger } = story.told()
    expect([ledger.leaderOf(tp), ledger.isLed(tp), ledger.order(tp)]).toEqual(['b1', false, ['m1', 'm2', 'm3']])
  })

  it('lets a deposed leader commit nothing, and the new one everything below its high watermark', () => {
    const story = beforeTheCrash()
    story.at(6000).state(2, 1, [2, 3], 1)
    story.at(6001).highWatermark('b1', 'leader', 0, 1, 3)
    expect(story.told().ledger.reached('m3', 'committed')).toBe(false)
    expect(story.told().ledger.reached('m2', 'committed')).toBe(false)
    story.at(6002).lead('b2', 1, [2, 3], 1, 2, 2)
    expect(story.told().ledger.reached('m2', 'committed')).toBe(true)
    expect(story.told().ledger.reached('m3', 'committed')).toBe(false)
  })

  it('counts a commit of a leader whose epoch the controller just raised', () => {
    const story = beforeTheCrash().at(6000).state(1, 1, [1, 2], 1).highWatermark('b1', 'leader', 0, 1, 2)
    expect(story.told().ledger.reached('m2', 'committed')).toBe(true)
  })

  it('names a message by the first line of its value', () => {
    const story = beforeTheCrash()
      .append('b1', 'leader', 0, 3, 'm9\n.........')
      .append('b2', 'follower', 0, 2, 'm3', 'm9')
    expect(
      story
        .told()
        .ledger.messages.get('m9')!
        .copies.map((copy) => copy.holders),
    ).toEqual([['b1', 'b2']])
  })

  it('knows copies that were on disk before the run, without a leader that appended them', () => {
    const story = new Story().state(1, 0, [1], 0).append('b1', 'follower', 0, 5, 'old')
    const { ledger } = story.told()
    expect(ledger.messages.get('old')!.copies[0]).toMatchObject({ broker: '', epoch: -1, offset: 5 })
    expect(ledger.order(tp)).toEqual(['old'])
  })

  it('takes a loss back when a message in flight is appended after the last disk cut it', () => {
    const story = beforeTheCrash()
    story.at(6000).on('b1', { kind: 'LogTruncated', tp, from: 3, to: 1 })
    expect(story.told().ledger.reached('m3', 'lost')).toBe(true)
    story.at(6001).append('b2', 'follower', 0, 2, 'm3')
    const { ledger } = story.told()
    expect(ledger.messages.get('m3')!.copies).toHaveLength(1)
    expect(ledger.reached('m3', 'lost')).toBe(false)
  })
})

describe('unavailability', () => {
  it('runs from the first refused write to the first acknowledged one', () => {
    const { ledger } = threeMessageLoss().told()
    expect(ledger.unavailable(tp, 'write')).toEqual([
      { tp, operation: 'write', fromUs: 6_000_000, toUs: 12_110_000, atEnd: false, error: 'disconnected' },
    ])
    expect(describeInterval(ledger.unavailable()[0]!)).toBe(
      'orders-0 unavailable for writes from 6.000 s (disconnected) until 12.110 s (6110 ms)',
    )
  })

  it('is open at the end if nothing succeeded any more, and reads count apart', () => {
    const story = beforeTheCrash().at(6000)
    story.on('r', { kind: 'FetchFailed', client: 'r', tp, error: 'LeaderNotAvailable', offset: 1, broker: 2 })
    story.at(7000).on('r', { kind: 'FetchFailed', client: 'r', tp, error: 'disconnected', offset: 1, broker: 2 })
    const { ledger } = story.told()
    ledger.finish(9_000_000)
    expect(ledger.unavailable(tp, 'read')).toEqual([
      { tp, operation: 'read', fromUs: 6_000_000, toUs: 9_000_000, atEnd: true, error: 'LeaderNotAvailable' },
    ])
    expect(ledger.unavailable(tp, 'write')).toEqual([])
  })

  it('ends for acks 0 with the append, the only success that shows', () => {
    const story = beforeTheCrash().at(6000).fail('p1', 'm5', 'no leader').at(7000).hand('p1', 'm5', 0, 1, 2)
    expect(story.told().ledger.unavailable(tp, 'write')).toMatchObject([{ atEnd: true }])
    story.at(7500).append('b1', 'leader', 0, 3, 'm5')
    expect(story.told().ledger.unavailable(tp, 'write')).toMatchObject([{ toUs: 7_500_000, atEnd: false }])
  })

  it('does not begin before the partition first has a leader: a cluster that starts is not unavailable', () => {
    const story = new Story().state(-1, 0, [1], 0).fail('p1', 'm0', 'no leader')
    story.on('r', { kind: 'FetchFailed', client: 'r', tp, error: 'no leader', offset: -1, broker: -1 })
    expect(story.told().ledger.unavailable()).toEqual([])
  })

  it('does not begin with a client that asks the wrong broker while the right one serves', () => {
    const story = beforeTheCrash().at(6000).fail('p1', 'm5', 'NotLeaderForPartition')
    expect(story.told().ledger.unavailable()).toEqual([])
    story.at(7000).state(2, 1, [2, 3], 1).fail('p1', 'm5', 'NotLeaderForPartition')
    expect(story.told().ledger.unavailable()).toMatchObject([{ fromUs: 7_000_000, atEnd: true }])
  })

  it('does not begin with a refusal that is about the request itself', () => {
    const { ledger } = beforeTheCrash().fail('p1', 'm5', 'MessageSizeTooLarge').told()
    expect(ledger.unavailable()).toEqual([])
  })
})

describe('fates as conditions', () => {
  const span = { line: 1, column: 1, length: 1 }
  const fate = (message: string, is: (Condition & { about: 'message' })['is']): Condition => ({
    span,
    about: 'message',
    message,
    is,
  })

  it('are reached in order and never taken back', () => {
    const before = beforeTheCrash().told()
    const reached = (message: string): string[] =>
      (['sent', 'appended', 'replicated', 'committed', 'acked', 'read', 'lost', 'gave-up'] as const).filter((is) =>
        evaluate(fate(message, is), before.view, before.ledger),
      )
    expect(reached('m1')).toEqual(['sent', 'appended', 'replicated', 'committed', 'acked'])
    expect(reached('m2')).toEqual(['sent', 'appended', 'replicated'])
    expect(reached('m3')).toEqual(['sent', 'appended'])
    expect(reached('m4')).toEqual([])
    const { view, ledger } = threeMessageLoss().told()
    expect(evaluate(fate('m3', 'lost'), view, ledger)).toBe(true)
  })

  it('say what was seen instead', () => {
    const { view, ledger } = beforeTheCrash().told()
    expect(explain(fate('m3', 'committed'), view, ledger)).toBe(
      'm3: appended by b1 at offset 2, not committed yet, stands; not acknowledged',
    )
    expect(explain(fate('m9', 'sent'), view, new Ledger())).toBe('m9 was not handed to a producer yet')
  })
})
