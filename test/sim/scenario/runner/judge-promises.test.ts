import { describe, expect, it } from 'vitest'
import type { BrokenPromise } from '../../../../sim/scenario/runner/index.ts'
import { judgePromises } from '../../../../sim/scenario/runner/judge-promises.ts'

const span = { line: 9, column: 3, length: 8 }
const watched = ['I-ACK', 'I-ORDER', 'I-NODUP']
const broken = (name: string, permitted: boolean): BrokenPromise => ({
  name,
  statement: 'what it guarantees',
  permitted,
  reason: permitted ? 'not promised: a retry' : 'promised always',
  count: 1,
  breaches: ['at 3s: m1 stands twice.'],
})
const held = (results: ReturnType<typeof judgePromises>) => results.every((result) => result.held)

describe('promises', () => {
  it('holds when exactly the listed ones are broken, and permitted to be', () => {
    const expectation = { span, broken: ['I-ORDER', 'I-NODUP'] }
    const results = judgePromises(expectation, { watched, broken: [broken('I-ORDER', true), broken('I-NODUP', true)] })
    expect(held(results)).toBe(true)
    expect(results.at(-1)).toMatchObject({ what: 'all other promises', found: '1 kept' })
  })

  it('fails when a listed one was kept after all', () => {
    const results = judgePromises({ span, broken: ['I-ORDER'] }, { watched, broken: [] })
    expect(results.filter((result) => !result.held)).toMatchObject([{ what: 'promise I-ORDER', found: 'kept', span }])
  })

  it('fails when one that is not listed broke, even if it is permitted', () => {
    const results = judgePromises({ span, broken: [] }, { watched, broken: [broken('I-NODUP', true)] })
    expect(results.filter((result) => !result.held)).toMatchObject([
      { what: 'promise I-NODUP', because: 'not promised: a retry at 3s: m1 stands twice.' },
    ])
  })

  it('fails when a listed one broke although it is promised here', () => {
    const results = judgePromises({ span, broken: ['I-ACK'] }, { watched, broken: [broken('I-ACK', false)] })
    expect(held(results)).toBe(false)
  })

  it('lets permitted breaches pass where the scenario says nothing, but never a breach of what is promised', () => {
    expect(judgePromises(undefined, { watched, broken: [broken('I-ORDER', true)] })).toEqual([])
    expect(held(judgePromises(undefined, { watched, broken: [broken('I-ACK', false)] }))).toBe(false)
  })
})
