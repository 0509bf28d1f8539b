import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeOrder, matchesOrder } from '../../../../sim/scenario/runner/judge-order.ts'

const span = { line: 1, column: 1, length: 1 }
const judge = (pattern: ReadonlyArray<string | null>, log: readonly string[]) =>
  judgeOrder({ span, topic: 'orders', partition: 0, pattern }, log)

describe('order expectation', () => {
  it('takes a log that is exactly the list', () => {
    expect(judge(['m1', 'm2'], ['m1', 'm2']).held).toBe(true)
  })

  it('lets anything, or nothing, stand for the dots', () => {
    expect(judge(['m1', null, 'm3'], ['m1', 'm3']).held).toBe(true)
    expect(judge(['m1', null, 'm3'], ['m1', 'm2', 'm2', 'm3']).held).toBe(true)
    expect(judge([null, 'm2', null], ['m1', 'm2']).held).toBe(true)
  })

  it('takes the last of several places where what follows the dots could stand', () => {
    expect(judge([null, 'a', 'b'], ['a', 'c', 'a', 'b']).held).toBe(true)
  })

  it('refuses a log that goes on after the list, and says where', () => {
    const result = judge(['m1'], ['m1', 'm2'])
    expect(result.held).toBe(false)
    expect(result.because).toBe('The log goes on after offset 0 with m2.')
  })

  it('says which message is not in the log', () => {
    expect(judge(['m1', 'm3'], ['m1', 'm2']).because).toBe('m3 is not in the log.')
  })

  it('says at which offset another message stands', () => {
    expect(judge(['m1', 'm2', 'm3'], ['m1', 'm3', 'm2']).because).toBe('At offset 1 stands m3, not m2.')
  })

  it('agrees with a regular expression on every pattern and log', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const pattern = fc.array(fc.oneof(name, fc.constant(null)), { maxLength: 7 })
    const log = fc.array(name, { maxLength: 8 })
    fc.assert(
      fc.property(pattern, log, (names, found) => {
        const expression = new RegExp(`^${names.map((one) => one ?? '[abc]*').join('')}$`)
        expect(matchesOrder(names, found)).toBe(expression.test(found.join('')))
      }),
    )
  })
})
