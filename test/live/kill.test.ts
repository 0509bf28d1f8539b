import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { repository } from '../cli/trial.ts'

it('a process killed in a roll, a swap, a deletion or anywhere leaves files that hold all it appended', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(repository, 'scripts/soak.js'), 'kill', '--kills', '16', '--json'],
    { cwd: repository, encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  const { kills, counts, problems, missing } = JSON.parse(stdout)
  expect(problems).toEqual([])
  expect(missing).toEqual([])
  expect(kills).toBe(16)
  for (const phase of ['roll', 'swap', 'delete', 'anywhere']) expect(counts[phase]).toBeGreaterThan(0)
  expect(status).toBe(0)
}, 60_000)
