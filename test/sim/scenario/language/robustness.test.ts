// Whatever the text, the parser answers with a plan or with diagnostics that point into it: it never throws or hangs.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { formatDiagnostic, parseScenario } from '../../../../sim/scenario/language/index.ts'

const root = join(import.meta.dirname, '../../../..')
const stories = readdirSync(join(root, 'scenarios/teach'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(join(root, 'scenarios/teach', name), 'utf8'))

/** Compiles, checks that what comes back is sound, and says whether it was a plan. */
function sound(text: string): boolean {
  const result = parseScenario(text, 'story.yaml')
  const diagnostics = 'plan' in result ? result.warnings : result.diagnostics
  expect('plan' in result || diagnostics.some(({ severity }) => severity === 'error')).toBe(true)
  const lines = text.split('\n').length
  for (const diagnostic of diagnostics) {
    expect(diagnostic.span.line).toBeGreaterThanOrEqual(1)
    expect(diagnostic.span.line).toBeLessThanOrEqual(lines)
    expect(diagnostic.message).not.toMatch(/Invalid|undefined|\[object/)
    expect(diagnostic.expected ?? '').not.toMatch(/Invalid|undefined|another value/)
    expect(formatDiagnostic(diagnostic, text)).not.toBe('')
  }
  return 'plan' in result
}

/** Every way to a value of a tree. */
function paths(value: unknown, here: readonly (string | number)[] = []): Array<readonly (string | number)[]> {
  if (typeof value !== 'object' || value === null) return [here]
  const below = Array.isArray(value)
    ? value.flatMap((item, index) => paths(item, [...here, index]))
    : Object.entries(value).flatMap(([key, item]) => paths(item, [...here, key]))
  return [here, ...below]
}

function changed(
  story: unknown,
  path: readonly (string | number)[],
  change: (parent: Record<string | number, unknown>, key: string | number) => void,
): unknown {
  const copy = structuredClone(story)
  let parent = copy as Record<string | number, unknown>
  for (const step of path.slice(0, -1)) parent = parent[step] as Record<string | number, unknown>
  change(parent, path.at(-1)!)
  return copy
}

const somewhere = fc.constantFrom(...stories).chain((text) => {
  const story: unknown = parse(text)
  return fc.record({
    story: fc.constant(story),
    path: fc.constantFrom(...paths(story).filter((path) => path.length > 0)),
  })
})

describe('the parser', () => {
  it('answers to any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void sound(text)),
      { numRuns: 300 },
    )
  })

  it('answers to any value anywhere in a story', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('b1', 'orders-0', '>= 2', '5..2', '12s', 'leader(orders-0)', 'all', 1e300, Number.NaN),
    )
    fc.assert(
      fc.property(somewhere, value, ({ story, path }, put) => {
        sound(stringify(changed(story, path, (parent, key) => (parent[key] = put))))
      }),
      { numRuns: 300 },
    )
  })

  it('answers to a key misspelt anywhere in a story', () => {
    fc.assert(
      fc.property(somewhere, fc.string({ unit: 'grapheme', maxLength: 3 }), ({ story, path }, more) => {
        if (typeof path.at(-1) === 'number') return
        const misspelt = changed(story, path, (parent, key) => {
          parent[`${key}${more}`] = parent[key]
          if (more !== '') delete parent[key]
        })
        sound(stringify(misspelt))
      }),
      { numRuns: 300 },
    )
  })

  it('still compiles with any step or expectation that others do not build on taken out', () => {
    // What the shrinker lives on: entries are optional on their own.
    for (const text of stories) {
      const story = parse(text) as { expect: Record<string, unknown>; steps: unknown[] }
      for (const key of Object.keys(story.expect)) {
        const { [key]: _cut, ...rest } = story.expect
        expect(sound(stringify({ ...story, expect: rest }))).toBe(true)
      }
      for (const [index, step] of story.steps.entries()) {
        if (JSON.stringify(step).includes('"message"')) continue
        expect(sound(stringify({ ...story, steps: story.steps.toSpliced(index, 1) }))).toBe(true)
      }
    }
  })

  it('refuses bombs before they grow', () => {
    const letters = 'abcdefghijklmnop'.split('')
    const bomb = letters.map(
      (letter, index) =>
        `${letter}: &${letter} [${Array(10)
          .fill(index === 0 ? 'x' : `*${letters[index - 1]}`)
          .join(', ')}]`,
    )
    for (const text of [
      `scenario: 1\n${bomb.join('\n')}\n`,
      '['.repeat(200_000),
      `${'- '.repeat(50_000)}x`,
      'x'.repeat(2_000_000),
    ]) {
      const start = performance.now()
      const result = parseScenario(text, 'bomb.yaml')
      expect('plan' in result ? [] : result.diagnostics.map(({ code }) => code)).toEqual(['KS006'])
      expect(performance.now() - start).toBeLessThan(2000)
    }
  })
})
