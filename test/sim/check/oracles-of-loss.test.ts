import { describe, expect, it } from 'vitest'
import { oracleNames } from '../../../sim/check/index.ts'
import { plan, Story, TP } from './story.ts'

/** A life without incident: two messages, a clean failover, a third message. */
const calm = (): Story =>
  new Story()
    .begin()
    .hand('p1', 'm1')
    .send('p1', 'm1', 1)
    .commit('m1')
    .answer('b1', 'p1', 0)
    .acknowledged('p1', 'm1', 0)
    .hand('p1', 'm2')
    .send('p1', 'm2', 1)
    .commit('m2')
    .answer('b1', 'p1', 1)
    .acknowledged('p1', 'm2', 1)
    .read('c1', 0, 'm1', 2)
    .crash('b1')
    .state(2, 1, [2, 3])
    .leader('b2', 1, [2, 3], 2)
    .follower('b3', 2, 1, 2)
    .hand('p1', 'm3')
    .send('p1', 'm3', 2)
    .commit('m3', 1, 'b2', ['b3'])
    .answer('b2', 'p1', 2)
    .acknowledged('p1', 'm3', 2, -1, 2)
    .read('c1', 1, 'm2', 3, 2)
    .read('c1', 2, 'm3', 3, 2)

describe('the checker', () => {
  it('finds nothing in a calm run with a clean failover, and every guarantee promised', () => {
    const results = calm().results()
    expect(results.map((result) => result.oracle)).toEqual(oracleNames)
    for (const result of results) expect(result).toMatchObject({ held: true, promised: true, violations: [] })
  })

  it('runs only the oracles asked for, and refuses a name that it does not know', async () => {
    const { Checker } = await import('../../../sim/check/index.ts')
    expect(new Checker(plan(), { oracles: ['I-META'] }).finish().results.map((result) => result.oracle)).toEqual([
      'I-META',
    ])
    expect(() => new Checker(plan(), { oracles: ['I-DONT-EXIST'] })).toThrow('I-DONT-EXIST')
  })

  it('keeps two hundred violations and counts all', () => {
    const story = new Story().begin()
    for (let i = 0; i < 250; i++) story.read('c1', i, `m${i}`, 1000)
    const result = story.result('I-READ-HW')
    expect(result.violations).toHaveLength(200)
    expect(result.count).toBe(250)
  })
})

describe('I-COMMIT', () => {
  it('fires when a member of the ISR leads without a committed message, and no excuse is found without evidence', () => {
    const story = new Story().begin().commit('m1').commit('m2')
    // b2's log is shorter although nothing told of a cut: a bug of somebody.
    story.crash('b1').state(2, 1, [2, 3])
    story.checker.truth.partitionOf(TP).replicas.get(2)!.entries.length = 1
    const result = story.leader('b2', 1, [2, 3], 1).result('I-COMMIT')
    expect(result).toMatchObject({ held: false, promised: true })
    expect(result.violations).toMatchObject([{ tp: TP, message: 'm2' }])
    expect(result.violations[0]!.detail).toContain('m2 was committed at offset 1 of orders-0')
  })

  it('is permitted to fire after an unclean election, once for each message', () => {
    const story = new Story().begin().state(1, 0, [1])
    story.on('b1', { kind: 'IsrShrunk', tp: TP, isr: [1], changed: [2, 3], reason: 'test', zkVersion: 1 })
    story.commit('m1', 0, 'b1', []).commit('m2', 0, 'b1', [])
    story.crash('b1').state(-1, 1, []).state(2, 2, [2]).leader('b2', 2, [2]).commit('m9', 2, 'b2', ['b3'])
    const result = story.result('I-COMMIT')
    expect(result).toMatchObject({ held: false, promised: false, count: 2 })
    expect(result.reason).toContain('unclean')
    expect(result.violations.map((violation) => violation.message)).toEqual(['m1', 'm2'])
  })

  it('is permitted to fire after the power failed and a log came back shorter', () => {
    const story = new Story().begin().commit('m1')
    for (const broker of ['b1', 'b2', 'b3']) story.powerLoss(broker)
    for (const broker of ['b1', 'b2', 'b3']) story.load(broker, 0)
    const result = story.state(1, 1, [1, 2, 3]).leader('b1', 1, [1, 2, 3]).result('I-COMMIT')
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.reason).toContain('not flushed')
  })

  it('does not count what a deposed leader believes to have committed and the ISR lacks', () => {
    const story = new Story().begin().state(2, 1, [2, 3]).append('b1', 'leader', 0, 'x')
    story.highWatermark('b1', 'leader', 0, 0, 1).leader('b2', 1, [2, 3]).commit('m1', 1, 'b2', ['b3'])
    expect(story.result('I-COMMIT').held).toBe(true)
    expect(story.checker.truth.partitionOf(TP).trueHighWatermark).toBe(1)
  })

  it('counts what a leader commits under an epoch that the controller only raised', () => {
    const story = new Story().begin().state(1, 1, [1, 2]).commit('m1')
    expect(story.checker.truth.partitionOf(TP).trueHighWatermark).toBe(1)
  })
})

