import { describe, expect, it } from 'vitest'
import { conditionWords } from '../../../../sim/scenario/runner/condition-words.ts'
import { actionWords, duration } from '../../../../sim/scenario/runner/words.ts'

const span = { line: 1, column: 1, length: 1 }
const machine = (name: string) => ({ select: 'machine', name }) as const

describe('words', () => {
  it('give durations in the largest unit that fits', () => {
    const words = [0, 40, 2_500, 3_000, 12_345, 250_000, 1_500_000, 12_000_000, 12_345_678, -2_000_000].map(duration)
    expect(words).toEqual(['0ms', '40us', '2500us', '3ms', '12.3ms', '250ms', '1.5s', '12s', '12.346s', '-2s'])
  })

  it('say actions as the scenario does', () => {
    expect(actionWords({ span, do: 'send', by: 'p1', topic: 'orders', partition: 0, message: 'm1' })).toBe(
      'send m1 by p1 to orders-0',
    )
    expect(
      actionWords({ span, do: 'stall', from: [machine('b1')], to: [machine('b2'), machine('b3')], oneWay: true }),
    ).toBe('stall b1→b2, b3')
    expect(
      actionWords({
        span,
        do: 'restart',
        targets: [{ select: 'leader', topic: 'orders', partition: 0 }],
        afterUs: 5_000_000,
      }),
    ).toBe('restart leader(orders-0) after 5s')
  })

  it('say conditions as sentences', () => {
    const replica = { span, about: 'replica', broker: 'b1', topic: 'orders', partition: 0 } as const
    expect(
      conditionWords({ ...replica, leo: { is: 'equal', value: 3 }, hw: { is: 'compare', operator: '>=', value: 1 } }),
    ).toBe('b1/orders-0 has LEO 3, HW at least 1')
    expect(conditionWords({ span, about: 'leader', topic: 'orders', partition: 0, is: 'b2', believes: 'b3' })).toBe(
      'b3 believes that b2 leads orders-0',
    )
    expect(
      conditionWords({ span, about: 'isr', topic: 'orders', partition: 0, size: { is: 'range', low: 1, high: 2 } }),
    ).toBe('the ISR of orders-0 has 1 to 2 members')
    expect(conditionWords({ span, about: 'message', message: 'm4', is: 'committed' })).toBe('m4 is committed')
  })
})
