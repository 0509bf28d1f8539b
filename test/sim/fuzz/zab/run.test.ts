import { describe, expect, it } from 'vitest'
import { zabCounterNames, zabPlan, zabRun, zeroZabCounts } from '../../../../sim/fuzz/zab/index.ts'

const SEEDS = Array.from({ length: 24 }, (_, i) => i + 1)
const outcomes = SEEDS.map((seed) => zabRun(seed))

/** What so few runs need not see. */
const rare = ['followersInLaterEpoch', 'clientsAhead', 'damagedSnapshots', 'truncs', 'leadersBehindAFollower']

describe('a run of the ZAB soak', () => {
  it('keeps every promise and every assertion', () => {
    for (const { seed, breach, bug } of outcomes) expect({ seed, breach, bug }).toEqual({ seed })
  })

  it('sees elections, synchronisations, expiries, stale reads, lost answers that did and did not happen', () => {
    const sum = zeroZabCounts()
    for (const { counts } of outcomes) for (const name of zabCounterNames) sum[name] += counts[name]
    const missing = zabCounterNames.filter((name) => sum[name] === 0 && !rare.includes(name))
    expect(missing).toEqual([])
  })

  it('counts its rest from when the last write to a slow disk is done', () => {
    for (const seed of [7916, 10_798, 13_933]) expect(zabRun(seed)).not.toHaveProperty('breach')
  })

  it('goes the same way again with the same seed, and when somebody watches', () => {
    expect(zabRun(7)).toEqual(outcomes[6])
    let records = 0
    const watched = zabRun(8, () => records++)
    expect(watched.counts).toEqual(outcomes[7]!.counts)
    expect(watched.events).toBe(outcomes[7]!.events)
    expect(records).toBeGreaterThan(1000)
    expect(new Set(outcomes.map(({ traceHash }) => traceHash)).size).toBe(outcomes.length)
  })
})

describe('the plan of a run', () => {
  it('is drawn from the seed alone', () => {
    expect(zabPlan(3)).toEqual(zabPlan(3))
    expect(zabPlan(3)).not.toEqual(zabPlan(7))
  })

  it('has three servers or five, and damages the files of a minority only', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { servers, fragile, faults, faultsEndUs } = zabPlan(seed)
      expect(servers).toHaveLength(seed % 4 === 0 ? 5 : 3)
      expect(new Set(fragile).size).toBe((servers.length - 1) / 2)
      for (const { atUs, untilUs, fault } of faults) {
        expect(atUs).toBeLessThan(untilUs)
        expect(untilUs).toBeLessThanOrEqual(faultsEndUs)
        if (fault.do === 'damage') expect(fragile).toContain(fault.server)
      }
    }
  })

  it('knows every kind of fault', () => {
    const kinds = new Set<string>()
    for (let seed = 1; seed <= 300; seed++) for (const { fault } of zabPlan(seed).faults) kinds.add(fault.do)
    expect([...kinds].sort()).toEqual([
      'client-crash',
      'client-cut',
      'client-pause',
      'clock',
      'crash',
      'damage',
      'full-disk',
      'isolate',
      'lag',
      'one-way',
      'partition',
      'pause',
      'power',
      'power-all',
      'reset',
      'slow-disk',
      'slow-link',
      'unreadable',
    ])
  })
})