describe('I-CANDIDATE', () => {
  it('warns when a member of the ISR cuts off what was committed (KIP-101), which 0.8.2 permits', () => {
    const story = new Story().begin().append('b1', 'leader', 0, 'm1').append('b2', 'follower', 0, 'm1')
    story.append('b3', 'follower', 0, 'm1').highWatermark('b1', 'leader', 0, 0, 1)
    story.crash('b1').state(2, 1, [2, 3]).leader('b2', 1, [2, 3]).truncate('b3', 0).follower('b3', 2, 1)
    story.append('b3', 'follower', 1, 'm1')
    const results = story.results()
    const result = results.find(({ oracle }) => oracle === 'I-CANDIDATE')!
    expect(result).toMatchObject({ held: false, promised: false, count: 1 })
    expect(result.reason).toContain('KIP-101')
    expect(result.violations[0]!.detail).toContain('b3 is in the ISR of orders-0 without m1')
    expect(results.filter(({ held }) => !held)).toHaveLength(1)
  })

  it('warns again when a replica that had caught up lacks something once more', () => {
    const story = new Story().begin().commit('m1').truncate('b3', 0).append('b3', 'follower', 0, 'm1').truncate('b3', 0)
    expect(story.result('I-CANDIDATE').count).toBe(2)
  })

  it('warns of a replica that enters the ISR too early (KAFKA-7128)', () => {
    const story = new Story().begin().state(1, 0, [1, 2]).commit('m1', 0, 'b1', ['b2']).state(1, 0, [1, 2, 3])
    const result = story.result('I-CANDIDATE')
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.reason).toContain('KAFKA-7128')
  })

  it('is permitted to warn, before 0.8.2, where the leader does not know whom it wrote into the ISR (KAFKA-1382)', () => {
    for (const [release, permitted] of [
      ['0.8.1', true],
      ['0.8.2', false],
    ] as const) {
      const story = new Story(plan({ protocol: release })).begin().state(1, 0, [1, 2]).leader('b1', 0, [1])
      story.on('b1', { kind: 'IsrUpdateFailed', tp: TP, isr: [1, 2], zkVersion: 0 })
      expect(story.commit('m1', 0, 'b1', []).result('I-CANDIDATE'), release).toMatchObject({
        held: false,
        promised: !permitted,
      })
    }
  })

  it('is permitted to warn, before 0.8.2, of a member whose position was taken from a fetch out of range', () => {
    for (const [release, permitted] of [
      ['0.8.1', true],
      ['0.8.2', false],
    ] as const) {
      const story = new Story(plan({ protocol: release })).begin().state(1, 0, [1, 2]).leader('b1', 0, [1, 2])
      story.on('b1', { kind: 'FollowerPosition', tp: TP, follower: 2, logEndOffset: 3 })
      expect(story.commit('m1', 0, 'b1', []).result('I-CANDIDATE'), release).toMatchObject({
        held: false,
        promised: !permitted,
      })
    }
  })

  it('does not warn of members that are down', () => {
    const story = new Story().begin().crash('b3').commit('m1', 0, 'b1', ['b2'])
    expect(story.result('I-CANDIDATE').held).toBe(true)
  })
})

