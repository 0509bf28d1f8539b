import { describe, expect, it } from 'vitest'
import { groupsRun, zeroGroupsCounts } from '../../../sim/fuzz/groups/index.ts'

// 1002: a member that heeds metadata of a broker that has not heard of the latest leader yet.
const SEEDS = [4, 12, 17, 53, 1002]
const outcomes = SEEDS.map((seed) => groupsRun(seed))

describe('a run of the groups soak', () => {
  it('ends without a broken assertion and without a broken promise', () => {
    for (const { bug, stuck, broken } of outcomes) expect({ bug, stuck, broken }).toEqual({ broken: [] })
  })

  it('is the same run again, also when somebody reads the trace', () => {
    let records = 0
    expect(groupsRun(SEEDS[0]!, { watch: () => records++ })).toEqual(outcomes[0])
    expect(records).toBeGreaterThan(1000)
  })

  it('counts members, generations, rebalances and commits', () => {
    const sum = zeroGroupsCounts()
    for (const { counts } of outcomes) {
      for (const name of Object.keys(counts) as Array<keyof typeof counts>) sum[name] += counts[name]
    }
    const some = ['membersJoined', 'generations', 'zooKeeperRebalances', 'commits', 'messagesProcessed'] as const
    for (const name of some) expect(sum[name], name).toBeGreaterThan(0)
  })

  it('names the anomaly where a release breaks what later ones promise', () => {
    const ids = new Set(outcomes.flatMap(({ anomalies }) => anomalies))
    expect([...ids]).toEqual(expect.arrayContaining(['D31', 'M32']))
  })
})
