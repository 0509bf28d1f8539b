/**
 * Every statement of the notes is shown by a scenario (`shows: [7.16]`) or by a test (`@shows 7.16` in its title). The
 * numbers are in test/fixtures/statements.json; the sections listed here are complete and stay so.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkFile } from '../../cli/diagnostic.ts'
import { repository } from '../cli/trial.ts'

const COMPLETE_SECTIONS = ['4', '7']

const statements: readonly string[] = JSON.parse(
  readFileSync(join(repository, 'test/fixtures/statements.json'), 'utf8'),
)

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path))
    .sort()
}

/** Statement to where it is shown. */
const shown = new Map<string, string[]>()
const show = (statement: string, where: string): void => {
  shown.set(statement, [...(shown.get(statement) ?? []), where])
}
for (const file of filesBelow('scenarios', '.yaml')) {
  const { result } = checkFile(join(repository, file))
  if ('plan' in result) for (const statement of result.plan.shows) show(statement, file)
}
for (const file of filesBelow('test', '.test.ts')) {
  const text = readFileSync(join(repository, file), 'utf8')
  // Titles only: a comment shows nothing.
  for (const title of text.matchAll(
    /\b(?:it|test|describe)(?:\.\w+)*(?:\([^'"`]*\))?\(\s*(['"`])((?:\\.|(?!\1).)*)\1/g,
  )) {
    for (const mark of title[2]!.matchAll(/@shows ((?:\d+\.\d+(?:, )?)+)/g)) {
      for (const statement of mark[1]!.match(/\d+\.\d+/g)!) show(statement, file)
    }
  }
}

describe('the statements of the notes', () => {
  it('are all on the list', () => {
    expect(statements).toHaveLength(165)
    expect(new Set(statements).size).toBe(statements.length)
  })

  it.each(COMPLETE_SECTIONS)('of section %s are each shown by a scenario or a test', (section) => {
    const wanted = statements.filter((statement) => statement.split('.')[0] === section)
    expect(wanted.length).toBeGreaterThan(0)
    expect(wanted.filter((statement) => !shown.has(statement))).toEqual([])
  })

  it('are the only ones that are shown', () => {
    expect([...shown].filter(([statement]) => !statements.includes(statement))).toEqual([])
  })
})
