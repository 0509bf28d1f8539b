/**
 * Every statement of the notes is shown by a scenario (`shows: [7.16]`) or by a test (`@shows 7.16` in its title). The
 * numbers are in test/fixtures/statements.json; the sections listed here are complete and stay so.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkFile } from '../../cli/diagnostic.ts'
import { repository } from '../cli/trial.ts'

/** All but CAP (section 5). */
const COMPLETE_SECTIONS = ['1', '2', '3', '4', '6', '7', '8', '9', '10']
/** Rows of docs/notes-and-kafka.md: statements, and the scenarios named in the last column. */
const answers = readFileSync(join(repository, 'docs/notes-and-kafka.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, numbers = '']) => /^\d+\.\d+(, \d+\.\d+)*$/.test(numbers))
  .map((cells) => ({
    numbers: cells[1]!.split(', '),
    scenarios: [...cells.at(-2)!.matchAll(/`([a-z-]+\/[\w-]+)`/g)].map(([, name]) => `scenarios/${name}.yaml`),
  }))

/** Where the notes and Kafka differ (the last section of the list). */
const DIFFERENCES = [
  ...['2.3', '2.16', '2.19', '2.25', '6.7', '6.8', '6.16', '6.17', '6.19', '6.26', '7.11', '7.28'],
  ...['8.3', '8.12', '8.13', '8.18', '8.20', '10.1', '10.4', '10.6', '10.9'],
]

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

describe('where the notes and Kafka differ, the page', () => {
  it('answers by scenarios that there are', () => {
    expect(answers.length).toBeGreaterThan(20)
    const named = new Set(answers.flatMap(({ scenarios }) => scenarios))
    const there = new Set(filesBelow('scenarios', '.yaml'))
    expect([...named].filter((file) => !there.has(file))).toEqual([])
  })

  it.each(DIFFERENCES)('answers %s by a scenario or a test that shows it', (number) => {
    const row = answers.find(({ numbers }) => numbers.includes(number))
    expect(row).toBeDefined()
    const showing = row!.scenarios.filter((file) => row!.numbers.some((one) => shown.get(one)?.includes(file)))
    expect(showing).not.toEqual([])
  })
})
