import { describe, expect, it } from 'vitest'
import { Story, TP } from './story.ts'

describe('I-HW-MONO', () => {
  it('fires when the high watermark falls within a leadership', () => {
    const result = new Story().begin().commit('m1').highWatermark('b1', 'leader', 0, 1, 0).result('I-HW-MONO')
    expect(result).toMatchObject({ held: false, promised: true })
  })

  it('claims nothing of followers, of other epochs and of another life', () => {
    const story = new Story().begin().commit('m1').highWatermark('b2', 'follower', 0, 1, 0)
    story.state(2, 1, [1, 2, 3]).leader('b2', 1, [1, 2, 3], 0).state(1, 2, [1, 2, 3]).leader('b1', 2, [1, 2, 3], 1)
    story.crash('b1').load('b1', 1).leader('b1', 2, [1, 2, 3], 0)
    expect(story.result('I-HW-MONO').held).toBe(true)
  })
})

describe('I-ONE-LEADER-PER-EPOCH', () => {
  it('fires when two brokers lead one epoch', () => {
    expect(new Story().begin().leader('b2', 0, [1, 2, 3]).result('I-ONE-LEADER-PER-EPOCH').held).toBe(false)
  })

  it('fires when two controllers share an epoch, and not when one is told so twice', () => {
    const elected = (brokerId: number) => ({ kind: 'ControllerElected', brokerId, controllerEpoch: 1 }) as const
    const story = new Story().on('b1', elected(1)).on('b1', elected(1))
    expect(story.on('b2', elected(2)).result('I-ONE-LEADER-PER-EPOCH').count).toBe(1)
  })

  describe('after the topic was deleted and came again, led by b2', () => {
    const again = (): Story => new Story().begin().deleteState().state(2, 0, [2]).leader('b2', 0, [2])

    it('names a write of the leader of the older topic D26', () => {
      const result = again().append('b1', 'leader', 0, 'm1').result('I-ONE-LEADER-PER-EPOCH')
      expect(result).toMatchObject({ held: false, promised: false, count: 1 })
      expect(result.violations[0]!.detail).toContain('D26: b1 took a write as leader of orders-0 in epoch 0')
    })

    it('lets such a write come before the new leader begins', () => {
      const story = new Story().begin().deleteState().state(2, 0, [2]).append('b1', 'leader', 0, 'm1')
      expect(story.leader('b2', 0, [2]).result('I-ONE-LEADER-PER-EPOCH').held).toBe(true)
    })

    it('fires when another broker becomes leader of the new one, and when that takes a write', () => {
      const story = again().leader('b1', 0, [1]).append('b1', 'leader', 0, 'm1')
      expect(story.result('I-ONE-LEADER-PER-EPOCH')).toMatchObject({ held: false, promised: true, count: 2 })
    })
  })
})

describe('I-META', () => {
  it.each([
    ['the leader is not in the ISR', (story: Story) => story.state(1, 1, [2, 3]), 'is not in its ISR'],
    [
      'the ISR holds a broker that is no replica',
      (story: Story) => story.state(1, 1, [1, 4]),
      'not among its replicas',
    ],
    ['the leader epoch falls', (story: Story) => story.state(1, 5, [1]).state(1, 4, [1]), 'fell from 5 to 4'],
    ['the leader changes within an epoch', (story: Story) => story.state(2, 0, [1, 2]), 'within epoch 0'],
    ['the ISR names a broker twice', (story: Story) => story.state(1, 1, [1, 1]), 'twice'],
  ])('fires when %s', (_what, tell, words) => {
    const result = tell(new Story().begin()).result('I-META')
    expect(result).toMatchObject({ held: false, promised: true })
    expect(result.violations[0]!.detail).toContain(words)
  })

  it('holds for a partition without leader and ISR', () => {
    expect(new Story().begin().state(-1, 1, []).result('I-META').held).toBe(true)
  })
})

