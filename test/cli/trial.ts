/** Runs the built command `trial` in a process of its own, as a user does. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../..', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export function trial(...args: string[]): Outcome {
  return trialWith({}, ...args)
}

export function trialWith(environment: Record<string, string>, ...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(repository, 'bin/trial.js'), ...args], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', ...environment },
    maxBuffer: 64 * 1024 * 1024,
  })
  return { code: status, out: stdout, err: stderr }
}

export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'trial-'))

/** Writes a scenario file of its own for one test. */
export function scenarioFile(text: string, name = 'story.yaml'): string {
  const path = join(temporaryDirectory(), name)
  writeFileSync(path, text)
  return path
}
