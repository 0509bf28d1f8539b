// Every kind of mistake has a code, a fixture that makes it, and the text that a user sees (the .txt beside it).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diagnosticCodes, formatDiagnostic, parseScenario } from '../../../../sim/scenario/language/index.ts'

const folder = join(import.meta.dirname, '../../../fixtures/scenarios')
const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort()

/** Kinds that no scenario alone can make: a file that is not there, the command line, and a file beside it. */
const withoutFixture = ['KS001', 'KS206', 'KS601', 'KS602', 'KS603']

/** How many words there are of a kind grows with each part of Kafka that is built. */
const withoutCounts = (text: string): string => text.replace(/\(\d+ in all\)/, '(N in all)')

describe('diagnostics', () => {
  it.each(fixtures)('%s makes one mistake and gets one message', (name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    const result = parseScenario(text, name)
    const diagnostics = 'plan' in result ? result.warnings : result.diagnostics
    expect(diagnostics.map(({ code }) => code)).toEqual([name.slice(0, 5)])
    const told = `${formatDiagnostic(diagnostics[0]!, text)}\n`
    expect(withoutCounts(told)).toBe(withoutCounts(readFileSync(join(folder, name.replace('.yaml', '.txt')), 'utf8')))
  })

  it('has a fixture for every code', () => {
    const shown = new Set(fixtures.map((name) => name.slice(0, 5)))
    expect(Object.keys(diagnosticCodes).filter((code) => !shown.has(code))).toEqual(withoutFixture)
  })

  it('names nothing that a later part brings among the valid keys of today', () => {
    const text = 'scenario: 1\nsteps:\n  - alterConfig: { topic: orders }\n  - workload: orders\n  - seek: orders\n'
    const result = parseScenario(text, 'story.yaml')
    const found = 'plan' in result ? [] : result.diagnostics
    expect(found.map(({ code, message }) => `${code} ${message}`)).toEqual(
      ['alterConfig', 'workload', 'seek'].map((key) => `KS501 "${key}" is not built yet: comes with a later part`),
    )
  })

  it('reports all mistakes of a stage at once, in file order', () => {
    const text = 'scenario: 1\nends: 20\nseed: x\ncluster: { broker: 3 }\n'
    const result = parseScenario(text, 'story.yaml')
    expect('plan' in result ? [] : result.diagnostics.map(({ span }) => span.line)).toEqual([2, 3, 4])
  })

  it('keeps warnings apart: the scenario compiles', () => {
    const result = parseScenario('scenario: 1\ncluster: { config: { min.insync.replicas: 2 } }\n', 'story.yaml')
    expect('plan' in result && result.plan.cluster.brokerConfig).toEqual({ 'min.insync.replicas': 2 })
    expect('plan' in result && result.warnings.map(({ severity }) => severity)).toEqual(['warning'])
  })
})

describe('formatDiagnostic', () => {
  const at = (column: number, length: number) => ({ line: 1, column, length })
  const diagnostic = { code: 'KS101', severity: 'error', file: 'a.yaml', message: 'unknown key "x"' } as const

  it('puts carets below the text meant, also behind wide characters and tabs', () => {
    const [, source, carets] = formatDiagnostic({ ...diagnostic, span: at(8, 2) }, '{ 中文:\tb9 }').split('\n')
    expect(source).toBe('  1 | { 中文: b9 }')
    // 中文 takes four cells of a terminal.
    expect(carets).toBe(`    | ${' '.repeat(9)}^^`)
  })

  it('cuts an endless line around the text meant', () => {
    const line = `${'x'.repeat(5000)}b9${'y'.repeat(5000)}`
    const [, source, carets] = formatDiagnostic({ ...diagnostic, span: at(5001, 2) }, line).split('\n')
    expect(source!.length).toBeLessThan(130)
    expect(source!.slice(carets!.indexOf('^'), carets!.lastIndexOf('^') + 1)).toBe('b9')
  })

  it('lets no control character through to the terminal', () => {
    const text = 'title: \u001b[31mred\u202e\u0007'
    const shown = formatDiagnostic({ ...diagnostic, message: 'bad \u001b[2J', span: at(8, 3) }, text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
  })
})
