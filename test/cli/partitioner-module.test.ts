// `partitioner.class: ./my-partitioner.js`: code of the user's, loaded from beside the scenario.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Outcome, temporaryDirectory, trial } from './trial.ts'

const scenario = (module: string): string => `scenario: 1
ends: 5s
topics: { orders: { partitions: 3, replicationFactor: 1 } }
clients:
  p1: { producer: sync, config: { request.required.acks: 1, partitioner.class: ${module} } }
steps:
  - send: { by: p1, to: orders, key: any, message: m1 }
  - when: { message: m1, is: acked }
expect:
  order: { orders-2: [m1] }
`

/** Plays a scenario whose producer names the module `name` with this text; without a text there is no such file. */
function play(name: string, text?: string): Outcome {
  const folder = temporaryDirectory()
  const file = join(folder, 'story.yaml')
  writeFileSync(file, scenario(`./${name}`))
  if (text !== undefined) writeFileSync(join(folder, name), text)
  const { code, out, err } = trial('run', file, '--quiet')
  return { code, out, err: err.replaceAll(folder, '') }
}

describe('a partitioner of the user’s own', () => {
  it.each([
    ['last.js', 'export default class Last { partition(key, n) { return n - 1 } }'],
    ['last.mjs', 'export class Last { partition(key, n) { return n - 1 } }'],
    ['last.cjs', 'module.exports = class Last { partition(key, n) { return n - 1 } }'],
  ])('is taken from %s', (name, text) => {
    const { code, err } = play(name, text)
    expect(err).toBe('')
    expect(code).toBe(0)
  })

  it.each([
    ['missing.js', undefined, 'there is no such file'],
    ['broken.js', 'export default class {', 'it does not load: '],
    ['throwing.js', 'throw new Error("not today")', 'it does not load: not today'],
    ['function.js', 'export const partition = (key, n) => 0', 'it exports no class with a method partition'],
    ['other.js', 'export default class { divide() { return 0 } }', 'it exports no class with a method partition'],
    [
      'two.js',
      'export class A { partition() { return 0 } }; export class B { partition() { return 1 } }',
      'it exports no class with a method partition',
    ],
  ])('that is %s is a diagnostic which points at its name', (name, text, problem) => {
    const { code, err } = play(name, text)
    expect(code).toBe(2)
    expect(err).toContain(`story.yaml:5:80: KS116 the module "./${name}" cannot be loaded: ${problem}`)
  })

  it('may be TypeScript where Node strips types, and is refused with advice where it does not', () => {
    const { code, err } = play('last.ts', 'export default class { partition(key: string, n: number) { return n - 1 } }')
    const { typescript } = process.features as { typescript?: unknown }
    if (typescript !== undefined && typescript !== false) {
      expect(code).toBe(0)
    } else {
      expect(code).toBe(2)
      expect(err).toContain(`Node ${process.versions.node} does not load TypeScript (22.18 and newer do)`)
      expect(err).toContain('expected a JavaScript module, such as ./last.js')
    }
  })
})
