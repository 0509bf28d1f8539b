/**
 * Determinism is law: nothing under `src/` and `sim/` reads a clock, a global generator or a locale, or waits for
 * promises. The compiler (no Node, no DOM types) catches most of it; this test greps for the rest.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .sort()
}

/** Code without comments and texts, so that words about `Date` do not count. */
function code(file: string): string {
  return readFileSync(join(root, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
}

const bans: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bDate\b/, 'the clock: use host.now()'],
  [/\bMath\.random\b/, 'the global generator: use host.random()'],
  [/\bsetTimeout\b|\bsetInterval\b|\bqueueMicrotask\b/, 'real timers: use host.setTimer()'],
  [/\basync\b|\bawait\b|\bPromise\b/, 'promises: use callbacks or tasks'],
  [/\blocaleCompare\b|\btoLocale\w+\b|\bIntl\b/, 'locale'],
  [/\bMath\.(log|log2|log10|exp|pow|sin|cos|tan|sqrt|cbrt)\b/, 'functions that engines may round differently'],
  [/\bperformance\b|\bprocess\.(?:env|hrtime|nextTick)\b/, 'the runtime'],
  [/\bfor\s*\(\s*(?:const|let)\s+\w+\s+in\b/, 'for-in, whose order is the engine’s'],
]

describe('src/ and sim/ are deterministic by construction', () => {
  for (const file of [...sourceFiles('src'), ...sourceFiles('sim')]) {
    test(`${file} uses nothing that differs between runs`, () => {
      const text = code(file)
      const found = bans
        .filter(([pattern]) => pattern.test(text))
        .map(([pattern, why]) => `${pattern.exec(text)![0]} (${why})`)
      expect(found).toEqual([])
    })
  }
})

describe('files stay small', () => {
  for (const file of ['src', 'sim', 'live', 'cli'].flatMap(sourceFiles)) {
    test(`${file} has at most 500 lines`, () => {
      expect(readFileSync(join(root, file), 'utf8').split('\n').length).toBeLessThanOrEqual(500)
    })
  }
})
