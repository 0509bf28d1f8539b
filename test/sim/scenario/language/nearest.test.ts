import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, nearest } from '../../../../sim/scenario/language/index.ts'

describe('nearest', () => {
  const keys = ['partitions', 'replicas', 'replicationFactor', 'config']

  it.each([
    ['replica', 'replicas'],
    ['relpicas', 'replicas'],
    ['Config', 'config'],
    ['replicationfactor', 'replicationFactor'],
    ['partition', 'partitions'],
  ])('takes %s for %s', (word, meant) => {
    expect(nearest(word, keys)).toBe(meant)
  })

  it.each(['music', 'p', '', 'brokers'])('takes %j for nothing', (word) => {
    expect(nearest(word, keys)).toBeUndefined()
  })

  it('does not take one number for another: b4 is no slip of b1', () => {
    expect(nearest('b4', ['b1', 'b2', 'b3'])).toBeUndefined()
    expect(nearest('orders-1', ['orders-0'])).toBeUndefined()
  })

  it('counts the same distance both ways, and none only between equals', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a === b)
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
      }),
    )
  })
})
