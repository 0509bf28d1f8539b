import { describe, expect, it } from 'vitest'
import type { Condition, Match, Target } from '../../../sim/scenario/plan.ts'
import { evaluate, explain, resolve } from '../../../sim/view/index.ts'
import { beforeTheCrash, type Story, threeMessageLoss } from './story.ts'

type Asked = Condition extends infer C ? (C extends Condition ? Omit<C, 'span'> : never) : never

const equal = (value: string | number): Match => ({ is: 'equal', value })
const at = { topic: 'orders', partition: 0 } as const

function ask(story: Story, asked: Asked): { readonly holds: boolean; readonly seen: string } {
  const { view, ledger } = story.told()
  const condition = { span: { line: 1, column: 1, length: 1 }, ...asked } as Condition
  return { holds: evaluate(condition, view, ledger), seen: explain(condition, view, ledger) }
}

describe('conditions', () => {
  const before = beforeTheCrash()
  const after = threeMessageLoss()
  const downed = beforeTheCrash().at(6000).on('b1', { kind: 'ProcessEnded', how: 'crash', reason: '' })
  const cases: readonly (readonly [string, Story, Asked, boolean, string])[] = [
    [
      'LEO and HW of a replica',
      before,
      { about: 'replica', broker: 'b1', ...at, leo: equal(3), hw: equal(1) },
      true,
      'b1/orders-0 has LEO 3, HW 1, role leader',
    ],
    [
      'LEO not reached',
      before,
      { about: 'replica', broker: 'b3', ...at, leo: { is: 'compare', operator: '>=', value: 2 } },
      false,
      'b3/orders-0 has LEO 1, HW 0, role follower',
    ],
    [
      'a range',
      before,
      { about: 'replica', broker: 'b2', ...at, leo: { is: 'range', low: 2, high: 5 } },
      true,
      'b2/orders-0 has LEO 2, HW 1, role follower',
    ],
    [
      'no such replica',
      before,
      { about: 'replica', broker: 'b9', ...at, leo: equal(0) },
      false,
      'b9 has no replica of orders-0',
    ],
    [
      'role of a dead broker',
      downed,
      { about: 'replica', broker: 'b1', ...at, role: equal('none') },
      true,
      'b1/orders-0 has LEO 3, HW 1, role none',
    ],
    [
      'a truncation',
      after,
      { about: 'replica', broker: 'b1', ...at, truncatedTo: equal(1) },
      true,
      'b1/orders-0 has LEO 5, HW 1, role follower, last truncated to 1',
    ],
    [
      'no truncation',
      after,
      { about: 'replica', broker: 'b2', ...at, truncatedTo: equal(1) },
      false,
      'b2/orders-0 has LEO 5, HW 5, role leader, never truncated',
    ],
    [
      'leader and epoch',
      after,
      { about: 'leader', ...at, is: 'b2', epoch: equal(1) },
      true,
      'b2 leads orders-0 (epoch 1)',
    ],
    [
      'nobody acts',
      downed,
      { about: 'leader', ...at },
      false,
      'nobody leads orders-0: ZooKeeper names b1 (epoch 0), which does not act as leader of that epoch',
    ],
    [
      'a follower believes',
      before,
      { about: 'leader', ...at, is: 'b1', believes: 'b3' },
      true,
      'b3 believes that b1 leads orders-0 (epoch 0)',
    ],
    [
      'a client believes',
      before,
      { about: 'leader', ...at, is: 'b1', believes: 'p1' },
      false,
      'p1 believes that nobody leads orders-0',
    ],
    ['ISR in any order', after, { about: 'isr', ...at, is: ['b3', 'b2'] }, true, 'the ISR of orders-0 is [b2, b3]'],
    [
      'ISR size',
      before,
      { about: 'isr', ...at, size: { is: 'compare', operator: '<', value: 3 } },
      false,
      'the ISR of orders-0 is [b1, b2, b3]',
    ],
    [
      'ISR that a leader caches',
      before,
      { about: 'isr', ...at, size: equal(3), believes: 'b1' },
      true,
      'the ISR of orders-0 as b1 sees it is [b1, b2, b3]',
    ],
    [
      'ISR of a follower',
      before,
      { about: 'isr', ...at, size: equal(3), believes: 'b2' },
      false,
      'there is no ISR of orders-0 to be seen on b2, which does not lead',
    ],
    ['controller', before, { about: 'controller', is: 'b2', epoch: equal(1) }, true, 'the controller is b2 (epoch 1)'],
    [
      'ZooKeeper leader',
      before,
      { about: 'zk-leader', is: 'zk1' },
      false,
      'ZooKeeper has no leader that serves (zk1 DOWN)',
    ],
    ['session alive', before, { about: 'session', owner: 'b1', is: 'alive' }, true, 'the session of b1 is alive'],
    ['session expired', after, { about: 'session', owner: 'b1', is: 'expired' }, true, 'the session of b1 is expired'],
    ['no session', after, { about: 'session', owner: 'b3', is: 'expired' }, false, 'b3 has no session'],
    [
      'znode data',
      before,
      { about: 'znode', path: '/controller_epoch', data: equal(1), version: equal(0) },
      true,
      '/controller_epoch has version 0 and data "1"',
    ],
    ['znode missing', before, { about: 'znode', path: '/x', exists: false }, true, '/x does not exist'],
    [
      'checkpoint',
      before,
      { about: 'checkpoint', broker: 'b1', ...at, hw: equal(1) },
      true,
      'b1 has checkpointed HW 1 of orders-0',
    ],
    [
      'no checkpoint',
      before,
      { about: 'checkpoint', broker: 'b2', ...at, hw: equal(0) },
      false,
      'b2 has checkpointed no high watermark of orders-0',
    ],
    ['machine', downed, { about: 'machine', machine: 'b1', is: 'stopped' }, true, 'b1 is stopped'],
    [
      'client',
      after,
      { about: 'client', client: 'p3', acked: equal(1), gaveUp: equal(0) },
      true,
      'p3 was handed 1, had 1 acknowledged, gave up 0, read 0',
    ],
    [
      'the nth event',
      after,
      { about: 'event', event: 'Truncated', machine: 'b1', nth: 1 },
      true,
      'Truncated was seen once on b1',
    ],
    ['one event more', after, { about: 'event', event: 'Truncated', nth: 2 }, false, 'Truncated was seen once'],
  ]
  for (const [what, story, asked, holds, seen] of cases) {
    it(`answer and explain: ${what}`, () => {
      expect(ask(story, asked)).toEqual({ holds, seen })
    })
  }
})