describe('I-ACK', () => {
  const lost = (acks: number): Story =>
    new Story()
      .begin()
      .append('b1', 'leader', 0, 'm1')
      .acknowledged('p1', 'm1', 0, acks)
      .crash('b1')
      .state(2, 1, [2, 3])
      .leader('b2', 1, [2, 3])

  it('is permitted to fire for acks=1 past a crash of the leader', () => {
    const result = lost(1).result('I-ACK')
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.reason).toContain('acks=1 promises nothing')
    expect(result.violations).toMatchObject([{ message: 'm1' }])
  })

  it('fires without excuse for acks=-1', () => {
    expect(lost(-1).result('I-ACK')).toMatchObject({ held: false, promised: true })
  })

  it('is not promised where no producer asks for acks=-1', () => {
    const story = new Story(plan({ clients: [{ kind: 'producer', name: 'p1', config: {}, bootstrap: [] }] })).begin()
    expect(story.result('I-ACK')).toMatchObject({ held: true, promised: false })
  })

  it('fires at once where the acknowledgement comes when another leader stands already', () => {
    const story = new Story().begin().append('b1', 'leader', 0, 'm1').state(2, 1, [2, 3]).leader('b2', 1, [2, 3])
    expect(story.acknowledged('p1', 'm1', 0, 1).result('I-ACK').count).toBe(1)
  })
})

describe('I-ACK-BINDING', () => {
  it('fires when another message stands at the acknowledged offset (KAFKA-2960), which 0.8.2 permits', () => {
    const story = new Story().begin().send('p1', 'm1', 1).append('b1', 'leader', 0, 'm1').truncate('b1', 0)
    story.append('b1', 'follower', 1, 'm2').answer('b1', 'p1', 0)
    const result = story.result('I-ACK-BINDING')
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.violations[0]!.detail).toContain('b1 acknowledged m1 at offset 0 of orders-0 while m2 stood there')
  })

  it('says nothing of answers with an error', () => {
    expect(new Story().begin().send('p1', 'm1', 1).answer('b1', 'p1', -1, -1, 6).result('I-ACK-BINDING').held).toBe(
      true,
    )
  })
})

describe('I-MINISR', () => {
  const topics = [{ name: 'orders', partitions: 1, replicationFactor: 3, config: { 'min.insync.replicas': 2 } }]
  const alone = (story: Story): Story => {
    story
      .begin()
      .state(1, 0, [1])
      .on('b1', { kind: 'IsrShrunk', tp: TP, isr: [1], changed: [2, 3], reason: '', zkVersion: 1 })
    return story.commit('m1', 0, 'b1', []).send('p1', 'm1', 1).answer('b1', 'p1', 0)
  }

  it('fires without excuse when the ISR is smaller than the topic asks', () => {
    const result = alone(new Story(plan({ topics }))).result('I-MINISR')
    expect(result).toMatchObject({ held: false, promised: true })
    expect(result.violations[0]!.detail).toContain('smaller than min.insync.replicas=2')
  })

  it('is permitted to fire for the broker-wide key, which 0.8.2 ignores', () => {
    const result = alone(new Story(plan({ brokerConfig: { 'min.insync.replicas': 2 } }))).result('I-MINISR')
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.reason).toContain('KAFKA-2114')
  })

  it('holds with an ISR of one where nothing is asked', () => {
    expect(alone(new Story()).result('I-MINISR').held).toBe(true)
  })

  it('fires when a member of the ISR has not got the message', () => {
    const story = new Story().begin().append('b1', 'leader', 0, 'm1').append('b2', 'follower', 0, 'm1')
    const result = story.send('p1', 'm1', 1).answer('b1', 'p1', 0).result('I-MINISR')
    expect(result).toMatchObject({ held: false, promised: true })
    expect(result.violations[0]!.detail).toContain('ISR member b3 had not got it')
  })
})

