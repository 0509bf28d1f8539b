// Every scenario of the repository holds, whatever the seed, and is the same run wherever it runs.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkFile, describeFile } from '../../cli/diagnostic.ts'
import type { ScenarioPlan } from '../../sim/scenario/plan.ts'
import { runScenario } from '../../sim/scenario/runner/index.ts'
import { repository, temporaryDirectory, trial } from '../cli/trial.ts'

/** A few here; `trial run FILE --seeds 1-200` plays them all. */
const SEEDS = [1, 2, 3, 50, 117]

const files = readdirSync(join(repository, 'scenarios'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.yaml'))
  .map((path) => join('scenarios', path))
  .sort()

function planOf(file: string): ScenarioPlan {
  const checked = checkFile(join(repository, file))
  if ('plan' in checked.result) return { ...checked.result.plan, file }
  throw new Error(describeFile(checked))
}

/** Hash of the first run of each file with its own seed: others are compared with it. */
const hashes = new Map<string, string>()

function hashOf(file: string): string {
  let hash = hashes.get(file)
  if (hash === undefined) hashes.set(file, (hash = runScenario(planOf(file)).traceHash))
  return hash
}

describe('the scenarios', () => {
  it('are all there', () => {
    expect(files.length).toBeGreaterThanOrEqual(13)
  })

  describe.each(files)('%s', (file) => {
    const plan = planOf(file)

    it.each(SEEDS)('holds with seed %i', (seed) => {
      const result = runScenario(plan, { seed })
      expect(result.failure).toBeUndefined()
      expect(result.expectations.filter((expectation) => !expectation.held)).toEqual([])
      expect(result.expectations.length).toBeGreaterThan(0)
      if (seed === plan.seed) hashes.set(file, result.traceHash)
    })

    it('is the same run twice', () => {
      expect(runScenario(plan).traceHash).toBe(hashOf(file))
    })
  })

  it('are the same runs in another process, and on real files', () => {
    const here = files.map(hashOf)
    const there = (...args: string[]): string[] =>
      JSON.parse(trial('run', ...files, '--json', ...args).out).runs.map((run: { traceHash: string }) => run.traceHash)
    expect(there()).toEqual(here)
    expect(there('--data-dir', join(temporaryDirectory(), 'data'))).toEqual(here)
  })
})