describe('I-LOGMATCH and I-CONVERGE', () => {
  /** M08: b2 lost m1 with the power, leads and takes m2; b1 comes back with m1 below its high watermark. */
  const diverged = (): Story =>
    new Story()
      .begin()
      .state(1, 0, [1, 2])
      .commit('m0', 0, 'b1', ['b2'])
      .commit('m1', 0, 'b1', ['b2'])
      .powerLoss('b1')
      .powerLoss('b2')
      .load('b2', 1)
      .state(2, 1, [2])
      .leader('b2', 1, [2], 1)
      .commit('m2', 1, 'b2', [])
      .load('b1', 2)
      .on('b1', { kind: 'ReplicaCreated', tp: TP, logEndOffset: 2, highWatermark: 2 })
      .follower('b1', 2, 1, 2)

  it('fires when two replicas differ below both high watermarks', () => {
    const result = diverged().result('I-LOGMATCH')
    expect(result).toMatchObject({ held: false, promised: false, count: 1 })
    expect(result.violations[0]!.detail).toContain('At offset 1 of orders-0')
    expect(result.violations[0]!.detail).toContain('m1')
    expect(result.violations[0]!.detail).toContain('m2')
  })

  it('finds at the end that the replicas will never agree', () => {
    const story = new Story().begin().commit('m1')
    story.truncate('b3', 0).append('b3', 'follower', 0, 'other')
    expect(story.result('I-CONVERGE')).toMatchObject({ held: false, promised: false })
  })

  it('holds while the difference lies above a high watermark', () => {
    const story = new Story().begin().append('b1', 'leader', 0, 'm1').append('b2', 'follower', 0, 'other')
    expect(story.result('I-LOGMATCH').held).toBe(true)
  })

  it('takes content that a power loss may have changed for unknown, not for wrong', () => {
    const story = new Story().begin().commit('m0').append('b3', 'follower', 0, 'x').truncate('b3', 1)
    story.append('b3', 'follower', 0, 'y').powerLoss('b3').load('b3', 2).commit('x', 0, 'b1', ['b2'])
    story.on('b3', { kind: 'ReplicaCreated', tp: TP, logEndOffset: 2, highWatermark: 2 }).follower('b3', 1, 0, 2)
    expect(story.broken()).toEqual([])
  })
})

describe('I-ORDER', () => {
  it('is permitted to fire across producers, where the first was appended before the second was handed over', () => {
    const story = new Story().begin().hand('p1', 'm3').append('b1', 'leader', 0, 'm3').crash('b1')
    story.state(2, 1, [2, 3]).leader('b2', 1, [2, 3]).hand('p2', 'm4').commit('m4', 1, 'b2', ['b3'])
    const result = story.send('p1', 'm3', 2, 2).commit('m3', 1, 'b2', ['b3']).result('I-ORDER')
    expect(result).toMatchObject({ held: false, promised: false, count: 1 })
    expect(result.reason).toContain('between messages of different producers')
    expect(result.violations[0]!.detail).toContain('m3 was handed over before m4 (by p1 and p2), but stands after it')
  })

  it('says nothing of messages that are under way at the same time', () => {
    const story = new Story().begin().hand('p1', 'a').hand('p2', 'b').commit('b').commit('a')
    expect(story.result('I-ORDER').held).toBe(true)
  })

  it('fires without excuse for one producer that never sent again', () => {
    const story = new Story().begin().hand('p1', 'a').hand('p1', 'b').commit('b').commit('a')
    const result = story.result('I-ORDER')
    expect(result).toMatchObject({ held: false, promised: true })
    expect(result.violations[0]!.detail).toContain('both by p1')
  })

  it('is permitted to fire for one producer that sent again', () => {
    const story = new Story().begin().hand('p1', 'a').send('p1', 'a', 1).failed('p1', 'a').hand('p1', 'b').commit('b')
    expect(story.send('p1', 'a', 1, 2).commit('a').result('I-ORDER')).toMatchObject({ held: false, promised: false })
  })

  it('judges first copies only: a duplicate may stand anywhere', () => {
    const story = new Story().begin().hand('p1', 'a').hand('p1', 'b').commit('a').commit('b').commit('a')
    expect(story.result('I-ORDER').held).toBe(true)
  })
})

describe('I-NODUP', () => {
  it('is permitted to fire after a retry', () => {
    const story = new Story()
      .begin()
      .hand('p1', 'm')
      .send('p1', 'm', 1)
      .commit('m')
      .failed('p1', 'm')
      .send('p1', 'm', 1, 2)
      .commit('m')
    const result = story.result('I-NODUP')
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.reason).toContain('idempotence')
    expect(result.violations[0]!.detail).toContain('m stands 2 times: at orders-0 offset 0 and orders-0 offset 1')
  })

  it('fires without excuse when a message that was sent once stands twice', () => {
    const story = new Story().begin().hand('p1', 'm').send('p1', 'm', 1).commit('m').commit('m')
    expect(story.result('I-NODUP')).toMatchObject({ held: false, promised: true })
  })

  it('allows as many copies as the application handed over, and forgets those that were cut off', () => {
    const story = new Story().begin().hand('p1', 'm').hand('p1', 'm').commit('m').commit('m')
    expect(story.result('I-NODUP').held).toBe(true)
    const cut = new Story().begin().hand('p1', 'm').append('b1', 'leader', 0, 'm').crash('b1').load('b1', 1)
    cut.state(2, 1, [2, 3]).leader('b2', 1, [2, 3]).truncate('b1', 0).commit('m', 1, 'b2', ['b3'])
    expect(cut.result('I-NODUP').held).toBe(true)
  })
})