describe('targets', () => {
  const names = (story: Story, target: Target): readonly string[] => resolve(target, story.told().view)

  it('find leader, controller, followers in assignment order, and everybody', () => {
    const before = beforeTheCrash()
    expect(names(before, { select: 'leader', ...at })).toEqual(['b1'])
    expect(names(before, { select: 'controller' })).toEqual(['b2'])
    expect(names(before, { select: 'any-follower', ...at })).toEqual(['b2'])
    expect(names(before, { select: 'most-advanced-follower', ...at })).toEqual(['b2'])
    expect(names(before, { select: 'all-brokers' })).toEqual(['b1', 'b2', 'b3'])
    expect(names(before, { select: 'all-zookeeper' })).toEqual(['zk1'])
    expect(names(before, { select: 'machine', name: 'p1' })).toEqual(['p1'])
  })

  it('skip followers that are down, and find nobody where there is nobody', () => {
    const story = beforeTheCrash()
      .on('b2', { kind: 'ProcessEnded', how: 'crash', reason: '' })
      .on('b1', { kind: 'ProcessEnded', how: 'power', reason: '' })
    expect(names(story, { select: 'any-follower', ...at })).toEqual(['b3'])
    expect(names(story, { select: 'most-advanced-follower', ...at })).toEqual(['b3'])
    expect(names(story, { select: 'leader', ...at })).toEqual([])
    expect(names(story, { select: 'leader', topic: 'other', partition: 0 })).toEqual([])
    expect(names(story, { select: 'zk-leader' })).toEqual([])
  })
})
