// What a consumer with a pattern makes of metadata that leave a topic out, as a broker does that has not heard of it yet.
import { describe, expect, it } from 'vitest'
import { SubscriptionState } from '../../../../src/client/group-consumer/subscription-state.ts'

const assigned = (givesUpAtOnce: boolean): SubscriptionState => {
  const state = new SubscriptionState({ pattern: 'orders.*' }, givesUpAtOnce)
  state.match(['orders', 'orders-late', 'payments'])
  state.assign([
    { topic: 'orders', partition: 0 },
    { topic: 'orders-late', partition: 0 },
  ])
  return state
}

describe('metadata that leave out a topic of the pattern', () => {
  it('change the subscription and leave the assignment alone until the next one: a moment later all is as it was', () => {
    const state = assigned(false)
    expect(state.match(['orders', 'payments'])).toBe(true)
    expect(state.topics).toEqual(['orders'])
    expect(state.names).toEqual(['orders-0', 'orders-late-0'])
    expect(state.match(['orders', 'orders-late'])).toBe(true)
    expect(state.topics).toEqual(['orders', 'orders-late'])
    expect(state.isAssigned('orders-late-0')).toBe(true)
  })

  it('take the partition away at once in 0.9, which is why it has to join anew', () => {
    const state = assigned(true)
    expect(state.match(['orders', 'payments'])).toBe(true)
    expect(state.names).toEqual(['orders-0'])
    expect(state.match(['orders', 'orders-late'])).toBe(true)
    expect(state.isAssigned('orders-late-0')).toBe(false)
  })
})
