import { describe, expect, it } from 'vitest'
import { exactlyOnceRun, zeroExactlyOnceCounts } from '../../../sim/fuzz/exactly-once/index.ts'

const outcomes = [
  ...[3, 11].map((seed) => exactlyOnceRun(seed, { protocol: '4.1' })),
  ...[2, 7].map((seed) => exactlyOnceRun(seed)),
]

describe('a run of the exactly-once soak', () => {
  it('ends without a broken assertion and without a broken promise', () => {
    for (const { bug, stuck, broken } of outcomes) expect({ bug, stuck, broken }).toEqual({ broken: [] })
  })

  it('is the same run again, also when somebody reads the trace', () => {
    let records = 0
    expect(exactlyOnceRun(3, { protocol: '4.1', watch: () => records++ })).toEqual(outcomes[0])
    expect(records).toBeGreaterThan(1000)
  })

  it('counts transactions, markers and offsets', () => {
    const sum = zeroExactlyOnceCounts()
    for (const { counts } of outcomes) {
      for (const name of Object.keys(counts) as Array<keyof typeof counts>) sum[name] += counts[name]
    }
    const some = ['transactionsCommitted', 'transactionsAborted', 'commitMarkers', 'offsetsCommitted'] as const
    for (const name of some) expect(sum[name], name).toBeGreaterThan(0)
  })

  // The group goes on without c1, whose transaction ends and begins anew: it must still tell as whom it had joined.
  it('lets no member commit in a transaction what the group has given to another one', () => {
    expect(exactlyOnceRun(271).broken).toEqual([])
  })
})
