/** Random faults against whole ensembles; `SEEDS=100-300` runs others. See trial-run.ts for what is judged. */
import { describe, expect, test } from 'vitest'
import { trialRun } from './trial-run.ts'

const [from, to] = (process.env.SEEDS ?? '1-24').split('-').map(Number) as [number, number]

describe('an ensemble under random faults', () => {
  test('keeps what it acknowledged and serves again afterwards', () => {
    const total = { TRUNC: 0, SNAP: 0, DIFF: 0, expiries: 0, acknowledged: 0, connectionLosses: 0, watches: 0 }
    for (let seed = from; seed <= to; seed++) {
      let report: ReturnType<typeof trialRun>
      try {
        report = trialRun(seed, seed % 4 === 0 ? 5 : 3)
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
      }
      const { counts } = report
      for (const mode of ['DIFF', 'TRUNC', 'SNAP'] as const) total[mode] += counts.syncs[mode]
      total.expiries += counts.expiries
      total.acknowledged += counts.acknowledged
      total.connectionLosses += counts.connectionLosses
      total.watches += counts.watches
    }
    if (process.env.SEEDS !== undefined) console.log(total)
    for (const [what, count] of Object.entries(total)) expect(count, what).toBeGreaterThan(0)
  })

  test('goes the same way again with the same seed', () => {
    expect(trialRun(7, 3)).toEqual(trialRun(7, 3))
    expect(trialRun(8, 3).digest).not.toBe(trialRun(7, 3).digest)
  })
})
