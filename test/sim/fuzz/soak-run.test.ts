import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addCounts, randomPlan, soakRun, zeroCounts } from '../../../sim/fuzz/index.ts'
import { runScenario } from '../../../sim/scenario/runner/index.ts'
import { repository } from '../../cli/trial.ts'

const SEEDS = [1, 2, 3, 4, 5, 6]
const outcomes = SEEDS.map((seed) => soakRun(seed))

describe('a soak run', () => {
  it('ends without a broken assertion and without a broken promise', () => {
    for (const { bug, stuck, broken } of outcomes) expect({ bug, stuck, broken }).toEqual({ broken: [] })
  })

  // A member of the ISR restarts without its epochs, and cuts back to a high watermark that lags.
  it('is explained where a scan of 2.1 to 2.6 passed over epoch 0 (KAFKA-10432)', () => {
    const { broken, permitted } = soakRun(340)
    expect(broken).toEqual([])
    expect(JSON.stringify(permitted)).toContain('I-CANDIDATE')
  })

  it('is the same run again, and the same with a view, a ledger and somebody who reads the messages', () => {
    expect(soakRun(SEEDS[0]!)).toEqual(outcomes[0])
    const watched = runScenario(randomPlan(SEEDS[1]!), { subscribers: [{ messages: true, apply() {} }] })
    expect(watched.traceHash).toBe(outcomes[1]!.traceHash)
    expect(watched.events).toBe(outcomes[1]!.events)
  })

  it('counts what happened', () => {
    const sum = zeroCounts()
    for (const { counts } of outcomes) addCounts(sum, counts)
    expect(sum.messagesHanded).toBeGreaterThan(100)
    expect(sum.messagesAcked).toBeGreaterThan(50)
    expect(sum.leaderChanges).toBeGreaterThan(0)
    expect(sum.truncations).toBeGreaterThan(0)
    expect(sum.messagesHanded).toBeGreaterThanOrEqual(sum.messagesAcked)
  })
})

describe('scripts/soak.js', () => {
  const soak = (...args: string[]) =>
    spawnSync(process.execPath, [join(repository, 'scripts/soak.js'), ...args], { cwd: repository, encoding: 'utf8' })

  it('runs seeds on workers and prints what happened, every tenth seed twice', () => {
    const { status, stdout } = soak('cluster', '--seeds', '1-10', '--json')
    const summary = JSON.parse(stdout)
    expect(summary).toMatchObject({ runs: 10, repeated: 1, problems: [] })
    expect(status).toBe(summary.missing.length === 0 ? 0 : 1)
  })

  it('refuses a command line that makes no sense', () => {
    for (const args of [
      [],
      ['storage'],
      ['cluster', '--seeds', '9-1'],
      ['cluster', '--seconds', 'x'],
      ['cluster', '--sedes', '1'],
    ]) {
      const { status, stderr } = soak(...args)
      expect(status).toBe(2)
      expect(stderr).toMatch(/^soak: /)
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    }
  })
})
