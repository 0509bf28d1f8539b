/**
 * Runs generated sequences on the real ZooKeeper and on ours, one server for all of them and a root path for each, and
 * lets fast-check shrink the first one about which the two disagree.
 */
import fc from 'fast-check'
import { Comparison, Disagreement } from './comparison.ts'
import type { Coverage } from './coverage.ts'
import { OurSide } from './our-side.ts'
import type { RealServer } from './real-server.ts'
import { RealSide } from './real-side.ts'
import { sequenceArbitrary } from './sequence-arbitrary.ts'
import type { Step } from './step.ts'

export interface DifferentialOptions {
  readonly sequences: number
  readonly seed: number
  /** Hears of every sequence that passed; runs side by side may share one. */
  readonly coverage: Coverage
  /** Asked before every sequence: true lets the rest be. */
  readonly stopped?: () => boolean
  /** The two disagree, or the comparison broke; shrinking begins. */
  readonly failed?: () => void
}

let roots = 0

/** @throws Disagreement with the sequence shrunk, if there is one */
export async function runDifferential(server: RealServer, options: DifferentialOptions): Promise<void> {
  const real = await RealSide.open(server)
  try {
    await runSequences(real, options)
  } finally {
    await real.shut()
  }
}

async function runSequences(real: RealSide, options: DifferentialOptions): Promise<void> {
  let shrinking = false
  let passed = 0
  const property = fc.asyncProperty(fc.constantFrom(1, 3), sequenceArbitrary, async (servers, steps) => {
    if (!shrinking && options.stopped?.() === true) return
    try {
      const comparison = await compare(real, servers, steps)
      if (shrinking) return
      options.coverage.add(comparison.exchanges)
      passed += 1
    } catch (error) {
      if (!shrinking) options.failed?.()
      shrinking = true
      throw error
    }
  })
  const { counterexample, errorInstance } = await fc.check(property, {
    numRuns: options.sequences,
    seed: options.seed,
  })
  if (counterexample === null) return
  if (!(errorInstance instanceof Disagreement)) throw errorInstance
  const smallest = await withFewerSteps(real, counterexample, errorInstance)
  smallest.message += `\n(sequences of seed ${options.seed}, ${passed} passed before)`
  throw smallest
}

/** Runs one sequence; `servers` is the size of our ensemble. */
async function compare(real: RealSide, servers: number, steps: readonly Step[]): Promise<Comparison> {
  roots += 1
  const comparison = new Comparison(real, new OurSide(servers), `/s${roots}`)
  try {
    await comparison.run(steps)
  } catch (error) {
    await real.abandon()
    throw error
  }
  return comparison
}

/** Leaves out single steps as long as the two disagree: steps that were generated together part here. */
async function withFewerSteps(
  real: RealSide,
  [servers, steps]: readonly [number, readonly Step[]],
  disagreement: Disagreement,
): Promise<Disagreement> {
  for (let i = steps.length - 1; i >= 0; i--) {
    const fewer = steps.filter((_, j) => j !== i)
    const found = await compare(real, servers, fewer).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (found instanceof Disagreement) return withFewerSteps(real, [servers, fewer], found)
  }
  return disagreement
}
