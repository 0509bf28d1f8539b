/** What is printed when an assertion of the simulator broke: what, when, and how to see it again. */
import type { RunFailure, RunResult } from '../../sim/scenario/runner/index.ts'
import { replayCommand } from './replay.ts'

type Bug = Extract<RunFailure, { readonly kind: 'bug' }>
interface Changes {
  readonly set: readonly string[]
  readonly protocol?: string
  readonly serverProperties?: string
}

/** Frames of the stack that are shown: enough to see which part it was. */
const FRAMES = 5

export function bugReport(result: RunResult, bug: Bug, changes: Changes): string {
  return errorWords(result.scenario, result.seed, bug, changes)
}

export function errorWords(scenario: string, seed: number, bug: Bug, changes: Changes): string {
  return [
    'trial: a bug in the simulator, not in your scenario.',
    `  ${bug.message}`,
    `  scenario ${scenario}, seed ${seed}, kernel step ${bug.kernelStep}, ${bug.atUs / 1000} ms of virtual time`,
    `  again: ${replayCommand(scenario, seed, changes)}`,
    ...bug.stack
      .split('\n')
      .slice(1, FRAMES + 1)
      .map((line) => `  ${line.trim()}`),
  ].join('\n')
}
