import { describe, expect, it } from 'vitest'
import { controlPlaneRun, zeroControlPlaneCounts } from '../../../sim/fuzz/control-plane/index.ts'

const SEEDS = [1, 2, 3, 4, 5, 6]
const outcomes = SEEDS.map((seed) => controlPlaneRun(seed))

describe('a run of the control-plane soak', () => {
  it('ends without a broken assertion and without a broken promise', () => {
    for (const { bug, stuck, broken } of outcomes) expect({ bug, stuck, broken }).toEqual({ broken: [] })
  })

  it('is the same run again, also when somebody reads the trace', () => {
    let records = 0
    expect(controlPlaneRun(SEEDS[0]!, { watch: () => records++ })).toEqual(outcomes[0])
    expect(records).toBeGreaterThan(1000)
  })

  it('counts faults, elections and what the administrators asked for', () => {
    const sum = zeroControlPlaneCounts()
    for (const { counts } of outcomes) {
      for (const name of Object.keys(counts) as Array<keyof typeof counts>) sum[name] += counts[name]
    }
    for (const name of [
      'leaderElections',
      'controllerFailovers',
      'sessionExpiries',
      'topicsCreated',
      'leaderWrites',
    ] as const) {
      expect(sum[name], name).toBeGreaterThan(0)
    }
    expect(sum.processCrashes + sum.powerLosses + sum.pauses + sum.linkCuts + sum.linkStalls).toBeGreaterThan(
      SEEDS.length,
    )
  })
})