describe('I-READ-HW', () => {
  it('fires when a consumer reads what was not committed', () => {
    const result = new Story().begin().append('b1', 'leader', 0, 'm1').read('c1', 0, 'm1', 1).result('I-READ-HW')
    expect(result).toMatchObject({ held: false, promised: true })
    expect(result.violations[0]!.detail).toContain(
      'c1 read m1 at offset 0 of orders-0 from b1, which was not committed',
    )
  })

  it('fires when a consumer reads at or above the high watermark of who serves it', () => {
    expect(new Story().begin().commit('m1').read('c1', 0, 'm1', 0).result('I-READ-HW').held).toBe(false)
  })

  it('fires when a consumer reads another message than the committed one', () => {
    expect(new Story().begin().commit('m1').read('c1', 0, 'other', 1).result('I-READ-HW').held).toBe(false)
  })

  it('holds when the answer comes after what it carries was undone', () => {
    const story = new Story()
      .begin()
      .state(1, 0, [1])
      .commit('m1', 0, 'b1', [])
      .crash('b1')
      .state(2, 1, [2])
      .leader('b2', 1, [2])
    expect(story.read('c1', 0, 'm1', 1).result('I-READ-HW').held).toBe(true)
  })
})

describe('an excuse', () => {
  it('is found for what a leader takes after the last member left the ISR', () => {
    const story = new Story()
      .begin()
      .state(1, 0, [1])
      .state(-1, 1, [])
      .append('b1', 'leader', 0, 'm1')
      .read('c1', 0, 'm1', 1)
    const result = story.result('I-READ-HW')
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.reason).toContain('the last member left the ISR')
  })

  it('is inherited by replicas that still hold what a new leader undid', () => {
    const story = new Story().begin().state(1, 0, [1]).commit('m1', 0, 'b1', [])
    // b2 leads uncleanly and takes m2 where b1 has m1; b1 joins the ISR again with m1.
    story.crash('b1').state(2, 1, [2]).leader('b2', 1, [2]).commit('m2', 1, 'b2', [])
    story.load('b1', 1).follower('b1', 2, 1, 1).state(2, 1, [2, 1])
    const result = story.result('I-CANDIDATE')
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.reason).toContain('unclean')
  })

  it('does not cover what happens to another replica, or what happened before all was well again', () => {
    const story = new Story().begin().commit('m1').truncate('b3', 0).append('b3', 'follower', 0, 'm1').commit('m2')
    story.checker.truth.partitionOf(TP).replicas.get(3)!.entries.length = 1
    expect(story.commit('m3', 0, 'b1', ['b2']).result('I-CANDIDATE')).toMatchObject({
      held: false,
      promised: true,
      count: 2,
    })
  })
})

describe('I-CONSISTENT-READ', () => {
  const undone = (): Story =>
    new Story()
      .begin()
      .state(1, 0, [1])
      .commit('m1', 0, 'b1', [])
      .read('c1', 0, 'm1', 1)
      .crash('b1')
      .state(2, 1, [2])
      .leader('b2', 1, [2])

  it('is permitted to fire when an unclean leader lacks what was read', () => {
    const result = undone().result('I-CONSISTENT-READ')
    expect(result).toMatchObject({ held: false, promised: false, count: 1 })
    expect(result.violations[0]!.detail).toContain('c1 had read m1 at offset 0')
  })

  it('fires without excuse when two readers see different messages at an offset', () => {
    const story = new Story().begin().commit('m1').read('c1', 0, 'm1', 1).read('c2', 0, 'm2', 1)
    expect(story.result('I-CONSISTENT-READ')).toMatchObject({ held: false, promised: true })
  })
})
